"""function-dependencies: a function is made after what it uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from watchkeeper.preflight.check import WARNING, Check, Result
from watchkeeper.preflight.inputs.wording import order_fix
from watchkeeper.preflight.meaning.identity import BUCKET_TYPES
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import LOG_GROUP, QUEUE, TOPIC, Function, Views
from watchkeeper.pulumi.graph import Resource

USED = (*BUCKET_TYPES, TOPIC, QUEUE, "aws:dynamodb/table:Table", "aws:ssm/parameter:Parameter")


def look(views: Views) -> Iterator[Result]:
    """Each function's environment and log group: what is named by hand is not waited for."""
    groups = {views.name(group): group for group in views.of_type(LOG_GROUP)}
    for function in views.functions:
        for variable, used in _used(views, function):
            if not _ordered(views, function.resource, used):
                yield _late(views, function, used, f"its variable {quote(variable)} names it by hand")
        group = groups.get(f"/aws/lambda/{function.name}")
        if group is not None and not _ordered(views, function.resource, group):
            yield _late(views, function, group, "the first invocation would make it without retention")


def _used(views: Views, function: Function) -> Iterator[tuple[str, Resource]]:
    if isinstance(function.environment, Mapping):
        for variable, value in function.environment.items():
            found = views.find(value, *USED) if isinstance(value, str) else None
            if found is not None:
                yield variable, found


def _ordered(views: Views, one: Resource, other: Resource) -> bool:
    return views.after(one, other) or views.after(other, one)


def _late(views: Views, function: Function, used: Resource, why: str) -> Result:
    return CHECK.finding(
        function.resource,
        f"nothing makes this function wait for {quote(used.name)}: {why}.",
        fix=f"Take the value from {used.name}'s output. Or: {order_fix(views.graph, used.name, 'function')}",
        path="environment.variables",
    )


CHECK = Check(
    id="function-dependencies",
    severity=WARNING,
    title="Functions are made after what they use",
    explanation="An output of the resource orders the two; a name written by hand does not, so that the "
    "function may run "
    "before what it uses exists.",
    aws_does="It makes both in any order: early invocations fail, a log group may exist already.",
    fix="Use the resource's output instead of its name, or depends_on.",
    source="https://www.pulumi.com/docs/iac/concepts/options/dependson/",
    look=look,
    tags=("lambda", "order"),
)
