"""function-log-retention: a function's log group lets old logs go."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import WARNING, Check, Result
from watchkeeper.preflight.meaning.values import quote, text
from watchkeeper.preflight.meaning.views import LOG_GROUP, Views
from watchkeeper.pulumi.graph import UNKNOWN, Resource


def look(views: Views) -> Iterator[Result]:
    """Each function's log group: /aws/lambda/<name>, or the one of its logging configuration."""
    groups = {views.name(group): group for group in views.of_type(LOG_GROUP)}
    unknown = any(views.plain(group.inputs.get("name")) is UNKNOWN for group in views.of_type(LOG_GROUP))
    for function in views.functions:
        link = views.link(function.resource, "loggingConfig.logGroup", LOG_GROUP)
        name = link.text or f"/aws/lambda/{function.name}"
        group = link.resource or groups.get(name)
        group = group or next(
            (item for item in views.of_type(LOG_GROUP) if _made_of(item, function.resource.urn)), None
        )
        if group is None and (unknown or link.unknown):
            yield CHECK.unknown(function.resource, "the name of a log group is known only after the deployment")
        elif group is None:
            yield CHECK.finding(
                function.resource,
                f"no log group {quote(text(name) or '')} with a retention is in the program: Lambda makes one "
                f"that keeps logs "
                "for ever.",
            )
        elif views.get(group, "retentionInDays") is UNKNOWN:
            yield CHECK.unknown(group, "the retention is known only after the deployment")
        elif not views.get(group, "retentionInDays"):
            yield CHECK.finding(
                group, "the log group has no retention: it keeps logs for ever.", path="retentionInDays"
            )


def _made_of(group: Resource, urn: str) -> bool:
    """Whether a log group's name comes from this function's."""
    return urn in group.property_dependencies.get("name", ())


CHECK = Check(
    id="function-log-retention",
    severity=WARNING,
    title="A function's logs have a retention",
    explanation="Lambda makes the log group at the first invocation, without retention. Making it in the "
    "program, before "
    "the function, sets one.",
    aws_does="It keeps the logs for ever and bills them.",
    fix='Add aws.cloudwatch.LogGroup(name="/aws/lambda/<function>", retention_in_days=7), before the function.',
    source="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html",
    look=look,
    tags=("lambda", "cost"),
    needs_all=True,
)
