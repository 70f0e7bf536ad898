"""one-recorder-per-region: one customer-managed recorder and one delivery channel for each account and region."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import CHANNEL, RECORDER, Views
from watchkeeper.pulumi.graph import Resource

KINDS = (
    (RECORDER, "recorder", "MaxNumberOfConfigurationRecordersExceededException"),
    (CHANNEL, "delivery channel", "MaxNumberOfDeliveryChannelsExceededException"),
)


def look(views: Views) -> Iterator[Result]:
    """Recorders and channels of one account and region; beside those of the account, when it was asked."""
    for kind, word, error in KINDS:
        first: dict[tuple[str, str], Resource] = {}
        for resource in views.of_type(kind):
            earlier = first.setdefault(views.place(resource), resource)
            if earlier is not resource:
                yield CHECK.finding(
                    resource,
                    f"this is a second {word} beside {quote(earlier.name)} in the same account and region.",
                    aws_does=f"It answers {error}.",
                )
            else:
                yield from _beside_account(views, resource, word, error)


def _beside_account(views: Views, resource: Resource, word: str, error: str) -> Iterator[Result]:
    state = views.options.account
    if state is None:
        return
    existing = state.recorders if resource.type == RECORDER else state.channels
    if existing and views.name(resource) not in existing:
        yield CHECK.finding(
            resource,
            f"account {state.account_id} has the {word} {quote(existing[0])} in {state.region} already.",
            fix="Adopt it: import it into the stack, or leave this one out.",
            aws_does=f"It answers {error}.",
        )


CHECK = Check(
    id="one-recorder-per-region",
    severity=ERROR,
    title="One recorder and one delivery channel for each account and region",
    explanation="An account has one customer-managed recorder and one delivery channel in a region. Service-linked "
    "recorders do not count.",
    aws_does="A second one is refused: MaxNumberOfConfigurationRecordersExceededException, "
    "MaxNumberOfDeliveryChannelsExceededException.",
    fix="Keep one of them, or give the other another provider with another region.",
    source="https://docs.aws.amazon.com/config/latest/developerguide/configlimits.html",
    look=look,
    tags=("config",),
)
