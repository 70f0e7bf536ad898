"""CloudTrail trails, CloudWatch alarms, log groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from watchkeeper.inventory.core import Context, Raw, Reader, config_spelling, listed, make_item, plain, tag_map
from watchkeeper.model import ConfigurationItem

TRAIL, ALARM, LOG_GROUP = "AWS::CloudTrail::Trail", "AWS::CloudWatch::Alarm", "AWS::Logs::LogGroup"


def _trails(ctx: Context) -> Iterator[Raw]:
    return ctx.pages("cloudtrail", "describe_trails", "trailList", includeShadowTrails=False)


def _some_trails(ctx: Context, keys: Sequence[str]) -> Iterator[Raw]:
    wanted = set(keys)
    return (raw for raw in _trails(ctx) if raw.get("Name") in wanted or raw.get("TrailARN") in wanted)


def _trail(ctx: Context, raw: Raw) -> ConfigurationItem:
    arn = raw.get("TrailARN") or ctx.arn("cloudtrail", f"trail/{raw['Name']}")
    gone = ("TrailNotFoundException",)
    supplementary: dict[str, Any] = {}
    status = ctx.ask("cloudtrail", "get_trail_status", Name=arn, absent=gone)
    supplementary["IsLogging"] = bool(status.get("IsLogging"))
    supplementary["LatestCloudWatchLogsDeliveryTime"] = plain(status.get("LatestCloudWatchLogsDeliveryTime"))
    selectors = ctx.ask("cloudtrail", "get_event_selectors", TrailName=arn, absent=gone)
    supplementary["EventSelectors"] = config_spelling(selectors.get("EventSelectors") or [])
    tags: list[Any] = []
    if ctx.wants(TRAIL, "tags"):
        listed_tags = ctx.ask("cloudtrail", "list_tags", ResourceIdList=[arn], absent=gone).get("ResourceTagList") or []
        tags = [tag for resource in listed_tags for tag in resource.get("TagsList") or ()]
    return make_item(
        ctx,
        TRAIL,
        arn,
        name=raw["Name"],
        arn=arn,
        configuration=config_spelling(raw),
        supplementary=supplementary,
        tags=tag_map(tags),
    )


def _some_alarms(ctx: Context, keys: Sequence[str]) -> Iterator[Raw]:
    for start in range(0, len(keys), 100):
        names = list(keys[start : start + 100])
        yield from ctx.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNames=names)


_STATE = ("StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp", "StateTransitionedTimestamp")


def _alarm(ctx: Context, raw: Raw) -> ConfigurationItem:
    name = raw["AlarmName"]
    arn = raw.get("AlarmArn") or ctx.arn("cloudwatch", f"alarm:{name}")
    return make_item(
        ctx,
        ALARM,
        name,
        name=name,
        arn=arn,
        # Whether it is ringing is not its configuration.
        configuration=config_spelling({key: value for key, value in raw.items() if key not in _STATE}),
    )


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
        TRAIL,
        "cloudtrail",
        all=_trails,
        some=_some_trails,
        item=_trail,
        aspects=frozenset({"tags"}),
        calls=True,
    ),
    Reader(
        ALARM, "cloudwatch", all=listed("cloudwatch", "describe_alarms", "MetricAlarms"), some=_some_alarms, item=_alarm
    ),
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
