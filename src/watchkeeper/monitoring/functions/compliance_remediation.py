"""compliance-remediation: for each violation decides whether to fix it, fixes what is safe, records and tells.

The event may be old, repeated, or about something that was fixed meanwhile: the resource is read again first. Each
violation (rule, resource, ``resultRecordedTime``) is decided once in each mode of its rule. Every decision leaves one
audit record.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from watchkeeper.model import ComplianceType
from watchkeeper.monitoring.functions import runtime
from watchkeeper.monitoring.functions.compliance_alerts import attributes
from watchkeeper.monitoring.functions.incoming import ComplianceChange, parse_compliance_change
from watchkeeper.monitoring.functions.manifest import PREFIX_AUDIT, PREFIX_REMEDIATION_LEDGER
from watchkeeper.monitoring.functions.metrics import point, publish
from watchkeeper.monitoring.functions.remedies import ACTIONS, MOST_RETENTION_DAYS, Action, Client, Limits, Seen
from watchkeeper.monitoring.functions.runtime import error_code, log
from watchkeeper.monitoring.functions.store import Once, Store
from watchkeeper.reports import to_json, to_text
from watchkeeper.reports.results import Outcome, RemediationRecord, RuleInfo

T = TypeVar("T")
NO_ACTION = "none"
_TOLD = frozenset(Outcome) - {Outcome.ALREADY_COMPLIANT, Outcome.GONE}
"""Outcomes that people hear of; the others leave a record and a metric only."""
_FINAL_REFUSALS = frozenset(
    {"AccessDenied", "AccessDeniedException", "InvalidParameterCombination", "InvalidParameterValue", "MalformedXML"}
)
"""Errors that trying again does not help: recorded as failed. Any other is raised, and the event tried again."""


@runtime.entry("compliance-remediation")
def handler(event: object, context: Any) -> dict[str, Any]:
    """One violation, one decision; says which."""
    change = parse_compliance_change(event)
    rule = runtime.deployed_rules().get(change.rule)
    if change.compliance is not ComplianceType.NON_COMPLIANT or rule is None:
        reason = "not-ours" if rule is None else "not-a-violation"
        log("nothing to remediate", "INFO", outcome=reason, rule=change.rule, resource=change.resource_id)
        return {"outcome": reason, "resource_id": change.resource_id}

    store = Store(runtime.client("s3"), runtime.environment("REPORT_BUCKET"))
    limits = Limits(
        runtime.whole_number("MINIMUM_BACKUP_RETENTION_DAYS", 1, MOST_RETENTION_DAYS),
        runtime.environment("REMEDIATION_KMS_KEY_ARN"),
    )
    once = Once(store, PREFIX_REMEDIATION_LEDGER, runtime.invocation(context).request_id)
    with once.work(identity(change, rule)) as ours:
        if not ours:
            log("violation decided before", "INFO", rule=change.rule, resource=change.resource_id)
            return {"outcome": "duplicate", "resource_id": change.resource_id}
        record = remediate(
            runtime.client,
            change,
            rule,
            limits,
            exemption_tag=runtime.environment("EXEMPTION_TAG"),
            environment=runtime.environment("ENVIRONMENT_SUFFIX"),
            now=datetime.now(UTC),
        )
        key = audit_key(record)
        store.put(key, to_json.dumps(to_json.remediation_record(record)))
        if record.outcome in _TOLD:
            tell(runtime.client("sns"), runtime.environment("ALERT_TOPIC_ARN"), record)
    publish(
        runtime.client("cloudwatch"),
        runtime.environment("METRIC_NAMESPACE"),
        (
            point("Remediations", 1, Environment=record.environment),
            point("Remediations", 1, Environment=record.environment, Outcome=record.outcome.value),
        ),
        record.decided_at,
    )
    summary = {
        "outcome": record.outcome.value,
        "action": record.action,
        "resource_id": record.resource_id,
        "rule": record.rule,
        "audit": key,
    }
    log("remediation decided", "INFO", reason=record.reason, mode=record.mode, **summary)
    return summary


def identity(change: ComplianceChange, rule: RuleInfo) -> str:
    """What is decided once: the violation, in the rule's present mode, so that a later mode can decide it anew."""
    return f"{change.id}-{rule.remediation}"


