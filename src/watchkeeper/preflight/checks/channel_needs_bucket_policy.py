"""channel-needs-bucket-policy: the channel is made after the policy that lets Config deliver."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.inputs.wording import order_fix
from watchkeeper.preflight.meaning.delivery import WRITE, Delivery, by_role, deliveries, missing_in_policy
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import Views
from watchkeeper.pulumi.graph import Resource


def look(views: Views) -> Iterator[Result]:
    """Each channel against what gives Config the right to write to its bucket."""
    for delivery in deliveries(views):
        if delivery.bucket is None:
            continue
        givers = _givers(views, delivery)
        late = [giver for giver in givers if not views.after(delivery.channel, giver)]
        if late:
            yield CHECK.finding(
                delivery.channel,
                f"nothing makes this delivery channel wait for {quote(late[0].name)}, which lets AWS Config "
                f"write to the "
                f"bucket {quote(delivery.bucket.resource.name)}.",
                fix=order_fix(views.graph, late[0].name, "channel"),
            )


def _givers(views: Views, delivery: Delivery) -> list[Resource]:
    """The separate resources that the right depends on: the bucket's policies, or the role's."""
    bucket = delivery.bucket
    if bucket is None:
        return []
    missing, _ = missing_in_policy(views, delivery)
    role = by_role(views, delivery)
    if bucket.policy_resources and len(missing) < len(WRITE):
        return [] if role is True and not missing and _role_is_ready(views, delivery) else list(bucket.policy_resources)
    return [part for _, view in delivery.roles if view for part in view.attachments] if role is True else []


def _role_is_ready(views: Views, delivery: Delivery) -> bool:
    parts = [part for _, view in delivery.roles if view for part in view.attachments]
    return all(views.after(delivery.channel, part) for part in parts)


CHECK = Check(
    id="channel-needs-bucket-policy",
    severity=ERROR,
    title="The channel is made after the policy that it needs",
    explanation="Config tries to write to the bucket when the channel is made. No property of the channel "
    "refers to the "
    "bucket's policy, so the order has to be said.",
    aws_does="PutDeliveryChannel answers InsufficientDeliveryPolicyException whenever the channel comes first.",
    fix="Add depends_on=[bucket_policy] to the channel's ResourceOptions.",
    source="https://docs.aws.amazon.com/config/latest/APIReference/API_PutDeliveryChannel.html",
    look=look,
    tags=("config", "order"),
)
