"""channel-needs-recorder: a delivery channel is made after the recorder."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, UNSURE, Check, Result
from watchkeeper.preflight.inputs.wording import order_fix
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import RECORDER, Views
from watchkeeper.pulumi.graph import Resource


def look(views: Views) -> Iterator[Result]:
    """Each channel against the recorders of its region; CloudFormation orders the two by itself, and wants no order."""
    for channel in views.channels:
        recorders = views.beside(channel, RECORDER)
        if not recorders:
            yield from _alone(views, channel)
        elif views.cloudformation:
            yield from _waiting(views, channel, recorders)
        elif not any(views.after(channel, recorder) for recorder in recorders):
            recorder = recorders[0]
            yield CHECK.finding(
                channel,
                f"nothing makes this delivery channel wait for the recorder {quote(recorder.name)}.",
                fix=order_fix(views.graph, recorder.name, "channel"),
            )


def _alone(views: Views, channel: Resource) -> Iterator[Result]:
    """A channel in a program without a recorder."""
    if views.adopted(RECORDER):
        return
    account = views.options.account
    if account is None:
        message = "the program has no recorder in this region; if the account has none there, the channel is refused."
        fix = "Add a recorder, or ask the account with --account."
        yield CHECK.finding(channel, message, fix=fix, severity=UNSURE)
    elif not account.recorders:
        message = "neither the program nor the account has a recorder in this region."
        yield CHECK.finding(channel, message, fix="Add a recorder.")


def _waiting(views: Views, channel: Resource, recorders: list[Resource]) -> Iterator[Result]:
    """CloudFormation makes a recorder, waits for a channel, and starts it: neither may wait for the other.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-config-configurationrecorder.html
    """
    for recorder in recorders:
        later, earlier = (channel, recorder) if views.after(channel, recorder) else (recorder, channel)
        if views.after(later, earlier):
            yield CHECK.finding(
                later,
                f"it waits for {quote(earlier.name)}, and CloudFormation finishes a recorder when there is a channel.",
                fix=f"Take {earlier.name} out of what {later.name} depends on.",
                aws_does="The stack waits until it fails: the recorder and the channel wait for each other.",
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
