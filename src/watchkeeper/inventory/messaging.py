"""SNS topics and SQS queues: one list call, then one call for the attributes of each, one for its tags.

Config keeps the attributes under SNS's and SQS's own names (``KmsMasterKeyId``), each value text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from watchkeeper.inventory.core import Context, Raw, Reader, config_spelling, listed, make_item, tag_map
from watchkeeper.model import ConfigurationItem

TOPIC, QUEUE = "AWS::SNS::Topic", "AWS::SQS::Queue"
_NO_TOPIC = ("NotFound", "NotFoundException", "ResourceNotFound")
_NO_QUEUE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")


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


_COUNTERS = ("ApproximateNumberOf", "LastModifiedTimestamp")


def _queue_urls(ctx: Context) -> Iterator[str]:
    return ctx.pages("sqs", "list_queues", "QueueUrls")


def _queue(ctx: Context, url: str) -> ConfigurationItem | None:
    answer = ctx.ask("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"], absent=_NO_QUEUE)
    attributes = answer.get("Attributes")
    if not attributes:
        return None
    tags: dict[str, str] = {}
    if ctx.wants(QUEUE, "tags"):
        tags = ctx.ask("sqs", "list_queue_tags", QueueUrl=url, absent=_NO_QUEUE).get("Tags") or {}
    arn = attributes.get("QueueArn", "")
    name = arn.rpartition(":")[2]
    kept = {key: value for key, value in attributes.items() if not key.startswith(_COUNTERS)}
    return make_item(
        ctx,
        QUEUE,
        url,
        name=name,
        arn=arn,
        configuration={"QueueUrl": url, "QueueName": name, **kept},
        tags=tags,
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
    Reader(
        QUEUE,
        "sqs",
        all=_queue_urls,
        some=lambda _ctx, keys: iter(keys),
        item=_queue,
        aspects=frozenset({"tags"}),
        calls=True,
    ),
)
