"""What rules said of resources, the same for files (``evaluate``, ``whatif``) and accounts (``scan``)."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from watchkeeper.cli.output import SEVERITY_STYLE, note, out, safe, styled, table, violation
from watchkeeper.evaluation.results import KINDS, Problem, ResourceEvaluation, RuleResult, severities
from watchkeeper.model import ComplianceType, Severity
from watchkeeper.reports.findings import Findings, ResourceFound, RuleFound
from watchkeeper.reports.results import Counts
from watchkeeper.rules.base import listed


def findings(
    title: str,
    results: Sequence[RuleResult],
    violations: Sequence[ResourceEvaluation],
    *,
    unlisted: int = 0,
    notes: Sequence[str] = (),
) -> Findings:
    """What was found in the shape that every format shows; the worst violations first."""
    severity = severities(results)
    worst = sorted(violations, key=lambda found: severity[found.evaluation.rule].rank)
    return Findings(
        title=title,
        made_at=datetime.now(UTC),
        rules=tuple(map(_rule, results)),
        violations=tuple(map(_resource, worst)),
        unlisted=unlisted,
        notes=tuple(notes),
    )


def _rule(result: RuleResult) -> RuleFound:
    rule, counts = result.rule, result.counts
    return RuleFound(
        name=rule.name,
        identifier=rule.identifier,
        severity=rule.severity,
        category=rule.category,
        counts=Counts(
            compliant=counts.get(ComplianceType.COMPLIANT, 0),
            non_compliant=counts.get(ComplianceType.NON_COMPLIANT, 0),
            not_applicable=counts.get(ComplianceType.NOT_APPLICABLE, 0),
            not_evaluated=result.not_evaluated,
            excepted=counts.get(ComplianceType.EXCEPTED, 0),
        ),
        reasons=result.reasons,
    )


def _resource(found: ResourceEvaluation) -> ResourceFound:
    evaluation = found.evaluation
    return ResourceFound(
        rule=evaluation.rule,
        account=found.account_id,
        region=found.region,
        resource_type=evaluation.resource_type,
        resource_id=evaluation.resource_id,
        annotation=evaluation.annotation,
        at=evaluation.ordering_time,
    )


def print_rules(results: Sequence[RuleResult]) -> None:
    """The table of rules: how many of each. On a terminal the rule comes last, so that its name stays whole."""
    if out.is_terminal:
        _show_rules(results)
        return
    numbers = ("compliant", "violations", "not applicable", "unknown", "excepted")
    rows = [
        (
            result.rule.identifier,
            styled(result.rule.severity.value, SEVERITY_STYLE),
            *(str(result.counts.get(kind, 0)) for kind in KINDS),
        )
        for result in results
    ]
    table("Rules", ("rule", "severity", *numbers), rows, right=numbers)


def print_violations(
    title: str, violations: Sequence[ResourceEvaluation], results: Sequence[RuleResult], limit: int, total: int
) -> None:
    """The table of violations, the worst first; on a terminal no more than ``limit``."""
    if not violations:
        return
    severity = severities(results)
    worst = sorted(violations, key=lambda found: severity[found.evaluation.rule].rank)
    if out.is_terminal:
        _show_violations(title, worst[:limit], severity, total)
        return
    sys.stdout.write("\n")
    columns = ("severity", "rule", "account", "region", "type", "resource", "what to change")
    rows = [
        (
            styled(severity[found.evaluation.rule].value, SEVERITY_STYLE),
            found.identifier,
            found.account_id,
            found.region,
            found.evaluation.resource_type,
            found.evaluation.resource_id,
            found.evaluation.annotation,
        )
        for found in worst
    ]
    table(title, columns, rows)


def _show_rules(results: Sequence[RuleResult]) -> None:
    shown = 5 if any(result.counts.get(ComplianceType.EXCEPTED) for result in results) else 4
    order = (ComplianceType.NON_COMPLIANT, ComplianceType.COMPLIANT, *KINDS[2:])[:shown]
    heads = ("fail", "pass", "n/a", "unknown", "excepted")[:shown]
    counts = [[result.counts.get(kind, 0) for kind in order] for result in results]
    widths = [max(len(head), *(len(str(row[n])) for row in counts)) for n, head in enumerate(heads)]
    out.print(
        safe("  ".join([*(f"{head:>{width}}" for head, width in zip(heads, widths, strict=True)), "rule"]), "dim")
    )
    for result, row in zip(results, counts, strict=True):
        styles = ("red", "green", "dim", "yellow", "cyan")
        for count, width, style in zip(row, widths, styles, strict=False):
            out.print(safe(f"{count:>{width}}", style if count else "dim"), end="  ")
        out.print(safe(result.rule.identifier), styled(result.rule.severity.value, SEVERITY_STYLE), soft_wrap=True)


def _show_violations(
    title: str, found: Sequence[ResourceEvaluation], severity: Mapping[str, Severity], total: int
) -> None:
    if not found:
        return
    out.print()
    out.print(safe(f"{title}: {len(found)} of {total}", "bold"))
    for each in found:
        evaluation = each.evaluation
        where = " ".join(word for word in (each.account_id, each.region, evaluation.resource_type) if word)
        text = f"{where}: {evaluation.annotation}"
        violation(severity[evaluation.rule].value, evaluation.resource_id, each.identifier, text)


def note_excepted(excepted: Sequence[ResourceEvaluation]) -> None:
    """How many violations exceptions accept, on standard error."""
    if excepted:
        count = len(excepted)
        note(f"{count} violation{'s' if count > 1 else ''} accepted by exceptions; --format json names them")


def note_unknown(results: Sequence[RuleResult]) -> None:
    """Why rules could not judge, on standard error: a line for each reason, with the rules that have it."""
    by_reason: dict[tuple[str, int], list[str]] = {}
    for result in results:
        for reason, count in result.reasons.items():
            by_reason.setdefault((reason, count), []).append(result.rule.identifier)
    for (reason, count), rules in by_reason.items():
        times = f" ({count} times)" if count > 1 else ""
        note("[yellow]not evaluated[/]", safe(f"{listed(rules)}: {reason}{times}"))


def note_without_resources(results: Sequence[RuleResult]) -> None:
    """The rules that found nothing to judge: that is no pass, nor is it unknown."""
    idle = [result.rule.identifier for result in results if result.evaluated and not sum(result.counts.values())]
    if idle:
        note("no resources", safe(f"for {listed(idle)}"))


def note_superseded(names: Sequence[str]) -> None:
    """Snapshots that a later one of the same account and region stands for, on standard error."""
    for name in names[:20]:
        note("[yellow]left out[/]", safe(f"{name}: a later snapshot of its account and region is read"))
    if len(names) > 20:
        note(f"and {len(names) - 20} more snapshots left out")


def note_problems(problems: Sequence[Problem], total: int) -> None:
    """What could not be read, by file and item, on standard error."""
    for problem in problems[:20]:
        item = "" if problem.item is None else f", item {problem.item}"
        note("[bold red]unreadable[/]", safe(f"{problem.file}{item}: {problem.message}"))
    if total > 20:
        note(f"and {total - 20} more; --format json names them")
