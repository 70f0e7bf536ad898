"""Markdown for a pull request or a chat: the score, the rules, the worst violations. Text from resources is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from watchkeeper.reports.findings import Findings
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


def findings(found: Findings, shown: int = VIOLATIONS_SHOWN) -> str:
    """Findings in short: the rules, the worst violations, why rules were not evaluated."""
    totals = found.totals
    lines = [
        f"### {escape(found.title)}: {_score(totals)}",
        "",
        f"{totals.compliant} compliant, {totals.non_compliant} in violation, {totals.not_applicable} not applicable, "
        f"{totals.not_evaluated} not evaluated. {moment(found.made_at)}",
        "",
        "| Rule | Severity | Score | Violations | Not evaluated |",
        "| --- | --- | ---: | ---: | ---: |",
        *(
            f"| {escape(rule.name)} | {rule.severity.value} | {_score(rule.counts)} | {rule.counts.non_compliant} | "
            f"{rule.counts.not_evaluated} |"
            for rule in found.rules
        ),
    ]
    if found.violations:
        rules = found.by_name
        lines += [
            "",
            "| Severity | Resource | Account | Region | Rule | Reason |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        lines += [
            f"| {rules[each.rule].severity.value} | {escape(each.resource_id)} | {escape(each.account)} | "
            f"{escape(each.region)} | {escape(each.rule)} | {escape(each.annotation)} |"
            for each in found.violations[:shown]
        ]
    more = len(found.violations) + found.unlisted - min(shown, len(found.violations))
    if more:
        lines += ["", f"and {more} more violations."]
    reasons = [f"- {escape(rule.name)}: {escape(reason)}" for rule in found.rules for reason in rule.reasons]
    if reasons:
        lines += ["", "Not evaluated:", "", *reasons]
    if found.notes:
        lines += ["", "Not read:", "", *(f"- {escape(text)}" for text in found.notes)]
    return "\n".join(lines) + "\n"


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Any list, as a table under its title."""
    lines = [f"### {escape(title)}", "", _line(columns), _line(["---"] * len(columns))]
    return "\n".join([*lines, *(_line([escape(cell) for cell in row]) for row in rows)]) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _row(result: RuleResult) -> str:
    state = result.state.value if not result.reason else f"{result.state.value}: {escape(result.reason)}"
    return (
        f"| {escape(result.rule.name)} | {result.rule.severity.value} | {_score(result.counts)} | "
        f"{result.counts.non_compliant} | {state} |"
    )


def _score(counts: Counts) -> str:
    return "no score" if counts.score is None else f"{counts.score:g} %"
