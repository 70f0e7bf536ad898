"""What rules said of resources, as CSV and tables: the same for files (``evaluate``, ``whatif``) and ``scan``."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Mapping, Sequence

from watchkeeper.cli.output import SEVERITY_STYLE, note, out, safe, styled, table, violation
from watchkeeper.evaluation.results import KINDS, Problem, ResourceEvaluation, RuleResult, severities
from watchkeeper.model import ComplianceType, Severity
from watchkeeper.reports.to_csv import cell
from watchkeeper.rules.base import listed

CSV_COLUMNS = (
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


def print_csv(violations: Iterable[ResourceEvaluation], results: Sequence[RuleResult]) -> None:
    """A line per violation, then one per rule and reason for what was not evaluated."""
    severity = severities(results)
    writer = csv.writer(sys.stdout, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for found in violations:
        evaluation = found.evaluation
        rule = (evaluation.rule, found.identifier, severity[evaluation.rule].value)
        where = (found.account_id, found.region, evaluation.resource_type, evaluation.resource_id)
        writer.writerow([cell(text) for text in (*rule, *where, evaluation.compliance.value, evaluation.annotation)])
    for result in results:
        rule = (result.rule.name, result.rule.identifier, result.rule.severity.value)
        for reason in result.reasons:
            writer.writerow([cell(text) for text in (*rule, "", "", "", "", "NOT_EVALUATED", reason)])


def print_rules(results: Sequence[RuleResult]) -> None:
    """The table of rules: how many of each. On a terminal the rule comes last, so that its name stays whole."""
    if out.is_terminal:
        _show_rules(results)
        return
    numbers = ("compliant", "violations", "not applicable", "unknown")
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
    order = (ComplianceType.NON_COMPLIANT, ComplianceType.COMPLIANT, *KINDS[2:])
    heads = ("fail", "pass", "n/a", "unknown")
    counts = [[result.counts.get(kind, 0) for kind in order] for result in results]
    widths = [max(len(head), *(len(str(row[n])) for row in counts)) for n, head in enumerate(heads)]
    out.print(
        safe("  ".join([*(f"{head:>{width}}" for head, width in zip(heads, widths, strict=True)), "rule"]), "dim")
    )
    for result, row in zip(results, counts, strict=True):
        styles = ("red", "green", "dim", "yellow")
        for count, width, style in zip(row, widths, styles, strict=True):
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
