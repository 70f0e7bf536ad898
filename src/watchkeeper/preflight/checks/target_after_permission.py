"""target-after-permission: a target is made after the permission that it needs."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, WARNING, Check, Result
from watchkeeper.preflight.inputs.wording import order_fix
from watchkeeper.preflight.meaning.targets import EVENTS, Target, function_targets, permissions_for
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import Views


def look(views: Views) -> Iterator[Result]:
    """Each rule's target, custom rule and bucket notification against the permissions for it."""
    for target in function_targets(views):
        # In CloudFormation a rule and its targets are one resource, and the permission needs the rule.
        if target.invoker is EVENTS and views.cloudformation:
            continue
        if target.invoker is not EVENTS and not target.invoker.refuses:
            continue
        found, _ = permissions_for(views, target)
        if found and not any(views.after(target.resource, permission) for permission in found):
            yield CHECK.finding(
                target.resource,
                f"nothing makes this {_word(target)} wait for the permission {quote(found[0].name)}.",
                fix=order_fix(views.graph, found[0].name, _word(target)),
                severity=None if target.invoker is EVENTS else ERROR,
                aws_does="" if target.invoker is EVENTS else target.invoker.without,
            )


def _word(target: Target) -> str:
    return "target" if target.invoker is EVENTS else "resource"


CHECK = Check(
    id="target-after-permission",
    severity=WARNING,
    title="Targets are made after their permission",
    explanation="A rule fires as soon as it has a target. Events that come before the permission are lost.",
    aws_does="It accepts the target; invocations before the permission fail silently.",
    fix="Add depends_on=[permission] to the target's ResourceOptions.",
    source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-lambda-permissions",
    look=look,
    tags=("eventbridge", "lambda", "order"),
)
