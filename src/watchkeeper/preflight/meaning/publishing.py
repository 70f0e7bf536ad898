"""Which AWS services publish to which topic or queue of a graph, and which use which key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from watchkeeper.preflight.meaning.identity import REGION
from watchkeeper.preflight.meaning.views import (
    ALARM,
    BUCKET_NOTIFICATION,
    CHANNEL,
    EVENT_TARGET,
    KEY,
    KEY_ALIAS,
    LOG_GROUP,
    QUEUE,
    SUBSCRIPTION,
    TOPIC,
    Link,
    Views,
)
from watchkeeper.pulumi.graph import Resource

EVENTS = "events.amazonaws.com"
CONFIG = "config.amazonaws.com"
CLOUDWATCH = "cloudwatch.amazonaws.com"
S3 = "s3.amazonaws.com"
SNS = "sns.amazonaws.com"
BUDGETS = "budgets.amazonaws.com"
ALARM_ACTIONS = ("alarmActions", "okActions", "insufficientDataActions")
SOURCES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (EVENT_TARGET, ("arn", "deadLetterConfig.arn"), EVENTS),
    (ALARM, ALARM_ACTIONS, CLOUDWATCH),
    ("aws:cloudwatch/compositeAlarm:CompositeAlarm", ALARM_ACTIONS, CLOUDWATCH),
    (CHANNEL, ("snsTopicArn",), CONFIG),
    (BUCKET_NOTIFICATION, ("topics.topicArn", "queues.queueArn"), S3),
    (SUBSCRIPTION, ("endpoint", "redrivePolicy.deadLetterTargetArn"), SNS),
)
"""Type, the properties that name what is published to, the service that publishes."""


@dataclass(frozen=True, slots=True)
class Publication:
    """One resource that makes a service publish to a target."""

    source: Resource
    path: str
    service: str
    target: Resource


def publications(views: Views) -> Iterator[Publication]:
    """Every service that publishes to a topic or a queue of the graph."""
    for kind, paths, service in SOURCES:
        for source in views.of_type(kind):
            for path in paths:
                for link in views.links(source, path, TOPIC, QUEUE):
                    if link.resource is not None and link.resource.type in (TOPIC, QUEUE):
                        yield Publication(source, path, service, link.resource)


@dataclass(frozen=True, slots=True)
class KeyUse:
    """A service that needs a key, and what for."""

    link: Link
    service: str
    user: Resource
    why: str
    target: Resource | None = None
    """The topic or queue that is published to; None for logs."""


def key_uses(views: Views) -> Iterator[KeyUse]:
    """Every service that has to use a key of the graph by itself: to publish to what is encrypted, to keep logs."""
    for publication in publications(views):
        link = views.link(publication.target, "kmsMasterKeyId", KEY, KEY_ALIAS)
        config_channel = publication.service == CONFIG
        if link.present and not config_channel:
            why = f"publish to the encrypted {publication.target.name}"
            yield KeyUse(link, publication.service, publication.source, why, publication.target)
    for group in views.of_type(LOG_GROUP):
        link = views.link(group, "kmsKeyId", KEY, KEY_ALIAS)
        if link.present:
            yield KeyUse(link, f"logs.{views.region or REGION}.amazonaws.com", group, f"keep the logs of {group.name}")
