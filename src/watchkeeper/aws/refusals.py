"""What AWS Config refuses, once: preflight's checks say it before a deployment, the embedded AWS when it is asked.

Each function gives the :class:`Refusal`, or None where AWS takes it or nobody knows yet: what is unknown is None, and a
refusal is said only of what is known.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from watchkeeper.aws import facts, suggest

RULES_PER_PACK = 130
PACKS = 50
RULES = 1000
"""https://docs.aws.amazon.com/config/latest/developerguide/configlimits.html: for each account and region."""
ORGANIZATION_BUCKET = "awsconfigconforms"
ALL, ONLY, EXCLUSION = "ALL_SUPPORTED_RESOURCE_TYPES", "INCLUSION_BY_RESOURCE_TYPES", "EXCLUSION_BY_RESOURCE_TYPES"
SCHEDULED = "ScheduledNotification"


@dataclass(frozen=True, slots=True)
class Refusal:
    """How AWS Config answers: its error code, and why."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class RecordingGroup:
    """The parts of a RecordingGroup; None: not known, or not said.

    https://docs.aws.amazon.com/config/latest/APIReference/API_RecordingGroup.html
    """

    everything: bool | None = None
    with_global: bool | None = None
    types: Sequence[str] | None = ()
    excluded: Sequence[str] | None = ()
    strategy: str | None = None


def recording_group(group: RecordingGroup) -> Refusal | None:
    """PutConfigurationRecorder's answer to parts that contradict each other, or that name no resource types."""
    problem = _contradiction(group)
    if problem:
        return Refusal("InvalidRecordingGroupException", problem)
    return resource_types((*(group.types or ()), *(group.excluded or ())))


def _contradiction(group: RecordingGroup) -> str:
    types, excluded, strategy = group.types, group.excluded, group.strategy
    if group.everything and types:
        return "allSupported is true and resourceTypes is given too"
    if group.everything and excluded:
        return "allSupported is true and types are excluded too"
    if types and excluded:
        return "resourceTypes and exclusionByResourceTypes exclude each other"
    if group.with_global and types:
        return "includeGlobalResourceTypes needs allSupported; it stands beside resourceTypes"
    if strategy == ALL and group.everything is False:
        return f"the strategy {ALL} needs allSupported"
    if strategy == ONLY and types is not None and not types:
        return f"the strategy {ONLY} needs resourceTypes"
    if strategy == EXCLUSION and group.everything:
        return f"the strategy {EXCLUSION} needs allSupported to be false"
    if strategy == EXCLUSION and excluded is not None and not excluded:
        return f"the strategy {EXCLUSION} excludes nothing: exclusionByResourceTypes has no types"
    nothing = types is not None and not types and excluded is not None and not excluded
    if strategy is None and group.everything is False and nothing:
        return "allSupported is false and neither resourceTypes nor an exclusion is given: nothing would be recorded"
    return ""


def resource_types(names: Collection[str]) -> Refusal | None:
    """The answer to types that AWS Config does not have."""
    unknown = next((name for name in names if name not in facts.resource_types()), None)
    if unknown is None:
        return None
    near = suggest.nearest(unknown, facts.resource_types())
    hint = f"; did you mean {near}?" if near else ""
    return Refusal("ValidationException", f'"{unknown}" is not a resource type of AWS Config{hint}')


def recording_mode(overrides: int | None, types: Collection[str] = ()) -> Refusal | None:
    """The answer to a RecordingMode: it has one override.

    https://docs.aws.amazon.com/config/latest/APIReference/API_RecordingMode.html
    """
    if overrides is not None and overrides > 1:
        return Refusal("ValidationException", f"there are {overrides} recording mode overrides; one is allowed")
    return resource_types(types)


def remediation_parameter(name: str, resource: bool | None, static: bool | None) -> Refusal | None:
    """PutRemediationConfigurations' answer to a parameter's values.

    https://docs.aws.amazon.com/config/latest/APIReference/API_RemediationParameterValue.html
    """
    if resource is None or static is None or resource != static:
        return None
    reason = f"the parameter {name} needs either a ResourceValue or a StaticValue"
    return Refusal("InvalidParameterValueException", f"{reason}{' and has both' if resource else ''}")


def key_prefix(prefix: str) -> Refusal | None:
    """PutDeliveryChannel's answer to a key prefix."""
    if not prefix:
        return Refusal("InvalidS3KeyPrefixException", "the key prefix is empty")
    if "AWSLogs" in prefix.split("/"):
        return Refusal("InvalidS3KeyPrefixException", "the key prefix holds AWSLogs, which AWS Config adds by itself")
    return None


def rule_scope(owner: str | None, messages: Collection[str] | None, *, scoped: bool) -> Refusal | None:
    """PutConfigRule's answer to a scope: a custom rule that runs on a schedule alone has none (since February 2025)."""
    if not scoped or owner not in ("CUSTOM_LAMBDA", "CUSTOM_POLICY") or not messages:
        return None
    if any(message != SCHEDULED for message in messages):
        return None
    return Refusal(
        "InvalidParameterValueException", "Scope cannot be applied to a custom rule that runs on a schedule only"
    )


def pack_rules(count: int) -> Refusal | None:
    """PutConformancePack's answer to the number of rules."""
    if count <= RULES_PER_PACK:
        return None
    reason = f"the template has {count} rules; {RULES_PER_PACK} are allowed in a conformance pack"
    return Refusal("ConformancePackTemplateValidationException", reason)


def organization_bucket(name: str | None) -> Refusal | None:
    """PutOrganizationConformancePack's answer to its delivery bucket.

    https://docs.aws.amazon.com/config/latest/APIReference/API_PutOrganizationConformancePack.html
    """
    if not name or name.startswith(ORGANIZATION_BUCKET):
        return None
    return Refusal(
        "ValidationException", f'the delivery bucket "{name}" has to have a name that begins with {ORGANIZATION_BUCKET}'
    )
