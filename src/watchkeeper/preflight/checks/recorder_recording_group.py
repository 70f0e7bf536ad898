"""recorder-recording-group: a recorder says what it records, without contradiction."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.aws import refusals
from watchkeeper.aws.refusals import RecordingGroup, Refusal
from watchkeeper.model import Finding
from watchkeeper.preflight.check import ERROR, WARNING, Check, Result
from watchkeeper.preflight.meaning.values import at, one, truth
from watchkeeper.preflight.meaning.views import Views
from watchkeeper.pulumi.graph import UNKNOWN, Resource

PATH, MODE = "recordingGroup", "recordingMode"


def look(views: Views) -> Iterator[Result]:
    """Each recorder's recording group."""
    for recorder in views.recorders:
        group = views.get(recorder, PATH)
        if group is None:
            yield CHECK.finding(
                recorder, "the recorder has no recordingGroup: global types (IAM) stay unrecorded.", path=PATH
            )
        elif group is UNKNOWN:
            yield CHECK.unknown(recorder, "the recording group is known only after the deployment")
        else:
            refused = refusals.recording_group(_parts(group))
            if refused:
                fix = "Use allSupported, or resourceTypes, or exclusionByResourceTypes with its strategy."
                yield _refusal(recorder, refused, PATH, fix)
        mode = views.get(recorder, MODE)
        if mode is not None and mode is not UNKNOWN:
            refused = _of_mode(mode)
            if refused:
                yield _refusal(recorder, refused, MODE, "Give one recordingModeOverride, with all its types.")


def _refusal(recorder: Resource, refused: Refusal, path: str, fix: str) -> Finding:
    return CHECK.finding(
        recorder,
        f"{refused.reason}.",
        path=path,
        severity=ERROR,
        fix=fix,
        aws_does=f"PutConfigurationRecorder answers {refused.code}.",
    )


def _of_mode(mode: object) -> Refusal | None:
    overrides = [*at(mode, "recordingModeOverride"), *at(mode, "recordingModeOverrides")]
    if UNKNOWN in overrides:
        return None
    types = [name for override in overrides for name in at(override, "resourceTypes") if isinstance(name, str)]
    return refusals.recording_mode(len(overrides), types)


def _parts(group: object) -> RecordingGroup:
    """What is known of the group; a part that is not, is None."""
    types = at(group, "resourceTypes")
    excluded = at(group, "exclusionByResourceTypes", "resourceTypes")
    strategies = [*at(group, "recordingStrategies", "useOnly"), *at(group, "recordingStrategy", "useOnly")]
    strategy = strategies[0] if strategies else None
    return RecordingGroup(
        everything=truth(one(group, ("allSupported",))) if one(group, ("allSupported",)) is not None else None,
        with_global=truth(one(group, ("includeGlobalResourceTypes",))),
        types=None if UNKNOWN in types else [str(name) for name in types],
        excluded=None if UNKNOWN in excluded else [str(name) for name in excluded],
        strategy="" if strategy is UNKNOWN else strategy,
    )


CHECK = Check(
    id="recorder-recording-group",
    severity=WARNING,
    title="The recorder says what it records",
    explanation="Without a recording group the recorder takes all regional types and none of the global ones.",
    aws_does="It records all regional types and no global ones (IAM), silently.",
    fix="Give recording_group with all_supported=True and include_global_resource_types=True, or a list of types.",
    source="https://docs.aws.amazon.com/config/latest/APIReference/API_RecordingGroup.html",
    look=look,
    tags=("config",),
)