def audit_key(record: RemediationRecord) -> str:
    """``audit/remediation/2026/11/23/<id>.json``: under the day of the violation, so a retry writes the same object."""
    day = record.violation_recorded_at or record.decided_at
    return f"{PREFIX_AUDIT}{day.astimezone(UTC):%Y/%m/%d}/{record.id}.json"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do, before doing it."""

    outcome: Outcome
    reason: str


def remediate(
    client: Client,
    change: ComplianceChange,
    rule: RuleInfo,
    limits: Limits,
    *,
    exemption_tag: str,
    environment: str,
    now: datetime,
) -> RemediationRecord:
    """Reads the resource, decides, acts if the decision says so; gives the record of it.

    Raises
    ------
    botocore.exceptions.ClientError
        What AWS answered, where another try may help (throttling, a resource that is being changed).
    """
    blank = RemediationRecord(
        id=identity(change, rule),
        decided_at=now,
        account=change.account,
        region=change.region,
        environment=environment,
        rule=rule.name,
        identifier=rule.identifier,
        severity=rule.severity,
        mode=rule.remediation,
        resource_type=change.resource_type,
        resource_id=change.resource_id,
        action=NO_ACTION,
        outcome=Outcome.NEEDS_PERSON,
        reason=f"there is no safe automatic fix for {rule.identifier}; a person has to look",
        violation_recorded_at=change.recorded_at,
        event_id=change.event_id,
    )
    action = ACTIONS.get(rule.identifier)
    if action is None:
        return blank
    if action.resource_type != change.resource_type:
        return replace(blank, reason=f"{action.name} is for {action.resource_type}, not for {change.resource_type}")

    named = replace(blank, action=action.name)
    seen = _guarded(lambda: action.remedy(client, change.resource_id, limits))
    if isinstance(seen, str):
        return replace(named, outcome=Outcome.FAILED, reason=f"it could not be read: {seen}")
    verdict = decide(seen, rule, exemption_tag)
    if seen is None:
        return replace(named, outcome=verdict.outcome, reason=verdict.reason)
    decided = replace(named, outcome=verdict.outcome, reason=verdict.reason, before=seen.state, after=seen.state)
    if verdict.outcome is not Outcome.APPLIED or seen.change is None:
        return decided
    return _apply(action, seen, seen.change, decided)


def decide(seen: Seen | None, rule: RuleInfo, exemption_tag: str) -> Verdict:
    """What to do about a resource as it is now. ``APPLIED`` means: act."""
    if seen is None:
        return Verdict(Outcome.GONE, "the resource does not exist any more")
    if seen.compliant:
        return Verdict(Outcome.ALREADY_COMPLIANT, "read again, the resource is compliant: nothing was changed")
    if _exempt(seen.tags, exemption_tag):
        return Verdict(Outcome.EXEMPT, f"the resource carries the tag {exemption_tag}: nothing was changed")
    if seen.change is None:
        return Verdict(Outcome.NEEDS_PERSON, seen.note)
    if rule.remediation == "off":
        return Verdict(Outcome.OFF, "remediation is off for this rule: nothing was changed")
    if rule.remediation == "dry-run":
        return Verdict(Outcome.DRY_RUN, f"dry run: would set {_facts(seen.planned)}")
    return Verdict(Outcome.APPLIED, "")


def _apply(action: Action, seen: Seen, change: Callable[[], Outcome], decided: RemediationRecord) -> RemediationRecord:
    outcome = _guarded(change)
    if isinstance(outcome, Outcome):
        reason = f"{action.name}: set {_facts(seen.planned)}" + (f"; {seen.note}" if seen.note else "")
        return replace(decided, outcome=outcome, reason=reason, after=seen.planned)
    return replace(decided, outcome=Outcome.FAILED, reason=f"AWS refused the change: {outcome}")


def _guarded(call: Callable[[], T]) -> T | str:
    """What the call gives, or the code and message of a refusal that is final."""
    try:
        return call()
    except Exception as error:
        if error_code(error) not in _FINAL_REFUSALS:
            raise
        return str(error)


def _exempt(tags: Mapping[str, str], exemption_tag: str) -> bool:
    return exemption_tag in tags and tags[exemption_tag].strip().lower() != "false"


def _facts(state: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value}" for name, value in state.items())


def tell(sns: Any, topic: str, record: RemediationRecord) -> None:
    """Publishes a decision, with attributes for filter policies: INFO once it is fixed, else the rule's severity."""
    fixed = record.outcome in (Outcome.APPLIED, Outcome.SCHEDULED)
    document = json.dumps(to_json.remediation_record(record), ensure_ascii=False)
    sns.publish(
        TopicArn=topic,
        Subject=to_text.remediation_subject(record),
        MessageStructure="json",
        Message=json.dumps({"default": document, "email": to_text.remediation_mail(record)}, ensure_ascii=False),
        MessageAttributes=attributes(
            kind="remediation",
            severity="INFO" if fixed else record.severity.value,
            rule=record.rule,
            resourceType=record.resource_type,
            complianceType="NON_COMPLIANT",
            outcome=record.outcome.value,
            environment=record.environment,
        ),
    )
