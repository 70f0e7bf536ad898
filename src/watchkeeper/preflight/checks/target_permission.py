"""target-permission: services may invoke the functions that they are told to."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.meaning.targets import EVENTS, Invoker, alias_targets, function_targets, permissions_for
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import FUNCTION, ROLE, SCHEDULE, Views


def look(views: Views) -> Iterator[Result]:
    """Each function that EventBridge, AWS Config, SNS or S3 is told to invoke; those of schedules by their role."""
    yield from _scheduled(views)
    for resource in alias_targets(views):
        yield CHECK.unknown(resource, "it invokes an alias of a function, whose permissions are not followed")
    for target in function_targets(views):
        found, unknown = permissions_for(views, target)
        if found:
            continue
        if unknown:
            yield CHECK.unknown(target.resource, "a permission's function or source is known only after the deployment")
        else:
            yield CHECK.finding(
                target.resource,
                f"nothing lets {target.invoker.word} invoke the function {quote(target.function.name)}.",
                fix="" if target.invoker is EVENTS else _fix(target.invoker),
                path=target.invoker.function,
                aws_does=target.invoker.without,
            )


def _fix(invoker: Invoker) -> str:
    source = "source_arn=…" if invoker.source else "source_account=…"
    return (
        f'Add aws.lambda_.Permission(action="lambda:InvokeFunction", function=…, principal="{invoker.service}", '
        f"{source}), before it."
    )


def _scheduled(views: Views) -> Iterator[Result]:
    for schedule in views.of_type(SCHEDULE):
        function = views.link(schedule, "target.arn", FUNCTION).resource
        role = views.role(views.link(schedule, "target.roleArn", ROLE))
        if function is None or function.type != FUNCTION or role is None:
            continue
        allowed = role.allows("lambda:InvokeFunction", views.arn(function))
        if allowed is None:
            yield CHECK.unknown(schedule, "what its role allows is known only after the deployment")
        elif not allowed:
            yield CHECK.finding(
                schedule,
                f"the role {quote(role.resource.name)} of this schedule does not allow lambda:InvokeFunction on the "
                f"function {quote(function.name)}.",
                fix="Allow lambda:InvokeFunction on the function's ARN in a policy of the role.",
                path="target.roleArn",
                aws_does="The schedule runs and never invokes the function (TargetErrorCount counts).",
            )


CHECK = Check(
    id="target-permission",
    severity=ERROR,
    title="Services may invoke the functions that they are told to",
    explanation="A function's resource policy has to let the service (events, config, sns or s3.amazonaws.com) do "
    "lambda:InvokeFunction. A schedule of EventBridge Scheduler does it with its role instead.",
    aws_does="It accepts the target and never invokes the function, silently (FailedInvocations counts).",
    fix='Add aws.lambda_.Permission(action="lambda:InvokeFunction", function=…, principal="events.amazonaws.com", '
    "source_arn=rule.arn).",
    source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-lambda-permissions",
    look=look,
    tags=("eventbridge", "lambda"),
    needs_all=True,
)
