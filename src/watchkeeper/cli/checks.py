"""``preflight``: what would sink a deployment, before anything is deployed."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from watchkeeper.cli import check_pages
from watchkeeper.cli.errors import CommandError, Exit
from watchkeeper.cli.options import RegionOption, Target, check_region, find_project, state_folder
from watchkeeper.cli.output import err, note, out, raw, safe

if TYPE_CHECKING:
    from watchkeeper.preflight import AskAccount, Check, Report

LINE_STYLE: Mapping[str, str] = {
    "resource": "bold",
    "error": "red",
    "warning": "yellow",
    "unsure": "cyan",
    "detail": "",
    "note": "dim",
    "summary": "bold",
}


class Format(StrEnum):
    """What to print."""

    TERMINAL = "terminal"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    GITHUB = "github"
    MARKDOWN = "markdown"


def preflight(
    target: Annotated[
        Path | None,
        typer.Argument(
            help=(
                "A Pulumi project (Python or TypeScript), the output of `pulumi preview --json` or "
                "`pulumi stack export`, a CloudFormation template, or `terraform show -json` of a plan. "
                "Default: this project."
            ),
            show_default=False,
        ),
    ] = None,
    env: Annotated[
        str,
        typer.Option(
            "--env",
            "-e",
            help="Environment: a project's Pulumi stack. Default: dev, or the only one.",
            show_default=False,
        ),
    ] = "",
    select: Annotated[list[str] | None, typer.Option("--select", help="Only these checks or tags; repeatable.")] = None,
    ignore: Annotated[list[str] | None, typer.Option("--ignore", help="Not these checks or tags; repeatable.")] = None,
    fmt: Annotated[Format | None, typer.Option("--format", "-f", help="Output format. Default: terminal.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    explain: Annotated[str | None, typer.Option("--explain", help="Explain a check instead of running any.")] = None,
    list_checks: Annotated[bool, typer.Option("--list", help="List the checks instead of running any.")] = False,
    account: Annotated[
        Target | None,
        typer.Option("--account", help="Look at this account's state too, read-only.", show_default=False),
    ] = None,
    region: RegionOption = None,
    settings: Annotated[
        Path | None,
        typer.Option(
            help="Settings file. Default: watchkeeper.yaml beside the target, or above it in its repository.",
            dir_okay=False,
            show_default=False,
        ),
    ] = None,
    environment: Annotated[
        str | None,
        typer.Option(help="What chosen names have to carry. Default: the environment.", show_default=False),
    ] = None,
    required_tag: Annotated[
        list[str] | None,
        typer.Option(help="A tag that resources have to carry, in place of those of the settings; repeatable."),
    ] = None,
    shared_role: Annotated[
        list[str] | None, typer.Option(help="A role that functions share knowingly; repeatable.")
    ] = None,
    destroyable: Annotated[
        bool | None,
        typer.Option("--destroyable/--no-destroyable", help="Whether the stack must be destroyable. Default: yes."),
    ] = None,
    baseline: Annotated[Path | None, typer.Option(help="Accept the findings in this file.", dir_okay=False)] = None,
    write_baseline: Annotated[
        Path | None, typer.Option(help="Write today's findings as a baseline.", dir_okay=False)
    ] = None,
) -> None:
    """Find what would go wrong, before anything is deployed.

    The program runs in preview, offline. What could not be looked at is said, and is not a pass. A finding is accepted
    with a comment beside the resource: `# watchkeeper: ignore[CHECK] reason until 2027-01-01`, or in watchkeeper.yaml.

    [dim]Examples:[/]
    watchkeeper preflight infra --env prod
    watchkeeper preflight template.yaml --format sarif
    watchkeeper preflight --explain managed-rule-exists
    """
    _one_of({"--list": list_checks, "--explain": explain, "--write-baseline": write_baseline})
    _one_of({"--baseline": baseline, "--write-baseline": write_baseline})
    _one_of({"--json": as_json, f"--format {fmt}": fmt not in (None, Format.JSON)})
    as_json = as_json or fmt is Format.JSON
    chosen = {"select": tuple(select or ()), "ignore": tuple(ignore or ())}
    if list_checks:
        check_pages.show_list(_selected(chosen), as_json)
        return
    if explain:
        check_pages.show(explain, as_json)
        return
    given = {
        **{key: names for key, names in chosen.items() if names},
        **({} if environment is None else {"environment": environment}),
        **({"required_tags": tuple(filter(None, required_tag))} if required_tag else {}),
        **({"shared_roles": tuple(shared_role)} if shared_role else {}),
        **({} if destroyable is None else {"destroyable": destroyable}),
        "baseline": _baseline(baseline),
    }
    place = target or find_project(None, "a target: watchkeeper preflight TARGET")
    report = look(place, env, region, given, settings, _account(account, place))
    if write_baseline:
        _write_baseline(report, write_baseline)
        return
    _print(report, Format.JSON if as_json else fmt or Format.TERMINAL)
    raise typer.Exit(report.exit_code)


def look(
    target: Path,
    env: str,
    region: str | None,
    given: Mapping[str, Any],
    settings_file: Path | None = None,
    ask: AskAccount | None = None,
) -> Report:
    """The report on a target. Raises CommandError when it or its settings can't be read, or no check is left to run."""
    from watchkeeper.preflight import SettingsError, TargetError, inspect
    from watchkeeper.pulumi.engine.program import ProjectError

    if region:
        check_region(region)
    if given.get("select") or given.get("ignore"):
        _selected(given)  # else the checks are loaded while the program runs
    try:
        report = inspect(target, given, stack=env, region=region, settings_file=settings_file, ask=ask)
    except (TargetError, SettingsError, ProjectError) as error:
        raise CommandError(str(error), code=Exit.USAGE) from error
    if not report.checks_run:
        raise CommandError("No check is left to run.", hint="Loosen --select and --ignore.", code=Exit.USAGE)
    return report


