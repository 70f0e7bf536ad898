"""Amazon CloudWatch: alarms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from watchkeeper.inventory.core import Context, Raw, Reader, config_spelling, listed, make_item
from watchkeeper.model import ConfigurationItem

ALARM = "AWS::CloudWatch::Alarm"


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


READERS = (
    Reader(
        ALARM, "cloudwatch", all=listed("cloudwatch", "describe_alarms", "MetricAlarms"), some=_some_alarms, item=_alarm
    ),
)
