"""``status``, ``verify`` and ``report``: what is compliant, what was not looked at, whether the monitoring works."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from watchkeeper.cli.errors import CommandError, Exit
from watchkeeper.cli.options import (
    EnvOption,
    JsonOption,
    ProjectOption,
    RegionOption,
    Target,
    TargetOption,
    find_project,
    state_folder,
)
from watchkeeper.cli.output import SEVERITY_STYLE, document, note, out, safe, styled, table, violation

report_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich", help="The reports in the report bucket: run one now, list, fetch."
)
NUMBERS = ("compliant", "violations", "unknown", "score")
OUTCOME_STYLE = {"passed": "green", "failed": "bold red", "unknown": "yellow"}
STATE_STYLE = {"error": "bold red", "missing": "bold red", "no-data": "yellow", "no-resources": "dim"}


class Kind(StrEnum):
    """A report, by what it is about."""

    COMPLIANCE = "compliance"
    DAILY = "daily"
    EXECUTIVE = "executive"


@dataclass(frozen=True)
class Where:
    """Clients of an account, and what is deployed there."""

    clients: Any
    settings: Any
    outputs: Mapping[str, Any]

    @property
    def rules(self) -> dict[str, Any]:
        """The deployed rules, as the settings have them, by deployed name."""
        from watchkeeper.reports.results import RuleInfo

        suffix = self.settings.environment_suffix
        return {
            f"{rule.name}-{suffix}": RuleInfo(
                f"{rule.name}-{suffix}", rule.identifier, rule.severity, rule.category, str(rule.remediation)
            )
            for rule in self.settings.all_rules
        }


def status(
    project: ProjectOption = None,
    env: EnvOption = "dev",
    target: TargetOption = Target.LOCAL,
    region: RegionOption = None,
    violations: Annotated[int, typer.Option("--violations", help="How many violations to list; 0: none.", min=0)] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show compliance now: per rule, severity and resource type, with what nobody looked at.

    Exits 1 when a rule is violated or was not evaluated.

    [dim]Examples:[/]
    watchkeeper status
    watchkeeper status --target aws --env prod --json
    """
    from watchkeeper.monitoring.functions.collect import collect_results
    from watchkeeper.reports import to_json

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
    if as_json:
        document(to_json.compliance_report(report))
    else:
        _show(report, violations)
    if report.totals.non_compliant or report.totals.not_evaluated:
        raise typer.Exit(Exit.FINDINGS)