def _selected(given: Mapping[str, Any]) -> list[Check]:
    """The checks that are chosen on the command line. Raises CommandError when a name is none."""
    from watchkeeper.aws.suggest import nearest
    from watchkeeper.preflight import Options, checks
    from watchkeeper.preflight.registry import selected, unknown_names

    select, ignore = given.get("select", ()), given.get("ignore", ())
    unknown = unknown_names((*select, *ignore))
    if unknown:
        near = [f"{name} (did you mean {nearest(name, checks()) or 'one of --list'}?)" for name in unknown]
        raise CommandError(
            f"No check is named {', '.join(near)}.", hint="See: watchkeeper preflight --list", code=Exit.USAGE
        )
    return selected(Options(select=select, ignore=ignore))


def _one_of(given: Mapping[str, object]) -> None:
    """Raises CommandError when options that exclude each other are given together."""
    names = [name for name, value in given.items() if value]
    if len(names) > 1:
        raise CommandError(f"{' and '.join(names)} don't go together.", hint="Give one of them.", code=Exit.USAGE)


def review(project: Any, region: str, account: str) -> Any:
    """The same checks over the preview that a deployment by our own engine makes anyway: the program runs once less."""
    from watchkeeper.preflight import SettingsError, judge
    from watchkeeper.preflight.inputs import pulumi_program
    from watchkeeper.preflight.registry import warm_up
    from watchkeeper.pulumi.engine.deployment import Review

    def approve(shown: Any) -> None:
        try:
            report = judge(pulumi_program.target_of(project, shown), project.directory)
        except SettingsError as error:
            raise CommandError(str(error), code=Exit.USAGE) from error
        stop_on_errors(report)

    return Review(approve, pulumi_program.foreseeing(region, account), warm_up)


def stop_on_errors(report: Any) -> None:
    """What `up` does first: shows the findings, and raises CommandError when an error is among them."""
    errors = [finding for finding in report.findings if finding.severity == "error"]
    if report.findings or report.errors:
        _show(report, err)
    if errors:
        hint = "Correct them, accept them with a comment and a reason, or deploy with --skip-preflight."
        raise CommandError(
            f"Preflight found {len(errors)} error{'s' * (len(errors) > 1)}; nothing was deployed.",
            hint=hint,
            code=Exit.FINDINGS,
        )
    if report.errors:
        raise CommandError(f"{len(report.errors)} preflight checks crashed: this is a fault of Watchkeeper.")


def _print(report: Report, fmt: Format) -> None:
    """The report on standard output: a terminal's places as seen from here, others' from the top of the repository."""
    from watchkeeper.preflight import formats
    from watchkeeper.preflight.run import places

    if fmt is Format.TERMINAL:
        _show(report)
        return
    raw(formats.render(places.located(report, places.highest(Path(report.root))), fmt.value))


def _show(report: Report, console: Console = out) -> None:
    from watchkeeper.preflight.formats import terminal
    from watchkeeper.preflight.run import places

    width = min(console.width, terminal.WIDTH) if console.is_terminal else terminal.WIDTH
    for line in terminal.lines(places.located(report, Path.cwd()), width):
        console.print(safe(line.text, LINE_STYLE.get(line.kind, "")), soft_wrap=True)


def _write_baseline(report: Report, file: Path) -> None:
    from watchkeeper.preflight.run import suppress

    try:
        count = suppress.write_baseline(report.findings, file)
    except OSError as error:
        raise CommandError(f"{file} can't be written: {error.strerror}", code=Exit.USAGE) from error
    note(safe(f"wrote {count} findings to {file}"))
    left = len(report.findings) - count
    if left:
        note(safe(f"{left} can't be accepted that way: a program that stops, a suppression that is over or wrong"))


def _baseline(file: Path | None) -> frozenset[str]:
    from watchkeeper.preflight.run import suppress

    if file is None:
        return frozenset()
    try:
        return suppress.read_baseline(file)
    except suppress.BaselineError as error:
        raise CommandError(str(error), code=Exit.USAGE) from error


def _account(where: Target | None, target: Path) -> AskAccount | None:
    """How to ask the account, when that was asked for."""
    if where is None:
        return None

    def ask(graph: Any, region: str | None) -> Any:
        from watchkeeper import clients
        from watchkeeper.clients import EndpointError
        from watchkeeper.local import deploying
        from watchkeeper.preflight.account import state

        try:
            if where is Target.AWS:
                return state.read(clients.of_caller(region), graph)
            folder = target if target.is_dir() else find_project(None)
            reached = deploying.clients_in(state_folder(folder) / "aws", region)
            return state.read(reached, graph, _deployed(folder, graph))
        except EndpointError as error:
            raise CommandError(str(error), hint=error.hint) from error

    return ask


def _deployed(folder: Path, graph: Any) -> frozenset[str]:
    """The URNs that our own engine made in the embedded AWS."""
    from watchkeeper.local import deploying
    from watchkeeper.pulumi.engine.state import read_state

    content = read_state(deploying.state_file(state_folder(folder), graph.project, graph.stack))
    return frozenset(content.resources) if content else frozenset()
