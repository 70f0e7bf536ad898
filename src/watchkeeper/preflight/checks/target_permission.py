"""target-permission: EventBridge may invoke the functions that rules target."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.targets import function_targets, permissions_for
from watchkeeper.preflight.values import quote
from watchkeeper.preflight.views import Views


def look(views: Views) -> Iterator[Result]:
    """Each rule's target that is a function of the program."""
    for target in function_targets(views):
        found, unknown = permissions_for(views, target)
        if found:
            continue
        if unknown:
            yield CHECK.unknown(target.resource, "a permission's function or source is known only after the deployment")
        else:
            yield CHECK.finding(
                target.resource,
                f"nothing lets EventBridge invoke the function {quote(target.function.name)}.",
                path="arn",
            )


CHECK = Check(
    id="target-permission",
    severity=ERROR,
    title="EventBridge may invoke the functions that rules target",
    explanation="A function's resource policy has to let events.amazonaws.com do lambda:InvokeFunction for that rule.",
    aws_does="It accepts the target and never invokes the function, silently (FailedInvocations counts).",
    fix='Add aws.lambda_.Permission(action="lambda:InvokeFunction", function=…, principal="events.amazonaws.com", '
    "source_arn=rule.arn).",
    source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-lambda-permissions",
    look=look,
    tags=("eventbridge", "lambda"),
)
