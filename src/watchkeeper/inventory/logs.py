"""Amazon CloudWatch Logs: log groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from watchkeeper.inventory.core import Context, Raw, Reader, listed, make_item, plain
from watchkeeper.model import ConfigurationItem

LOG_GROUP = "AWS::Logs::LogGroup"


def _some_groups(ctx: Context, keys: Sequence[str]) -> Iterator[Raw]:
    for key in keys:
        found = ctx.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=key)
        yield from (raw for raw in found if raw["logGroupName"] == key)


def _group(ctx: Context, raw: Raw) -> ConfigurationItem:
    name = raw["logGroupName"]
    arn = str(raw.get("arn") or ctx.arn("logs", f"log-group:{name}:*"))
    tags: dict[str, str] = {}
    if ctx.wants(LOG_GROUP, "tags"):
        answer = ctx.ask("logs", "list_tags_log_group", logGroupName=name, absent=("ResourceNotFoundException",))
        tags = answer.get("tags") or {}
    return make_item(
        ctx,
        LOG_GROUP,
        name,
        name=name,
        arn=arn,
        # The CloudFormation shape, as Config records types of its registry.
        configuration=plain(
            {
                "LogGroupName": name,
                "Arn": arn,
                "RetentionInDays": raw.get("retentionInDays"),
                "KmsKeyId": raw.get("kmsKeyId"),
                "LogGroupClass": raw.get("logGroupClass", "STANDARD"),
                "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            }
        ),
        tags=tags,
    )


READERS = (
    Reader(
        LOG_GROUP,
        "logs",
        all=listed("logs", "describe_log_groups", "logGroups"),
        some=_some_groups,
        item=_group,
        aspects=frozenset({"tags"}),
        calls=True,
    ),
)
