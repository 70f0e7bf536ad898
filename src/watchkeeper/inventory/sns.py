"""Amazon SNS: topics, one call each for attributes and tags.

Config keeps the attributes under SNS's own names (``KmsMasterKeyId``), each value text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from watchkeeper.inventory.core import Context, Raw, Reader, config_spelling, listed, make_item, tag_map
from watchkeeper.model import ConfigurationItem

TOPIC = "AWS::SNS::Topic"
_NO_TOPIC = ("NotFound", "NotFoundException", "ResourceNotFound")


def _topic(ctx: Context, raw: Raw) -> ConfigurationItem | None:
    arn = raw["TopicArn"]
    attributes: Any = ctx.ask("sns", "get_topic_attributes", TopicArn=arn, absent=_NO_TOPIC).get("Attributes")
    if not attributes:
        return None
    tags: list[Any] = []
    if ctx.wants(TOPIC, "tags"):
        tags = ctx.ask("sns", "list_tags_for_resource", ResourceArn=arn, absent=_NO_TOPIC).get("Tags", [])
    return make_item(
        ctx,
        TOPIC,
        arn,
        name=arn.rpartition(":")[2],
        arn=arn,
        # How many are subscribed changes without the topic's configuration changing.
        configuration={key: value for key, value in attributes.items() if not key.startswith("Subscriptions")},
        supplementary={"Tags": config_spelling(tags)},
        tags=tag_map(tags),
    )


def _some_topics(_ctx: Context, keys: Sequence[str]) -> Iterator[Raw]:
    return ({"TopicArn": key} for key in keys)


READERS = (
    Reader(
        TOPIC,
        "sns",
        all=listed("sns", "list_topics", "Topics"),
        some=_some_topics,
        item=_topic,
        aspects=frozenset({"tags"}),
        calls=True,
    ),
)
