"""recorder-never-started: a recorder that nothing starts records nothing."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.meaning.values import quote, truth
from watchkeeper.preflight.meaning.views import RECORDER, RECORDER_STATUS, Views

ON_CREATE = "startedOnCreate"


def look(views: Views) -> Iterator[Result]:
    """Each recorder against the statuses that enable one; CloudFormation starts recorders unless told not to."""
    if views.cloudformation:
        yield from _not_on_create(views)
        return
    states = [(status, views.link(status, "name", RECORDER)) for status in views.of_type(RECORDER_STATUS)]
    for recorder in views.recorders:
        own = [status for status, link in states if link.resource is not None and link.resource.urn == recorder.urn]
        enabled = [truth(views.get(status, "isEnabled")) for status in own]
        if any(enabled):
            continue
        if any(answer is None for answer in enabled) or any(link.unknown for _, link in states):
            yield CHECK.unknown(recorder, "whether its status enables it is known only after the deployment")
        elif own:
            yield CHECK.finding(
                own[0], f"isEnabled is false: the recorder {quote(recorder.name)} stays stopped.", path="isEnabled"
            )
        else:
            yield CHECK.finding(recorder, "nothing starts this recorder.")


def _not_on_create(views: Views) -> Iterator[Result]:
    for recorder in views.recorders:
        value = views.get(recorder, ON_CREATE)
        if value is not None and truth(value) is False:
            yield CHECK.finding(
                recorder,
                f"{ON_CREATE} is false: CloudFormation leaves the recorder stopped.",
                fix=f"Remove {ON_CREATE}, or set it to true.",
                path=ON_CREATE,
            )


CHECK = Check(
    id="recorder-never-started",
    severity=ERROR,
    title="Something starts the recorder",
    explanation="A recorder is created stopped. aws.cfg.RecorderStatus with is_enabled=True starts it.",
    aws_does="It accepts the recorder, records nothing and evaluates nothing, without an error.",
    fix="Add aws.cfg.RecorderStatus(name=recorder.name, is_enabled=True), depending on the delivery channel.",
    source="https://docs.aws.amazon.com/config/latest/developerguide/stop-start-recorder.html",
    look=look,
    tags=("config",),
    needs_all=True,
)
