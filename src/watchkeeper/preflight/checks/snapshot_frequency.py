"""snapshot-frequency: a delivery channel says how often snapshots are delivered."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.aws import facts, suggest
from watchkeeper.preflight.check import ERROR, WARNING, Check, Result
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import Views
from watchkeeper.pulumi.graph import UNKNOWN

PATH = "snapshotDeliveryProperties.deliveryFrequency"


def look(views: Views) -> Iterator[Result]:
    """Each channel's delivery frequency."""
    for channel in views.channels:
        value = views.get(channel, *PATH.split("."))
        if value is None:
            yield CHECK.finding(channel, "the delivery channel has no snapshot delivery frequency.", path=PATH)
        elif value is UNKNOWN:
            yield CHECK.unknown(channel, "the delivery frequency is known only after the deployment")
        elif value not in facts.FREQUENCIES:
            nearest = suggest.nearest(str(value), facts.FREQUENCIES)
            yield CHECK.finding(
                channel,
                f"{quote(value)} is not a delivery frequency: {', '.join(facts.FREQUENCIES)}.",
                fix=f"Did you mean {nearest}?" if nearest else "",
                path=PATH,
                severity=ERROR,
                aws_does="PutDeliveryChannel answers ValidationException.",
            )


CHECK = Check(
    id="snapshot-frequency",
    severity=WARNING,
    title="The delivery channel delivers snapshots",
    explanation="Without a frequency AWS Config delivers changes only; the files that reports and auditors read, "
    "snapshots of everything, are not written.",
    aws_does="It delivers no snapshots, silently.",
    fix='Give snapshot_delivery_properties={"delivery_frequency": "TwentyFour_Hours"}.',
    source="https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigSnapshotDeliveryProperties.html",
    look=look,
    tags=("config",),
)
