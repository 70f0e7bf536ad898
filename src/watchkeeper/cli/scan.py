"""``scan``: the rules over accounts that have no recorder."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from watchkeeper.cli import chosen
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
from watchkeeper.cli.endpoints import endpoint
from watchkeeper.cli.errors import CommandError, Exit
from watchkeeper.cli.files import EndpointOption, ListedOption, file_errors
from watchkeeper.cli.options import EnvOption, JsonOption, ProjectOption, Target, TargetOption, check_region
from watchkeeper.cli.output import note, safe
from watchkeeper.cli.progress import scan_progress

if TYPE_CHECKING:
    from watchkeeper.evaluation.scan import ScanResult

_MEANS = {
    "AuthFailure": "the credentials don't count in this region; is it enabled for the account?",
    "UnrecognizedClientException": "the credentials don't count in this region; is it enabled for the account?",
    "OptInRequired": "the account has not enabled this",
    "InvalidClientTokenId": "AWS doesn't know this access key, or the region isn't enabled for the account",
    "ExpiredToken": "the credentials have expired; get new ones",
    "ExpiredTokenException": "the credentials have expired; get new ones",
    "RequestExpired": "the credentials have expired, or this machine's clock is wrong",
    "NoCredentialsError": "no AWS credentials were found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and its secret",
}
"""Error code to what it means to somebody who scans."""


def scan(
    rules: chosen.RulesOption = None,
    framework: chosen.FrameworkOption = None,
    pack: chosen.PackOption = None,
    pack_parameter: chosen.PackParameterOption = None,
    every: chosen.AllRulesOption = False,
    region: Annotated[
        list[str] | None,
        typer.Option("--region", help="AWS region, or all; may be given again. Default: the target's own."),
    ] = None,
    role: Annotated[
        list[str] | None,
        typer.Option(
            "--role", metavar="ARN", help="Scan the account of this role, by assuming it; may be given again."
        ),
    ] = None,
    target: TargetOption = Target.LOCAL,
    endpoint_url: EndpointOption = None,
    violations: ListedOption = 20,
    project: ProjectOption = None,
    env: EnvOption = "dev",
    formats: FormatsOption = None,
    output: OutputOption = None,
    as_json: JsonOption = False,
    fail_on: FailOnOption = None,
    baseline: BaselineOption = None,
    exit_zero: ExitZeroOption = False,
    exceptions: ExceptionsOption = None,
    no_exceptions: NoExceptionsOption = False,
) -> None:
    """Scan accounts that have no recorder: reads what the rules look at, with the fewest calls, and evaluates it.

    Only reads: AWS's policy ReadOnlyAccess is enough. Less will do for some rules; most rules on tags go through Cloud
    Control (cloudformation:ListResources and GetResource). A call that AWS refuses is shown as a gap, never as
    compliant. Exits 1 when a rule is violated or could not judge, 3 when nothing could be read.

    [dim]Examples:[/]
    watchkeeper scan --target aws --region all --framework pci-dss-4.0
    watchkeeper scan --rule DESIRED_INSTANCE_TYPE:instanceType=t3.micro,t3.small --json
    """
    from watchkeeper.cli import results
    from watchkeeper.evaluation import documents
    from watchkeeper.evaluation import scan as scanning

    check_formats(formats, output)
    counts = failing(fail_on, baseline, exit_zero)
    wanted = chosen.chosen_rules(chosen.Asked(rules, framework, pack, pack_parameter, every), project, env)
    where = endpoint(target, endpoint_url, project, region)
    names = region or [where.region or ""]
    for name in names:
        check_region(name, scanning.ALL_REGIONS)
    accept = accepted_by(exceptions, no_exceptions, project, env, datetime.now(UTC))
    with file_errors():
        try:
            reached = scanning.reach(
                where.session, names, roles=role or (), endpoint_url=where.url, account=where.account
            )
        except ValueError as error:
            raise CommandError(str(error), code=Exit.USAGE) from error
        with scan_progress() as tell:
            result = scanning.scan(
                reached.places, wanted, gaps=reached.gaps, calls=reached.calls, on_progress=tell, accept=accept
            )

    def show() -> None:
        results.print_rules(result.rules)
        results.print_violations("Violations", result.violations, result.rules, violations, result.non_compliant)
        note(
            f"{result.resources} resources in {_places(result)}, {result.api_calls} API calls, {result.seconds:.1f} s; "
            f"{result.non_compliant} violations, {result.not_evaluated} not evaluated"
        )

    findings = results.findings(f"Scan of {_places(result)}", result.rules, result.violations, notes=_gaps(result))
    give(Answer("scan", show, lambda: documents.of_scan(result), lambda: findings), formats, output, as_json)
    for line in _gaps(result):
        note("[yellow]gap[/]", safe(line))
    results.note_excepted(result.excepted)
    results.note_without_resources(result.rules)
    results.note_unknown(result.rules)
    if result.nothing_read or not reached.places:
        raise CommandError("Nothing could be read.", hint="The gaps above say which calls were refused.")
    raise typer.Exit(counts.exit_code(findings))


def _places(result: ScanResult) -> str:
    if len(result.places) == 1:
        account, region = result.places[0]
        return f"{account} {region}"
    return f"{len(result.places)} accounts and regions"


def _gaps(result: ScanResult) -> list[str]:
    """Each refused call once: how often, and what it means or what was said; a denial is told by its name."""
    gaps = Counter((g.account, g.region, g.gap.resource_type, g.gap.operation, g.gap.code) for g in result.gaps)
    said = {(g.gap.operation, g.gap.code): g.gap.message for g in result.gaps}
    lines = []
    for (account, region, type_, operation, code), count in gaps.items():
        times = f", {count} times" if count > 1 else ""
        place = " ".join(word for word in (account, region, type_) if word)
        why = _MEANS.get(code) or ("" if "Denied" in code or "Unauthorized" in code else said[operation, code][:200])
        lines.append(f"{place}: {operation}: {code}{times}{why and f' ({why})'}")
    return lines
