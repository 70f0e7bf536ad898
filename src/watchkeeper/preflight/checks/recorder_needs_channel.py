"""recorder-needs-channel: a recorder is started after its delivery channel exists."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.values import quote, truth
from watchkeeper.preflight.views import RECORDER_STATUS, Views
from watchkeeper.preflight.wording import order_fix


def look(views: Views) -> Iterator[Result]:
    """Each recorder status that starts a recorder against the channels of the program."""
    if views.cloudformation or not views.channels:
        return
    for status in views.of_type(RECORDER_STATUS):
        if truth(views.get(status, "isEnabled")) is False:
            continue
        if not any(views.after(status, channel) for channel in views.channels):
            channel = views.channels[0]
            yield CHECK.finding(
                status,
                f"the recorder may be started before the delivery channel {quote(channel.name)} exists.",
                fix=order_fix(views.graph, channel.name, "recorder's status"),
            )


CHECK = Check(
    id="recorder-needs-channel",
    severity=ERROR,
    title="The recorder is started after the delivery channel exists",
    explanation="Starting a recorder needs a delivery channel. RecorderStatus refers to the recorder only, so the "
    "order has to be said.",
    aws_does="StartConfigurationRecorder answers NoAvailableDeliveryChannelException.",
    fix="Add depends_on=[channel] to the RecorderStatus's ResourceOptions.",
    source="https://docs.aws.amazon.com/config/latest/APIReference/API_StartConfigurationRecorder.html",
    look=look,
    tags=("config", "order"),
)
