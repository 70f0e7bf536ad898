"""Plain text for people: mail of an alert or a remediation. Text from resources is cleaned of control characters."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

from watchkeeper.reports.results import Alert, AlertKind, Outcome, RemediationRecord
from watchkeeper.reports.to_json import moment

SUBJECT_LIMIT = 100
"""SNS: a subject has to be ASCII, without line breaks or control characters, at most 100 characters (Publish)."""

_KINDS = {
    AlertKind.VIOLATION: "violates",
    AlertKind.RECOVERY: "complies again with",
    AlertKind.GONE: "is no longer subject to",
    AlertKind.UNKNOWN: "could not be evaluated against",
}
_OUTCOMES = {
    Outcome.APPLIED: "Fixed",
    Outcome.SCHEDULED: "Fix scheduled",
    Outcome.DRY_RUN: "Would be fixed (dry run)",
    Outcome.OFF: "Not fixed (remediation off)",
    Outcome.ALREADY_COMPLIANT: "Already compliant",
    Outcome.EXEMPT: "Exempt",
    Outcome.NEEDS_PERSON: "Needs a person",
    Outcome.GONE: "Gone",
    Outcome.FAILED: "Fix failed",
}
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean(text: str) -> str:
    """One line without control, formatting or other invisible characters, each replaced by a space."""
    return "".join(" " if unicodedata.category(char) in _INVISIBLE else char for char in text)


def subject(text: str) -> str:
    """A text that SNS takes as a subject."""
    plain = clean(text).encode("ascii", "replace").decode().strip() or "Watchkeeper"
    return plain if len(plain) <= SUBJECT_LIMIT else f"{plain[: SUBJECT_LIMIT - 3]}..."


def alert_subject(alert: Alert) -> str:
    """``[HIGH] my-bucket violates s3-default-encryption-kms-dev``."""
    return subject(f"[{alert.level.value}] {alert.resource_id} {_KINDS[alert.kind]} {alert.rule.name}")


def alert_mail(alert: Alert) -> str:
    """The mail of an alert."""
    was = f" (was {alert.previous.value})" if alert.previous else ""
    return _lines(
        f"{alert.resource_id} {_KINDS[alert.kind]} {alert.rule.name}.",
        {
            "Level": alert.level.value,
            "Resource": f"{alert.resource_type} {alert.resource_id}",
            "Account, region": f"{alert.account}, {alert.region}",
            "Environment": alert.environment,
            "Rule": f"{alert.rule.name} ({alert.rule.identifier}, {alert.rule.category})",
            "Compliance": f"{alert.compliance.value}{was}",
            "Reason": alert.annotation or "AWS Config gave none",
            "Recorded": moment(alert.recorded_at),
            "Remediation": alert.rule.remediation if alert.kind is AlertKind.VIOLATION else "",
            "Console": console_link(alert.region, alert.rule.name),
        },
    )


def remediation_subject(record: RemediationRecord) -> str:
    """``[Fixed] my-bucket: enable-kms-encryption``."""
    return subject(f"[{_OUTCOMES[record.outcome]}] {record.resource_id}: {record.action}")


def remediation_mail(record: RemediationRecord) -> str:
    """The mail of a remediation decision."""
    return _lines(
        f"{_OUTCOMES[record.outcome]}: {record.resource_id}, {record.action}.",
        {
            "Resource": f"{record.resource_type} {record.resource_id}",
            "Account, region": f"{record.account}, {record.region}",
            "Environment": record.environment,
            "Rule": f"{record.rule} ({record.identifier})",
            "Severity": record.severity.value,
            "Mode": record.mode,
            "Why": record.reason,
            "Decided": moment(record.decided_at),
            "Audit record": record.id,
        },
    )


def console_link(region: str, rule: str) -> str:
    """The rule's page in the AWS console."""
    return (
        f"https://{quote(region)}.console.aws.amazon.com/config/home?region={quote(region)}"
        f"#/rules/details?configRuleName={quote(rule)}"
    )


def outcome_text(outcome: Outcome) -> str:
    """An outcome in words."""
    return _OUTCOMES[outcome]


def _lines(title: str, facts: dict[str, str]) -> str:
    width = max(map(len, facts)) + 1
    rows = [f"{f'{name}:':<{width}} {clean(value)}" for name, value in facts.items() if value]
    return "\n".join([clean(title), "", *rows, ""])
