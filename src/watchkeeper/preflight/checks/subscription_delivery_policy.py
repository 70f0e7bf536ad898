"""subscription-delivery-policy: only HTTP/S subscriptions have a delivery policy."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import SUBSCRIPTION, Views
from watchkeeper.pulumi.graph import UNKNOWN

PATH = "deliveryPolicy"
TAKES = ("http", "https")


def look(views: Views) -> Iterator[Result]:
    """Each subscription with a delivery policy."""
    for subscription in views.of_type(SUBSCRIPTION):
        if subscription.inputs.get(PATH) is None:
            continue
        protocol = views.get(subscription, "protocol")
        if protocol is UNKNOWN:
            yield CHECK.unknown(subscription, "the protocol is known only after the deployment")
        elif protocol not in TAKES:
            yield CHECK.finding(
                subscription, f"a subscription with protocol {quote(protocol)} takes no delivery policy.", path=PATH
            )


CHECK = Check(
    id="subscription-delivery-policy",
    severity=ERROR,
    title="Only HTTP/S subscriptions have a delivery policy",
    explanation="SNS takes delivery policies (retries) for HTTP and HTTPS endpoints alone.",
    aws_does="SetSubscriptionAttributes answers InvalidParameter.",
    fix="Put the delivery policy on the topic, and give the subscription a redrive_policy.",
    source="https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html",
    look=look,
    tags=("sns",),
)
