"""function-permissions: a function's role allows the API calls of its code."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, UNSURE, Check, Result
from watchkeeper.preflight.code.facts import Call
from watchkeeper.preflight.code.functions import facts
from watchkeeper.preflight.code.services import actions_of, dependent_actions
from watchkeeper.preflight.meaning import resource_fit
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import Function, Role, Views


def look(views: Views) -> Iterator[Result]:
    """Each function's calls against its role."""
    for function in views.functions:
        read = facts(views, function)
        for reason in read.unread:
            yield CHECK.unknown(function.resource, reason)
        if read.dynamic_calls:
            yield CHECK.unknown(function.resource, "it makes AWS calls that are not written out")
        role = views.role(function.role)
        if role is None:
            yield CHECK.unknown(function.resource, "its role is not in the program")
            continue
        yield from _look_at(function, role, read.calls)


def _look_at(function: Function, role: Role, calls: list[Call]) -> Iterator[Result]:
    seen: set[str] = set()
    for call in calls:
        if not call.exists:
            continue
        actions = actions_of(call.service, call.operation)
        if actions is None:
            yield CHECK.unknown(
                function.resource, f"the action that {call.service} {call.operation} needs is not known"
            )
            continue
        for action in actions:
            if action not in seen:
                seen.add(action)
                yield from _action(function, role, call, action, certain=True)
                for dependent in dependent_actions(action):
                    if dependent not in seen:
                        seen.add(dependent)
                        yield from _action(function, role, call, dependent, certain=False)


def _action(function: Function, role: Role, call: Call, action: str, *, certain: bool) -> Iterator[Result]:
    allowed = role.allows(action)
    where = f"{call.file}:{call.line} calls {call.service} {call.operation}"
    data = {"action": action, "file": call.file, "line": call.line}
    if allowed is None:
        yield CHECK.unknown(function.resource, f"whether its role allows {action} is known only after the deployment")
    elif not allowed:
        may = "needs" if certain else "may need"
        yield CHECK.finding(
            function.resource,
            f"{where}, which {may} {action}; its role {quote(role.resource.name)} does not allow it.",
            severity=None if certain else UNSURE,
            fix=f"Allow {action} in a policy of the role, on the resources that the function uses.",
            path="role",
            data=data,
        )
    elif certain and resource_fit.no_resource_fits(role.policies, action) and role.complete:
        yield CHECK.finding(
            function.resource,
            f"{where}; its role {quote(role.resource.name)} allows {action} only on ARNs of another kind: "
            f"{', '.join(resource_fit.resources_of(role.policies, action)[:3])}.",
            fix=f"{action} is done to {' or '.join(resource_fit.wanted(action))}.",
            path="role",
            data=data,
        )


CHECK = Check(
    id="function-permissions",
    severity=ERROR,
    title="A function's role allows the API calls of its code",
    explanation="The function's code is read: every call of an AWS client becomes the IAM actions that it "
    "needs, and these "
    "are looked for in all policies of the role. Actions that a call only may need are reported as unsure.",
    aws_does="It deploys the function; the call answers AccessDenied at run time.",
    fix="Allow the action in a policy of the role.",
    source="https://docs.aws.amazon.com/service-authorization/latest/reference/"
    "reference_policies_actions-resources-contextkeys.html",
    look=look,
    tags=("lambda", "iam", "code"),
    needs_all=True,
)
