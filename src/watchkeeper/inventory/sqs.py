"""Amazon SQS: queues, one call each for attributes and tags.

Config keeps the attributes under SQS's own names, each value text.
"""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.inventory.core import Context, Reader, make_item
from watchkeeper.model import ConfigurationItem

QUEUE = "AWS::SQS::Queue"
_NO_QUEUE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
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


READERS = (
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
