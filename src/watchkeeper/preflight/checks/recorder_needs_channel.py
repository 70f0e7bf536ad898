"""recorder-needs-channel: a recorder is started after its delivery channel exists."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, UNSURE, Check, Result
from watchkeeper.preflight.inputs.wording import order_fix
from watchkeeper.preflight.meaning.values import quote, truth
from watchkeeper.preflight.meaning.views import CHANNEL, RECORDER, RECORDER_STATUS, Views
from watchkeeper.pulumi.graph import Resource


def look(views: Views) -> Iterator[Result]:
    """Each recorder status that starts a recorder against the channels of its region; CloudFormation starts recorders
    itself, once there is a channel."""
    if views.cloudformation:
        yield from _never_available(views)
        return
    for status in views.of_type(RECORDER_STATUS):
        if truth(views.get(status, "isEnabled")) is False:
            continue
        channels = views.beside(status, CHANNEL)
        if not channels:
            yield from _without_channel(views, status)
        elif not any(views.after(status, channel) for channel in channels):
            channel = channels[0]
            yield CHECK.finding(
                status,
                f"the recorder may be started before the delivery channel {quote(channel.name)} exists.",
                fix=order_fix(views.graph, channel.name, "recorder's status"),
            )


def _without_channel(views: Views, status: Resource) -> Iterator[Result]:
    """A recorder that the program makes and starts; one that exists already may have its channel."""
    if views.options.program_error is not None:
        return
    account = views.options.account
    if views.link(status, "name", RECORDER).resource not in views.recorders or views.adopted(CHANNEL):
        return
    if account is None or not account.channels:
        yield CHECK.finding(
            status,
            "it starts a recorder in a region where the program makes no delivery channel.",
            fix="Add aws.cfg.DeliveryChannel, depending on the recorder, and depends_on=[channel] here.",
        )


def _never_available(views: Views) -> Iterator[Result]:
    account = views.options.account
    if account is not None and account.channels:
        return
    for recorder in views.recorders:
        if not views.beside(recorder, CHANNEL):
            yield CHECK.finding(
                recorder,
                "the template has no delivery channel; if no other stack makes one, the recorder is never started.",
                fix="Add an AWS::Config::DeliveryChannel.",
                severity=UNSURE if account is None else ERROR,
                aws_does="CloudFormation starts the recorder when a delivery channel is available.",
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
