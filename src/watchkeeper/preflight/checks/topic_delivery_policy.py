"""topic-delivery-policy: messages of a topic are retried, or kept when they cannot be delivered."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import WARNING, Check, Result
from watchkeeper.preflight.meaning.views import CHANNEL, TOPIC, Topic, Views


def look(views: Views) -> Iterator[Result]:
    """Each topic with its subscriptions. A delivery channel's own topic that nobody subscribes to is let be.

    A topic has no delivery policy in CloudFormation: there it is the subscriptions' alone.
    """
    channel_topics = {
        link.resource.urn
        for channel in views.of_type(CHANNEL)
        if (link := views.link(channel, "snsTopicArn", TOPIC)).resource
    }
    for topic in views.topics:
        if topic.resource.inputs.get("deliveryPolicy") is not None:
            continue
        if not topic.subscriptions and (views.cloudformation or topic.resource.urn in channel_topics):
            continue
        bare = _without_redrive(topic)
        if bare or not topic.subscriptions:
            names = f" (subscriptions without one: {', '.join(bare)})" if bare else ""
            yield CHECK.finding(
                topic.resource, f"the topic has no delivery policy, nor every subscription a redrive policy{names}."
            )


def _without_redrive(topic: Topic) -> list[str]:
    return [item.name for item in topic.subscriptions if item.inputs.get("redrivePolicy") is None]


CHECK = Check(
    id="topic-delivery-policy",
    severity=WARNING,
    title="Topics retry, or keep what they cannot deliver",
    explanation="A delivery policy says how often HTTP/S deliveries are retried; a redrive policy on a "
    "subscription keeps "
    "what could not be delivered in a queue.",
    aws_does="After its default retries it drops the message.",
    fix="Give the topic a delivery_policy, and each subscription a redrive_policy with a dead-letter queue.",
    source="https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html",
    look=look,
    tags=("sns", "loss"),
    needs_all=True,
)
