"""recorder-recording-group: a recorder says what it records, without contradiction."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, WARNING, Check, Result
from watchkeeper.preflight.meaning.values import at, one, truth
from watchkeeper.preflight.meaning.views import Views
from watchkeeper.pulumi.graph import UNKNOWN

PATH = "recordingGroup"


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
            problem = _contradiction(group)
            if problem:
                yield CHECK.finding(
                    recorder,
                    problem,
                    path=PATH,
                    severity=ERROR,
                    fix="Use allSupported, or resourceTypes, or exclusionByResourceTypes with its strategy.",
                    aws_does="PutConfigurationRecorder answers InvalidRecordingGroupException.",
                )


def _contradiction(group: object) -> str:
    everything = truth(one(group, ("allSupported",)))
    types = at(group, "resourceTypes")
    excluded = at(group, "exclusionByResourceTypes", "resourceTypes")
    strategy = [*at(group, "recordingStrategies", "useOnly"), *at(group, "recordingStrategy", "useOnly")]
    if everything is None or UNKNOWN in types or UNKNOWN in strategy:
        return ""
    said = one(group, ("allSupported",)) is not None
    if said and everything and types:
        return "allSupported is true and resourceTypes is given too."
    if said and not everything and not types and not excluded and not strategy:
        return "allSupported is false and neither resourceTypes nor an exclusion is given: nothing would be recorded."
    if everything and excluded:
        return "allSupported is true and types are excluded too."
    if truth(one(group, ("includeGlobalResourceTypes",))) and types:
        return "includeGlobalResourceTypes needs allSupported; it stands beside resourceTypes."
    return ""


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
