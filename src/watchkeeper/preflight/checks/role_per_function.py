"""role-per-function: each function has a role of its own."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import WARNING, Check, Result
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import Function, Views


def look(views: Views) -> Iterator[Result]:
    """Each role that several functions have; those in the settings' shared_roles are shared knowingly."""
    users: dict[str, list[Function]] = {}
    for function in views.functions:
        if function.role.unknown:
            yield CHECK.unknown(function.resource, "its role is known only after the deployment")
            continue
        key = function.role.resource.urn if function.role.resource else function.role.text
        if key:
            users.setdefault(key, []).append(function)
    for key, functions in users.items():
        role = views.graph.resources.get(key)
        name = role.name if role else key
        if len(functions) > 1 and name not in views.options.shared_roles and key not in views.options.shared_roles:
            names = ", ".join(function.resource.name for function in functions)
            yield CHECK.finding(role or functions[1].resource, f"the role {quote(name)} is shared by {names}.")


CHECK = Check(
    id="role-per-function",
    severity=WARNING,
    title="Each function has a role of its own",
    explanation="A shared role gives every function what any of them needs. A role that is shared knowingly "
    "goes into the "
    "settings' shared_roles.",
    aws_does="It accepts it; a mistake in one function has the rights of all.",
    fix="Give each function its own role.",
    source="https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",
    look=look,
    tags=("lambda", "iam"),
)
