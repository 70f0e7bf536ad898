"""The executive summary, from a report, a baseline report, the trend and the remediation records. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from watchkeeper.model import ComplianceType, Evaluation, Severity
from watchkeeper.reports.results import (
    CategoryLine,
    ChangedResult,
    ComplianceReport,
    Counts,
    Decision,
    Direction,
    ExecutiveSummary,
    Outcome,
    RuleInfo,
    RuleResult,
    Trend,
    result_key,
)

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Baseline:
    """An earlier report, to compare with."""

    made_at: datetime
    results: tuple[Evaluation, ...]


@dataclass(frozen=True, slots=True)
class Handled:
    """What a remediation record says, as far as the summary needs it."""

    rule: str
    resource_type: str
    resource_id: str
    outcome: Outcome


_ASK: Mapping[Outcome, tuple[str, str]] = {
    Outcome.DRY_RUN: (
        "Approve the automatic fix of {rule}",
        "The fix is known and was rehearsed; the rule is in dry-run mode. Set it to automatic, or fix by hand.",
    ),
    Outcome.OFF: (
        "Decide how {rule} gets fixed",
        "A safe automatic fix exists and is switched off. Switch it on, or assign the work.",
    ),
    Outcome.NEEDS_PERSON: (
        "Assign the violations of {rule}",
        "There is no safe automatic fix; a person has to change or replace the resource.",
    ),
    Outcome.EXEMPT: (
        "Confirm the exemptions from {rule}",
        "These resources violate the rule and carry the exemption tag. Confirm the risk, or remove the tag.",
    ),
    Outcome.FAILED: (
        "Find out why {rule} could not be fixed",
        "AWS refused the automatic fix; the audit record has its answer.",
    ),
    Outcome.SCHEDULED: (
        "Agree to the maintenance for {rule}",
        "The fix is accepted and waits for the maintenance window; it restarts the resource.",
    ),
}


def executive_summary(
    report: ComplianceReport,
    trend: Trend,
    category_changes: Mapping[str, float | None],
    baseline: Baseline | None,
    handled: Iterable[Handled] = (),
    fixable: Collection[str] = frozenset(),
) -> ExecutiveSummary:
    """The summary.

    Parameters
    ----------
    baseline
        The report to compare with; None when there is none yet: then nothing is called worse, and fixed is only what
        remediation fixed.
    handled
        Remediation decisions of the last day or since the baseline, whichever is longer; oldest first.
    fixable
        Identifiers of the rules that have a safe automatic fix.
    """
    decided = tuple(handled)
    rules = {result.rule.name: result.rule for result in report.rules}
    worse, fixed = _changes(report, baseline, rules, decided)
    totals = report.totals
    return ExecutiveSummary(
        account=report.account,
        region=report.region,
        environment=report.environment,
        generated_at=report.generated_at,
        headline=headline(report, trend),
        counts=totals,
        trend=trend,
        categories=tuple(
            CategoryLine(name, counts, category_changes.get(name)) for name, counts in report.by_category.items()
        ),
        violations_by_severity=_violations_by_severity(report.by_severity),
        baseline=baseline.made_at if baseline else None,
        worse=worse,
        fixed=fixed,
        decisions=_decisions(report, rules, decided, fixable),
        not_evaluated=report.not_evaluated,
        remediations=dict(sorted(Counter(item.outcome.value for item in decided).items())),
    )


def headline(report: ComplianceReport, trend: Trend) -> str:
    """One sentence or two for somebody who reads nothing else."""
    totals = report.totals
    if totals.score is None:
        return "Nothing has been evaluated, so there is no score yet."
    checks = totals.compliant + totals.non_compliant
    violations = report.violations
    if not violations:
        said = f"Everything that was checked complies: {_number(checks, 'check')}, no violation."
    else:
        resources = len({(item.resource_type, item.resource_id) for item in violations})
        said = (
            f"{totals.score:g} % of {checks} checks comply; {_number(len(violations), 'violation')} "
            f"on {_number(resources, 'resource')} remain{'s' if len(violations) == 1 else ''}."
        )
    unknown = len(report.not_evaluated)
    blind = f" {_number(unknown, 'rule')} could not be evaluated." if unknown else ""
    return f"{said}{_movement(trend)}{blind}"


def _movement(trend: Trend) -> str:
    if trend.previous is None or trend.change is None:
        return ""
    words = {
        Direction.IMPROVING: f"Up {trend.change:g} points",
        Direction.WORSENING: f"Down {-trend.change:g} points",
        Direction.STEADY: "Unchanged",
    }
    return f" {words[trend.direction]} since {trend.previous.day:%-d %B}."


def _number(amount: int, noun: str) -> str:
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"


def _violations_by_severity(by_severity: Mapping[str, Counts]) -> dict[str, int]:
    return {level.value: by_severity.get(level.value, Counts()).non_compliant for level in Severity}


def _changes(
    report: ComplianceReport, baseline: Baseline | None, rules: Mapping[str, RuleInfo], handled: tuple[Handled, ...]
) -> tuple[tuple[ChangedResult, ...], tuple[ChangedResult, ...]]:
    before: dict[Key, ComplianceType] = {
        result_key(item): item.compliance for item in (baseline.results if baseline else ())
    }
    now: dict[Key, ComplianceType] = {result_key(item): item.compliance for item in report.results}
    known = frozenset(result.rule.name for result in report.rules if result.state.known)
    by_us = frozenset(
        (item.rule, item.resource_type, item.resource_id)
        for item in handled
        if item.outcome in (Outcome.APPLIED, Outcome.SCHEDULED)
    )
    bad = ComplianceType.NON_COMPLIANT
    worse = [
        _changed(rules[key[0]], key, "" if key in before else "new")
        for key, compliance in now.items()
        if baseline and compliance is bad and before.get(key) is not bad
    ]
    were_bad = by_us | {key for key, compliance in before.items() if compliance is bad}
    fixed = [
        _changed(rules[key[0]], key, _how_fixed(now.get(key), key in by_us))
        for key in were_bad
        # A result that is missing because its rule was not evaluated is unknown, not fixed.
        if key[0] in known and _is_good(now.get(key))
    ]
    return tuple(sorted(worse, key=_worst_first)), tuple(sorted(fixed, key=_worst_first))


def _is_good(compliance: ComplianceType | None) -> bool:
    return compliance in (None, ComplianceType.COMPLIANT, ComplianceType.NOT_APPLICABLE)


def _how_fixed(compliance: ComplianceType | None, automatically: bool) -> str:
    if compliance is not ComplianceType.COMPLIANT:
        return "resource gone"
    return "fixed automatically" if automatically else ""


def _changed(rule: RuleInfo, key: Key, note: str) -> ChangedResult:
    return ChangedResult(rule, key[1], key[2], note)


def _worst_first(item: ChangedResult) -> tuple[int, str, str]:
    return (item.rule.severity.rank, item.rule.name, item.resource_id)


def _decisions(
    report: ComplianceReport,
    rules: Mapping[str, RuleInfo],
    handled: tuple[Handled, ...],
    fixable: Collection[str],
) -> tuple[Decision, ...]:
    latest = {(item.rule, item.resource_type, item.resource_id): item.outcome for item in handled}
    grouped: dict[tuple[str, Outcome], list[str]] = {}
    for violation in report.violations:
        rule = rules[violation.rule]
        outcome = latest.get(result_key(violation)) or _expected(rule, fixable)
        if outcome in _ASK:
            grouped.setdefault((rule.name, outcome), []).append(violation.resource_id)
    asked = [_ask(rules[name], outcome, resources) for (name, outcome), resources in grouped.items()]
    unknown = [_ask_about(result) for result in report.not_evaluated]
    return tuple(sorted((*asked, *unknown), key=lambda decision: (decision.severity.rank, decision.title)))


def _expected(rule: RuleInfo, fixable: Collection[str]) -> Outcome:
    """What remediation says of a violation that it has no record of, from the rule's mode alone."""
    if rule.identifier not in fixable:
        return Outcome.NEEDS_PERSON
    return {"off": Outcome.OFF, "dry-run": Outcome.DRY_RUN}.get(rule.remediation, Outcome.APPLIED)


def _ask(rule: RuleInfo, outcome: Outcome, resources: list[str]) -> Decision:
    title, why = _ASK[outcome]
    return Decision(title.format(rule=rule.name), why, rule.severity, tuple(sorted(resources)))


def _ask_about(result: RuleResult) -> Decision:
    return Decision(
        f"Have {result.rule.name} evaluated again",
        f"Nobody knows whether it is kept: {result.reason}.",
        result.rule.severity,
    )
