"""channel-needs-recorder: a delivery channel is made after the recorder."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.inputs.wording import order_fix
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import RECORDER, Views


def look(views: Views) -> Iterator[Result]:
    """Each channel against the recorders of its region; CloudFormation orders the two by itself."""
    if views.cloudformation:
        return
    for channel in views.channels:
        recorders = views.beside(channel, RECORDER)
        if recorders and not any(views.after(channel, recorder) for recorder in recorders):
            recorder = recorders[0]
            yield CHECK.finding(
                channel,
                f"nothing makes this delivery channel wait for the recorder {quote(recorder.name)}.",
                fix=order_fix(views.graph, recorder.name, "channel"),
            )


CHECK = Check(
    id="channel-needs-recorder",
    severity=ERROR,
    title="The delivery channel is made after the recorder",
    explanation="AWS Config accepts a delivery channel only when a configuration recorder exists. No property of the "
    "channel refers to the recorder, so the order has to be said.",
    aws_does="PutDeliveryChannel answers NoAvailableConfigurationRecorderException whenever the channel comes first.",
    fix="Add depends_on=[recorder] to the channel's ResourceOptions.",
    source="https://docs.aws.amazon.com/config/latest/APIReference/API_PutDeliveryChannel.html",
    look=look,
    tags=("config", "order"),
)
