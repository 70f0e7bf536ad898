"""The JSON form of everything that we give out, and back again where a later run reads it.

Each document carries ``schema``, the name of its JSON Schema in ``watchkeeper/schemas/``, see :func:`schema`. Times:
UTC, ``2026-11-23T07:30:00Z``; scores and changes are percent and percentage points with one decimal, or null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from watchkeeper.model import ComplianceType, Evaluation
from watchkeeper.reports.results import (
    Alert,
    ChangedResult,
    ComplianceReport,
    Counts,
    DailyScore,
    Decision,
    ExecutiveSummary,
    RemediationRecord,
    RuleInfo,
    RuleResult,
    Trend,
)

Document = dict[str, Any]

SCHEMAS = ("compliance-report", "daily-score", "executive-summary", "alert", "remediation-record")


class UnreadableDocumentError(ValueError):
    """A stored document is not what its name says."""


@cache
def schema(name: str) -> Mapping[str, Any]:
    """The JSON Schema (draft 2020-12) of one document, by its name in :data:`SCHEMAS`."""
    text = files("watchkeeper").joinpath("schemas", f"{name}.schema.json").read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = json.loads(text)
    return loaded


def dumps(document: Document) -> str:
    """The document as text: two spaces, keys in our order, one newline at the end."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def moment(value: datetime) -> str:
    """A time as text, UTC, to the second: ``2026-11-23T07:30:00Z``."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment_or_none(value: datetime | None) -> str | None:
    return None if value is None else moment(value)


def counts_document(counts: Counts) -> Document:
    """Counts with their score."""
    return {
        "compliant": counts.compliant,
        "non_compliant": counts.non_compliant,
        "not_applicable": counts.not_applicable,
        "not_evaluated": counts.not_evaluated,
        "excepted": counts.excepted,
        "score": counts.score,
    }


def _rule(rule: RuleInfo) -> Document:
    return {
        "name": rule.name,
        "identifier": rule.identifier,
        "severity": rule.severity.value,
        "category": rule.category,
        "remediation": rule.remediation,
    }


def _rule_result(result: RuleResult) -> Document:
    return {
        **_rule(result.rule),
        "state": result.state.value,
        "reason": result.reason,
        "pending": result.pending,
        "last_evaluated": _moment_or_none(result.last_evaluated),
        "counts": counts_document(result.counts),
    }


def _result(result: Evaluation) -> Document:
    return {
        "rule": result.rule,
        "resource_type": result.resource_type,
        "resource_id": result.resource_id,
        "compliance": result.compliance.value,
        "annotation": result.annotation,
        "recorded_at": _moment_or_none(result.recorded_time),
    }


def compliance_report(report: ComplianceReport) -> Document:
    """The detailed report: ``compliance-report.schema.json``."""
    return {
        "schema": "compliance-report",
        "version": 1,
        "account": report.account,
        "region": report.region,
        "environment": report.environment,
        "generated_at": moment(report.generated_at),
        "totals": {**counts_document(report.totals), "rules_not_evaluated": len(report.not_evaluated)},
        "by_category": {name: counts_document(counts) for name, counts in report.by_category.items()},
        "by_severity": {name: counts_document(counts) for name, counts in report.by_severity.items()},
        "by_resource_type": {name: counts_document(counts) for name, counts in report.by_resource_type.items()},
        "rules": [_rule_result(rule) for rule in report.rules],
        "results": [_result(result) for result in report.results],
    }


def _trend(trend: Trend) -> Document:
    previous = trend.previous
    return {
        "direction": trend.direction.value,
        "change": trend.change,
        "previous": None if previous is None else {"day": previous.day.isoformat(), "score": previous.score},
        "history": [{"day": point.day.isoformat(), "score": point.score} for point in trend.history],
    }


def daily_score(score: DailyScore) -> Document:
    """One day's scores: ``daily-score.schema.json``."""
    return {
        "schema": "daily-score",
        "version": 1,
        "day": score.day.isoformat(),
        "account": score.account,
        "region": score.region,
        "environment": score.environment,
        "generated_at": moment(score.generated_at),
        "overall": counts_document(score.overall),
        "rules_not_evaluated": score.rules_not_evaluated,
        "categories": {
            name: {**counts_document(counts), "change": score.category_changes.get(name)}
            for name, counts in score.categories.items()
        },
        "trend": _trend(score.trend),
    }


