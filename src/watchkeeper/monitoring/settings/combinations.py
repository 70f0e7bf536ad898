"""Fields that are right alone and wrong together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from pydantic.alias_generators import to_camel

from watchkeeper.aws import facts
from watchkeeper.monitoring.settings.fields import Fields
from watchkeeper.monitoring.settings.groups import Recording, RecordingOverride
from watchkeeper.monitoring.settings.problems import Problem, listed, nearest
from watchkeeper.monitoring.settings.rule_parameters import rule_problems


def combination_problems(settings: Fields, *, region: str | None = None, broken: Iterable[str] = ()) -> list[Problem]:
    """What does not fit together, although each setting alone is right.

    ``region`` is the stack's, when known; ``broken`` names settings that stand at their default because what was
    given is wrong: a combination with one of them is not judged.
    """
    wrong = frozenset(broken)
    return [
        problem
        for needs, check in _COMBINATIONS
        if not wrong.intersection(needs)
        for problem in check(settings, region)
    ]


def _recording_fits(settings: Fields, _region: str | None) -> Iterable[Problem]:
    recording = settings.recording
    if recording.strategy == "all" and recording.types:
        yield Problem(
            "recording.types",
            "are given, but the strategy all records every type.",
            "Set strategy to include or exclude.",
        )
    if recording.strategy != "all" and not recording.types:
        yield Problem(
            "recording.types",
            f"are missing for the strategy {recording.strategy}.",
            "List resource types, e.g. AWS::S3::Bucket.",
        )
    if len(recording.overrides) > 1:
        yield Problem(
            "recording.overrides", f"has {len(recording.overrides)} entries; AWS takes one.", "Put the types together."
        )
    for index, override in enumerate(recording.overrides):
        yield from _override_fits(f"recording.overrides[{index}]", override, recording)
    if recording.mode == "daily" and set(recording.types) & _NEVER_DAILY and recording.strategy == "include":
        yield Problem(
            "recording.mode",
            f"can't be daily for {listed(sorted(_NEVER_DAILY & set(recording.types)))}.",
            "Set continuous.",
        )


_NEVER_DAILY: Final = frozenset(
    {"AWS::Config::ResourceCompliance", "AWS::Config::ConformancePackCompliance", "AWS::Config::ConfigurationRecorder"}
)
"""botocore config/2014-11-12, RecordingModeOverride: daily recording cannot be specified for these."""


def _override_fits(path: str, override: RecordingOverride, recording: Recording) -> Iterable[Problem]:
    if override.mode == recording.mode:
        yield Problem(
            f"{path}.mode", f"is {override.mode}, as for the rest.", "Remove the override or give it the other mode."
        )
    if override.mode == "daily" and _NEVER_DAILY & set(override.types):
        yield Problem(
            f"{path}.types",
            f"names {listed(sorted(_NEVER_DAILY & set(override.types)))}, which can't be daily.",
            "Take it out.",
        )
    lost = [name for name in override.types if not _records(recording, name)]
    if lost:
        yield Problem(
            f"{path}.types",
            f"names {listed(lost)}, which the strategy {recording.strategy} does not record.",
            "Record it, or take it out.",
        )


def _records(recording: Recording, resource_type: str) -> bool:
    if recording.strategy == "all":
        return True
    return (resource_type in recording.types) == (recording.strategy == "include")


def _adoption_fits(settings: Fields, _region: str | None) -> Iterable[Problem]:
    if settings.adopt_recorder is None:
        return
    for name in ("recording", "snapshot_frequency"):
        if name in settings.model_fields_set:
            yield Problem(
                to_camel(name),
                "has no effect on a recorder that the account has already.",
                f"Remove it, or {to_camel('adopt_recorder')}.",
            )


def _aggregator_fits(settings: Fields, _region: str | None) -> Iterable[Problem]:
    aggregator = settings.aggregator
    if aggregator.regions and aggregator.all_regions:
        yield Problem("aggregator", "has both regions and allRegions.", "Keep one of them.")
    if not aggregator.enabled and (aggregator.regions or aggregator.all_regions or aggregator.organization):
        yield Problem("aggregator.enabled", "is false, but there are more settings for it.", "Remove them or set true.")


def _remediation_fits(settings: Fields, _region: str | None) -> Iterable[Problem]:
    deployed = {rule.identifier for rule in settings.all_rules}
    for identifier in settings.remediation:
        if identifier not in deployed:
            exists = identifier in facts.managed_rules()
            fix = "Add it to rules." if exists else nearest(identifier, sorted(deployed))
            yield Problem(f"remediation.{identifier}", "is not the identifier of a rule that is deployed.", fix)
    for index, rule in enumerate(settings.rules):
        other = settings.remediation.get(rule.identifier)
        if rule.remediation and other and other != rule.remediation:
            yield Problem(
                f"rules[{index}].remediation",
                f"is {rule.remediation}, but remediation.{rule.identifier} is {other}.",
                "Keep one of them.",
            )


def _some_rules(settings: Fields, _region: str | None) -> Iterable[Problem]:
    if not settings.all_rules:
        yield Problem("rules", "is empty, and so is defaultRules: there is nothing to monitor.", "Name a rule.")


def _rules_fit(settings: Fields, region: str | None) -> Iterable[Problem]:
    seen: dict[str, str] = {}
    for path, rule in settings.placed_rules():
        earlier = seen.setdefault(rule.name.casefold(), path)
        if earlier != path:
            yield Problem(
                f"{path}.name", f"{rule.name!r} is the name of {earlier} already.", "Give it a name of its own."
            )
        yield from (
            Problem(f"{path}.{problem.path}", problem.message, problem.fix) for problem in rule_problems(rule, region)
        )
        types = facts.managed_rules()[rule.identifier].resource_types
        if settings.adopt_recorder is None and types and not any(_records(settings.recording, name) for name in types):
            yield Problem(
                path,
                f"looks at {listed(types)}, which the recorder does not record.",
                "Record it, or leave the rule out.",
            )


def _region_known(_settings: Fields, region: str | None) -> Iterable[Problem]:
    if region is not None and region not in facts.regions():
        yield Problem("", f"aws:region {region!r} is not an AWS region.", nearest(region, facts.regions()))


_COMBINATIONS: Final[tuple[tuple[tuple[str, ...], Callable[[Fields, str | None], Iterable[Problem]]], ...]] = (
    (("recording",), _recording_fits),
    (("recording", "snapshotFrequency", "adoptRecorder"), _adoption_fits),
    (("aggregator",), _aggregator_fits),
    (("rules", "defaultRules", "remediation"), _remediation_fits),
    (("rules", "defaultRules", "recording", "adoptRecorder", "approvedInstanceTypes"), _rules_fit),
    (("rules", "defaultRules"), _some_rules),
    ((), _region_known),
)
