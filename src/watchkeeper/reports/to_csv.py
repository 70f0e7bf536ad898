"""CSV (RFC 4180) of every result. Cells that a spreadsheet would run as a formula are made text with an apostrophe."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from watchkeeper.reports.findings import Findings, RuleFound
from watchkeeper.reports.results import ComplianceReport, RuleInfo
from watchkeeper.reports.to_json import moment
from watchkeeper.reports.to_text import clean

COLUMNS = (
    "rule",
    "identifier",
    "severity",
    "category",
    "resource_type",
    "resource_id",
    "compliance",
    "annotation",
    "recorded_at",
    "account",
    "region",
    "environment",
)
_FORMULA = ("=", "+", "-", "@")


def cell(text: str) -> str:
    """A text that no spreadsheet runs (OWASP, "CSV Injection")."""
    plain = clean(text)
    return f"'{plain}" if plain.lstrip().startswith(_FORMULA) else plain


def results(report: ComplianceReport) -> str:
    """One line per result, then one per rule that was not evaluated (compliance ``NOT_EVALUATED``, with the reason)."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    rules = {result.rule.name: result.rule for result in report.rules}
    where = (report.account, report.region, report.environment)
    for result in report.results:
        recorded = "" if result.recorded_time is None else moment(result.recorded_time)
        facts = (result.resource_type, result.resource_id, result.compliance.value, result.annotation, recorded)
        writer.writerow([cell(value) for value in (*_rule(rules[result.rule]), *facts, *where)])
    for rule in report.not_evaluated:
        facts = ("", "", "NOT_EVALUATED", rule.reason, "")
        writer.writerow([cell(value) for value in (*_rule(rule.rule), *facts, *where)])
    return buffer.getvalue()


def _rule(rule: RuleInfo) -> tuple[str, str, str, str]:
    return (rule.name, rule.identifier, rule.severity.value, rule.category)


FINDINGS = (
    "rule",
    "identifier",
    "severity",
    "account",
    "region",
    "resource_type",
    "resource_id",
    "compliance",
    "annotation",
)
"""Columns of :func:`findings`."""


def findings(found: Findings) -> str:
    """One line per violation, then one per rule and reason why resources were not evaluated."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(FINDINGS)
    rules = found.by_name
    for violation in found.violations:
        where = (violation.account, violation.region, violation.resource_type, violation.resource_id)
        said = ("NON_COMPLIANT", violation.annotation)
        writer.writerow([cell(text) for text in (*_found(rules[violation.rule]), *where, *said)])
    for rule in found.rules:
        for reason in rule.reasons:
            writer.writerow([cell(text) for text in (*_found(rule), "", "", "", "", "NOT_EVALUATED", reason)])
    return buffer.getvalue()


def _found(rule: RuleFound) -> tuple[str, str, str]:
    return (rule.name, rule.identifier, rule.severity.value)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Any list, under its columns; a CSV file has no place for the title."""
    del title
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([cell(value) for value in row] for row in rows)
    return buffer.getvalue()
