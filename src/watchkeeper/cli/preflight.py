"""``preflight``: what would sink a deployment, before anything is deployed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchkeeper.cli.errors import CommandError, Exit
from watchkeeper.cli.findings import Given, look, selected_checks, show
from watchkeeper.cli.options import RegionOption, Target
from watchkeeper.cli.output import document, note, out, raw, safe, table
from watchkeeper.cli.projects import find_project, state_folder

if TYPE_CHECKING:
    from watchkeeper.preflight import AccountState, AskAccount, Check, Report
    from watchkeeper.pulumi.graph import Graph

DIFFERENCE = {"-": "red", "+": "green"}


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
    chosen: Given = {"select": tuple(select or ()), "ignore": tuple(ignore or ())}
    if list_checks:
        _list(selected_checks(chosen), as_json)
        return
    if explain:
        _explain(explain, as_json)
        return
    given: Given = {"baseline": _baseline(baseline)}
    if select:
        given["select"] = tuple(select)
    if ignore:
        given["ignore"] = tuple(ignore)
    if environment is not None:
        given["environment"] = environment
    if required_tag:
        given["required_tags"] = tuple(filter(None, required_tag))
    if shared_role:
        given["shared_roles"] = tuple(shared_role)
    if destroyable is not None:
        given["destroyable"] = destroyable
    place = target or find_project(None, "a target: watchkeeper preflight TARGET")
    report = look(place, env, region, given, settings, _account(account, place))
    if write_baseline:
        _write_baseline(report, write_baseline)
        return
    _print(report, Format.JSON if as_json else fmt or Format.TERMINAL)
    raise typer.Exit(report.exit_code)


def _list(chosen: Sequence[Check], as_json: bool) -> None:
    """The checks as a table, or as JSON with all that there is to say of them."""
    from watchkeeper.preflight.examples.explained import documents_of

    if as_json:
        document(documents_of(chosen), "preflight-list")
        return
    rows = [(check.id, check.severity, check.title) for check in chosen]
    table("", ("check", "severity", "what it says"), rows)


def _explain(name: str, as_json: bool) -> None:
    """One check, explained. Raises CommandError when there is none of that name."""
    from watchkeeper.aws.suggest import nearest
    from watchkeeper.preflight import checks
    from watchkeeper.preflight.examples.explained import document_of, example_of

    check = checks().get(name)
    if check is None:
        near = nearest(name, checks())
        hint = f"Did you mean {near}?" if near else "See: watchkeeper preflight --list"
        raise CommandError(f'No check is named "{name}".', hint=hint, code=Exit.USAGE)
    if as_json:
        document(document_of(check), "preflight-explain")
        return
    out.print(safe(f"{check.id}: {check.title}", "bold"))
    for title, text in (
        ("", f"Severity: {check.severity}. Tags: {', '.join(check.tags)}."),
        ("", check.explanation),
        ("What AWS does", check.aws_does),
        ("What to write", check.fix),
        ("Example", example_of(check)),
        ("Accepting it", f"# watchkeeper: ignore[{check.id}] why it is fine here until 2027-01-01"),
        ("Source", check.source),
    ):
        if not text:
            continue
        out.print()
        if title:
            out.print(safe(title, "bold"))
        for line in text.splitlines():
            out.print(safe(line, DIFFERENCE.get(line[:1], "") if title == "Example" else ""))


def _one_of(given: Mapping[str, object]) -> None:
    """Raises CommandError when options that exclude each other are given together."""
    names = [name for name, value in given.items() if value]
    if len(names) > 1:
        raise CommandError(f"{' and '.join(names)} don't go together.", hint="Give one of them.", code=Exit.USAGE)


def _print(report: Report, fmt: Format) -> None:
    """The report on standard output: a terminal's places as seen from here, others' from the top of the repository."""
    from watchkeeper.preflight import formats
    from watchkeeper.preflight.run import places

    if fmt is Format.TERMINAL:
        show(report)
        return
    raw(formats.render(places.located(report, places.highest(Path(report.root))), fmt.value))


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

    def ask(graph: Graph, region: str | None) -> AccountState:
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


def _deployed(folder: Path, graph: Graph) -> frozenset[str]:
    """The URNs that our own engine made in the embedded AWS."""
    from watchkeeper.local import deploying
    from watchkeeper.pulumi.engine.state import read_state

    content = read_state(deploying.state_file(state_folder(folder), graph.project, graph.stack))
    return frozenset(content.resources) if content else frozenset()
