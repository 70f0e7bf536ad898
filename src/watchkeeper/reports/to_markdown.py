"""Markdown for a pull request or a chat: the score, the rules, the worst violations. Text from resources is escaped."""

from __future__ import annotations

import re

from watchkeeper.reports.results import ComplianceReport, Counts, RuleResult
from watchkeeper.reports.to_json import moment
from watchkeeper.reports.to_text import clean

VIOLATIONS_SHOWN = 20
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|<>~&@])")


def escape(text: str) -> str:
    """Text that Markdown shows as it is: no markup, no HTML, no mention of anybody."""
    return _SPECIAL.sub(r"\\\1", clean(text)).replace("\\@", "@\u200b")


def compliance_report(report: ComplianceReport, shown: int = VIOLATIONS_SHOWN) -> str:
    """The report in short."""
    totals = report.totals
    lines = [
        f"### Compliance {_score(totals)}",
        "",
        f"{escape(report.environment)} · {escape(report.account)} · {escape(report.region)} · "
        f"{moment(report.generated_at)}",
        "",
        f"{totals.compliant} compliant, {totals.non_compliant} in violation, {totals.not_applicable} not applicable, "
        f"{totals.not_evaluated} not evaluated.",
        "",
        "| Rule | Severity | Score | Violations | State |",
        "| --- | --- | ---: | ---: | --- |",
        *(_row(rule) for rule in report.rules),
    ]
    violations = report.violations
    if violations:
        severity = {rule.rule.name: rule.rule.severity.value for rule in report.rules}
        lines += ["", "| Severity | Resource | Rule | Reason |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {severity[item.rule]} | {escape(item.resource_id)} | {escape(item.rule)} | {escape(item.annotation)} |"
            for item in violations[:shown]
        ]
    if len(violations) > shown:
        lines += ["", f"and {len(violations) - shown} more violations."]
    return "\n".join(lines) + "\n"


def _row(result: RuleResult) -> str:
    state = result.state.value if not result.reason else f"{result.state.value}: {escape(result.reason)}"
    return (
        f"| {escape(result.rule.name)} | {result.rule.severity.value} | {_score(result.counts)} | "
        f"{result.counts.non_compliant} | {state} |"
    )


def _score(counts: Counts) -> str:
    return "no score" if counts.score is None else f"{counts.score:g} %"
