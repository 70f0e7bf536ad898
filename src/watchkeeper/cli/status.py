"""``status``: what is compliant now."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from watchkeeper.cli.accepting import ExceptionsOption, NoExceptionsOption, accepted_by
from watchkeeper.cli.answers import (
    Answer,
    BaselineOption,
    ExitZeroOption,
    FailOnOption,
    FormatsOption,
    OutputOption,
    check_formats,
    failing,
    give,
)
from watchkeeper.cli.endpoints import aws_errors, deployed
from watchkeeper.cli.options import EnvOption, JsonOption, ProjectOption, RegionOption, Target, TargetOption
from watchkeeper.cli.output import SEVERITY_STYLE, note, out, safe, styled, table, violation

if TYPE_CHECKING:
    from watchkeeper.reports.findings import Findings
    from watchkeeper.reports.results import ComplianceReport, Counts

NUMBERS = ("compliant", "violations", "unknown", "score")
STATE_STYLE = {"error": "bold red", "missing": "bold red", "no-data": "yellow", "no-resources": "dim"}


def status(
    project: ProjectOption = None,
    env: EnvOption = "dev",
    target: TargetOption = Target.LOCAL,
    region: RegionOption = None,
    violations: Annotated[int, typer.Option("--violations", help="How many violations to list; 0: none.", min=0)] = 20,
    formats: FormatsOption = None,
    output: OutputOption = None,
    as_json: JsonOption = False,
    fail_on: FailOnOption = None,
    baseline: BaselineOption = None,
    exit_zero: ExitZeroOption = False,
    exceptions: ExceptionsOption = None,
    no_exceptions: NoExceptionsOption = False,
) -> None:
    """Show compliance now: per rule, severity and resource type, with what was not evaluated.

    Exits 1 when a rule is violated or was not evaluated.

    [dim]Examples:[/]
    watchkeeper status
    watchkeeper status --target aws --env prod --json
    """
    from watchkeeper.exceptions.of_report import accept as accepting
    from watchkeeper.monitoring.functions.collect import collect_results, resource_tags
    from watchkeeper.reports import to_json

    check_formats(formats, output)
    counts = failing(fail_on, baseline, exit_zero)
    accept = accepted_by(exceptions, no_exceptions, project, env, datetime.now(UTC))
    where = deployed(project, env, target, region)
    with aws_errors():
        report = collect_results(
            where.clients("config"),
            where.rules,
            account=where.clients.account,
            region=where.clients.region,
            environment=where.settings.environment_suffix,
            at=datetime.now(UTC),
        )
        if accept is not None:
            report = accepting(report, accept.exceptions, functools.partial(resource_tags, where.clients("config")))
    findings = _findings(report)
    answer = Answer(
        "status", lambda: _show(report, violations), lambda: to_json.compliance_report(report), lambda: findings
    )
    give(answer, formats, output, as_json)
    raise typer.Exit(counts.exit_code(findings))


def _findings(report: ComplianceReport) -> Findings:
    from watchkeeper.reports.findings import Findings, ResourceFound, RuleFound

    rules = tuple(
        RuleFound(
            each.rule.name,
            each.rule.identifier,
            each.rule.severity,
            each.rule.category,
            each.counts,
            {each.reason: 1} if each.reason else {},
        )
        for each in report.rules
    )
    violations = tuple(
        ResourceFound(
            each.rule,
            report.account,
            report.region,
            each.resource_type,
            each.resource_id,
            each.annotation,
            each.recorded_time,
        )
        for each in report.violations
    )
    title = f"Compliance of {report.environment}, {report.account} {report.region}"
    return Findings(title, report.generated_at, rules, violations)


def _show(report: ComplianceReport, violations: int) -> None:
    from watchkeeper.reports.results import Counts

    rows = [
        (
            rule.rule.name,
            styled(rule.rule.severity.value, SEVERITY_STYLE),
            *_numbers(rule.counts),
            styled(rule.state.value, STATE_STYLE),
        )
        for rule in report.rules
    ]
    table("Rules", ("rule", "severity", *NUMBERS, "state"), rows, right=NUMBERS)
    if out.is_terminal:
        _show_groups("severity", report.by_severity)
        _show_groups("resource type", report.by_resource_type)
        _show_violations(report, violations)
    for rule in report.not_evaluated:
        note("[yellow]not evaluated[/]", safe(f"{rule.rule.name}: {rule.reason}"))
    totals = report.totals
    excepted = f", {totals.excepted} excepted" if totals.excepted else ""
    note(
        f"score {_score(totals)}: {totals.compliant} compliant, {totals.non_compliant} violations, "
        f"{totals.not_evaluated} not evaluated{excepted}"
    )
    if totals.excepted:
        without = Counts(totals.compliant, totals.non_compliant + totals.excepted)
        note(f"score without exceptions {_score(without)}")


def _numbers(counts: Counts) -> tuple[str, str, str, str]:
    return str(counts.compliant), str(counts.non_compliant), str(counts.not_evaluated), _score(counts)


def _show_groups(what: str, groups: Mapping[str, Counts]) -> None:
    out.print()
    rows = [(name, *_numbers(counts)) for name, counts in groups.items()]
    table(f"By {what}", (what, *NUMBERS), rows, right=NUMBERS)


def _show_violations(report: ComplianceReport, most: int) -> None:
    found = report.violations[:most]
    if not found:
        return
    severity = {rule.rule.name: rule.rule.severity.value for rule in report.rules}
    out.print()
    out.print(f"[bold]Violations: {len(found)} of {len(report.violations)}[/]")
    for each in found:
        violation(severity[each.rule], each.resource_id, each.rule, each.annotation)


def _score(counts: Counts) -> str:
    return "none" if counts.score is None else f"{counts.score:.1f} %"
