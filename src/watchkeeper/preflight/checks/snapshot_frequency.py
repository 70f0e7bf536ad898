"""snapshot-frequency: a delivery channel says how often snapshots are delivered."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper import catalog
from watchkeeper.graph import UNKNOWN
from watchkeeper.preflight.check import ERROR, WARNING, Check, Result
from watchkeeper.preflight.values import quote
from watchkeeper.preflight.views import Views

PATH = "snapshotDeliveryProperties.deliveryFrequency"


def look(views: Views) -> Iterator[Result]:
    """Each channel's delivery frequency."""
    for channel in views.channels:
        value = views.get(channel, *PATH.split("."))
        if value is None:
            yield CHECK.finding(channel, "the delivery channel has no snapshot delivery frequency.", path=PATH)
        elif value is UNKNOWN:
            yield CHECK.unknown(channel, "the delivery frequency is known only after the deployment")
        elif value not in catalog.FREQUENCIES:
            nearest = catalog.nearest(str(value), catalog.FREQUENCIES)
            yield CHECK.finding(
                channel,
                f"{quote(value)} is not a delivery frequency: {', '.join(catalog.FREQUENCIES)}.",
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
