"""channel-topic-encryption: the delivery channel's topic is not encrypted."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import TOPIC, Views


def look(views: Views) -> Iterator[Result]:
    """Each channel's topic."""
    for channel in views.channels:
        link = views.link(channel, "snsTopicArn", TOPIC)
        topic = views.topic(link)
        if topic is None:
            if link.present:
                yield CHECK.unknown(channel, "its topic is not in the program")
        elif topic.key.present:
            yield CHECK.finding(
                channel,
                f"the topic {quote(topic.resource.name)} of this delivery channel is encrypted.",
                path="snsTopicArn",
            )


CHECK = Check(
    id="channel-topic-encryption",
    severity=ERROR,
    title="The delivery channel's topic is not encrypted",
    explanation="AWS Config does not support encrypted SNS topics.",
    aws_does="It accepts the channel; the messages are lost, silently.",
    fix="Give the channel a topic of its own without kms_master_key_id, and send alerts through a function to the "
    "encrypted one.",
    source="https://docs.aws.amazon.com/config/latest/developerguide/sns-topic-policy.html",
    look=look,
    tags=("config", "sns"),
)
