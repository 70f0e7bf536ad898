"""AWS CloudTrail: trails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from watchkeeper.inventory.core import Context, Raw, Reader, config_spelling, make_item, plain, tag_map
from watchkeeper.model import ConfigurationItem

TRAIL = "AWS::CloudTrail::Trail"


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
)