def verify(
    project: ProjectOption = None,
    env: EnvOption = "dev",
    target: TargetOption = Target.LOCAL,
    region: RegionOption = None,
    publish: Annotated[
        bool, typer.Option("--publish", help="Send the alert topic's subscribers a test message.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check that the deployment works: recorder, channel, rules, functions, policies, topic, and what else has to hold.

    Each check says what it saw. What could not be looked at is unknown, never passed. Exits 1 unless all passed.

    [dim]Example:[/] watchkeeper verify --publish
    """
    from watchkeeper.monitoring import verification

    where = deployed(project, env, target, region)
    probe = verification.Probe(where.clients, verification.Deployment.of(where.outputs), publish)
    answers = []
    for answer in verification.verify(probe):
        answers.append(answer)
        if not as_json:
            out.print(
                styled(f"{answer.outcome.value:8}", {f"{k:8}": v for k, v in OUTCOME_STYLE.items()}),
                answer.step.question,
            )
            for seen in answer.observations:
                out.print("        ", safe(f"{seen.subject}: {seen.saw}", "dim"), soft_wrap=True)
                if seen.fix and seen.outcome is not verification.Outcome.PASSED:
                    out.print("        ", safe(f"→ {seen.fix}"), soft_wrap=True)
    if as_json:
        document({"checks": [_answer(answer) for answer in answers]})
    if any(answer.outcome is not verification.Outcome.PASSED for answer in answers):
        raise typer.Exit(Exit.FINDINGS)


def _answer(answer: Any) -> dict[str, Any]:
    return {
        "id": answer.step.id,
        "question": answer.step.question,
        "outcome": answer.outcome.value,
        "observations": [
            {"subject": seen.subject, "outcome": seen.outcome.value, "saw": seen.saw, "fix": seen.fix}
            for seen in answer.observations
        ],
    }


def _show(report: Any, violations: int) -> None:
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
    note(
        f"score {_score(totals)}: {totals.compliant} compliant, {totals.non_compliant} violations, "
        f"{totals.not_evaluated} not evaluated"
    )


def _numbers(counts: Any) -> tuple[str, str, str, str]:
    return str(counts.compliant), str(counts.non_compliant), str(counts.not_evaluated), _score(counts)


def _show_groups(what: str, groups: Mapping[str, Any]) -> None:
    out.print()
    rows = [(name, *_numbers(counts)) for name, counts in groups.items()]
    table(f"By {what}", (what, *NUMBERS), rows, right=NUMBERS)


def _show_violations(report: Any, most: int) -> None:
    found = report.violations[:most]
    if not found:
        return
    severity = {rule.rule.name: rule.rule.severity.value for rule in report.rules}
    out.print()
    out.print(f"[bold]Violations: {len(found)} of {len(report.violations)}[/]")
    for each in found:
        violation(severity[each.rule], each.resource_id, each.rule, each.annotation)


def _score(counts: Any) -> str:
    return "none" if counts.score is None else f"{counts.score:.1f} %"


@report_app.command("run")
def report_run(
    kind: Annotated[Kind, typer.Argument(help="Which report.")] = Kind.COMPLIANCE,
    project: ProjectOption = None,
    env: EnvOption = "dev",
    target: TargetOption = Target.LOCAL,
    region: RegionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run a report function now, and say what it wrote.

    [dim]Example:[/] watchkeeper report run executive
    """
    where = deployed(project, env, target, region)
    name = {"compliance": "compliance-report", "daily": "daily-aggregator", "executive": "executive-summary"}[
        kind.value
    ]
    with aws_errors():
        before = {item["Key"] for item in _listed(where, kind)}
        answer = where.clients("lambda").invoke(FunctionName=where.outputs["functionNames"][name], Payload=b"{}")
        text = answer["Payload"].read().decode(errors="replace")
        if "FunctionError" in answer:
            raise CommandError(f"{name} failed: {text}", hint=f"Read its log: /aws/lambda/{name}-{env}")
        written = [item for item in _listed(where, kind) if item["Key"] not in before]
    _print_keys(written or _listed(where, kind)[-1:], as_json)


@report_app.command("list")
def report_list(
    kind: Annotated[Kind | None, typer.Argument(help="Only this report.")] = None,
    project: ProjectOption = None,
    env: EnvOption = "dev",
    target: TargetOption = Target.LOCAL,
    region: RegionOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the reports that there are, oldest first.

    [dim]Example:[/] watchkeeper report list executive
    """
    where = deployed(project, env, target, region)
    with aws_errors():
        found = [item for each in ([kind] if kind else Kind) for item in _listed(where, each)]
    _print_keys(found, as_json)


@report_app.command("fetch")
def report_fetch(
    key: Annotated[str, typer.Argument(help="Key of one; or compliance, daily or executive for the latest.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write to.", file_okay=False)] = Path(),
    project: ProjectOption = None,
    env: EnvOption = "dev",
    target: TargetOption = Target.LOCAL,
    region: RegionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Download a report.

    [dim]Example:[/] watchkeeper report fetch executive -o reports
    """
    where = deployed(project, env, target, region)
    with aws_errors():
        keys = _latest(where, Kind(key)) if key in set(Kind) else [key]
        if not keys:
            raise CommandError(f"There is no {key} report yet.", hint=f"Make one: watchkeeper report run {key}")
        files = {key: output / Path(key).name for key in keys}
        for each, file in files.items():
            body = where.clients("s3").get_object(Bucket=where.outputs["bucketName"], Key=each)["Body"]
            _write(file, body.read())
    if as_json:
        document([{"key": each, "file": file} for each, file in files.items()])
        return
    for file in files.values():
        out.print(safe(file), soft_wrap=True)


def _write(file: Path, content: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise CommandError(f"{file} can't be written: {error.strerror}.") from error


def _latest(where: Where, kind: Kind) -> list[str]:
    """The newest report's files: all formats of one run share a name but for the ending."""
    keys = [item["Key"] for item in _listed(where, kind)]
    stem = Path(keys[-1]).with_suffix("") if keys else None
    return [key for key in keys if Path(key).with_suffix("") == stem]


def _listed(where: Where, kind: Kind) -> list[dict[str, Any]]:
    from watchkeeper.monitoring.functions import manifest

    prefix = {
        Kind.COMPLIANCE: manifest.PREFIX_COMPLIANCE,
        Kind.DAILY: manifest.PREFIX_DAILY,
        Kind.EXECUTIVE: manifest.PREFIX_EXECUTIVE,
    }[kind]
    paginator = where.clients("s3").get_paginator("list_objects_v2")
    pages = paginator.paginate(Bucket=where.outputs["bucketName"], Prefix=prefix)
    found = [item for page in pages for item in page.get("Contents", ())]
    return sorted(found, key=lambda item: (item["LastModified"], item["Key"]))


def _print_keys(items: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        document([{"key": item["Key"], "bytes": item["Size"], "written": item["LastModified"]} for item in items])
        return
    rows = [(f"{item['LastModified']:%Y-%m-%d %H:%M}", str(item["Size"]), item["Key"]) for item in items]
    table("", ("written", "bytes", "key"), rows, right=("bytes",))


def deployed(project: Path | None, env: str, target: Target, region: str | None) -> Where:
    """The endpoint of a deployment with its settings and outputs. Raises CommandError when nothing is deployed."""
    from watchkeeper import clients
    from watchkeeper.cli.deploy import engine_errors, load_project
    from watchkeeper.clients import EndpointError
    from watchkeeper.local import deploying
    from watchkeeper.monitoring.settings import from_pulumi_config
    from watchkeeper.pulumi.engine.state import StateError

    folder = find_project(project)
    loaded = load_project(folder, env)
    try:
        if target is Target.LOCAL:
            where = deploying.clients_in(state_folder(folder) / "aws", region or loaded.region)
            outputs = deploying.outputs(state_folder(folder), loaded.name, loaded.stack)
        else:
            from watchkeeper.pulumi import automation

            where = clients.of_caller(region or loaded.region)
            with engine_errors():
                outputs = automation.outputs(folder, env)
    except EndpointError as error:
        raise CommandError(str(error), hint=error.hint) from error
    except StateError as error:
        raise CommandError(str(error)) from error
    if "bucketName" not in outputs:
        raise CommandError(
            f'Nothing is deployed: the stack "{env}" of {loaded.name} has no outputs.',
            hint=f"Deploy it with: watchkeeper up --env {env} --target {target.value}",
        )
    return Where(where, from_pulumi_config(loaded.config), outputs)


@contextmanager
def aws_errors() -> Iterator[None]:
    """Turns what boto3 raises into a message with AWS's operation and code."""
    from botocore.exceptions import BotoCoreError, ClientError

    from watchkeeper.clients import EndpointError

    try:
        yield
    except ClientError as error:
        said = error.response["Error"]
        raise CommandError(f"{error.operation_name}: {said['Code']}: {said.get('Message', '')}") from error
    except BotoCoreError as error:
        raise CommandError(f"AWS does not answer: {error}") from error
    except EndpointError as error:
        raise CommandError(str(error), hint=error.hint) from error