def _changed(result: ChangedResult) -> Document:
    return {
        "rule": result.rule.name,
        "severity": result.rule.severity.value,
        "category": result.rule.category,
        "resource_type": result.resource_type,
        "resource_id": result.resource_id,
        "note": result.note,
    }


def _decision(decision: Decision) -> Document:
    return {
        "title": decision.title,
        "why": decision.why,
        "severity": decision.severity.value,
        "resources": list(decision.resources),
    }


def executive_summary(summary: ExecutiveSummary) -> Document:
    """The page for management: ``executive-summary.schema.json``."""
    return {
        "schema": "executive-summary",
        "version": 1,
        "account": summary.account,
        "region": summary.region,
        "environment": summary.environment,
        "generated_at": moment(summary.generated_at),
        "headline": summary.headline,
        "totals": counts_document(summary.counts),
        "trend": _trend(summary.trend),
        "categories": [
            {"name": line.name, **counts_document(line.counts), "change": line.change} for line in summary.categories
        ],
        "violations_by_severity": dict(summary.violations_by_severity),
        "baseline": _moment_or_none(summary.baseline),
        "worse": [_changed(result) for result in summary.worse],
        "fixed": [_changed(result) for result in summary.fixed],
        "decisions": [_decision(decision) for decision in summary.decisions],
        "not_evaluated": [_rule_result(rule) for rule in summary.not_evaluated],
        "remediations": dict(summary.remediations),
    }


def alert(value: Alert) -> Document:
    """One alert: ``alert.schema.json``."""
    return {
        "schema": "alert",
        "version": 1,
        "id": value.id,
        "level": value.level.value,
        "kind": value.kind.value,
        "account": value.account,
        "region": value.region,
        "environment": value.environment,
        "rule": _rule(value.rule),
        "resource_type": value.resource_type,
        "resource_id": value.resource_id,
        "compliance": value.compliance.value,
        "previous": None if value.previous is None else value.previous.value,
        "annotation": value.annotation,
        "recorded_at": moment(value.recorded_at),
    }


def remediation_record(record: RemediationRecord) -> Document:
    """One audit record: ``remediation-record.schema.json``."""
    return {
        "schema": "remediation-record",
        "version": 1,
        "id": record.id,
        "decided_at": moment(record.decided_at),
        "account": record.account,
        "region": record.region,
        "environment": record.environment,
        "rule": record.rule,
        "identifier": record.identifier,
        "severity": record.severity.value,
        "mode": record.mode,
        "resource_type": record.resource_type,
        "resource_id": record.resource_id,
        "action": record.action,
        "outcome": record.outcome.value,
        "reason": record.reason,
        "before": dict(record.before),
        "after": dict(record.after),
        "violation_recorded_at": _moment_or_none(record.violation_recorded_at),
        "event_id": record.event_id,
    }


# Back again: only what a later run needs of an earlier one.


def read(text: str | bytes, name: str) -> Document:
    """A stored document of that schema name.

    Raises
    ------
    UnreadableDocumentError
        When it is not JSON, or another kind of document.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise UnreadableDocumentError(f"not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("schema") != name:
        raise UnreadableDocumentError(f"not a {name} document")
    return document


def read_score(document: Document) -> tuple[date, float | None, dict[str, float | None]]:
    """Of a daily score document: its day, the overall score, the score per category."""
    try:
        categories = {str(name): _score(value["score"]) for name, value in document["categories"].items()}
        return date.fromisoformat(document["day"]), _score(document["overall"]["score"]), categories
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableDocumentError(f"daily-score document without a proper {error}") from error


def _score(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("score")
    return float(value)


def read_results(document: Document) -> tuple[datetime, tuple[Evaluation, ...]]:
    """Of a compliance report document: when it was made, and its results."""
    try:
        results = tuple(
            Evaluation(
                rule=str(result["rule"]),
                resource_type=str(result["resource_type"]),
                resource_id=str(result["resource_id"]),
                compliance=ComplianceType(result["compliance"]),
                annotation=str(result.get("annotation", "")),
            )
            for result in document["results"]
        )
        return datetime.fromisoformat(document["generated_at"]), results
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableDocumentError(f"compliance-report document without a proper {error}") from error
