"""``preflight``: what would sink a deployment, before anything is deployed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from watchkeeper.cli.errors import CommandError, Exit
from watchkeeper.cli.options import RegionOption, Target, find_project, state_folder
from watchkeeper.cli.output import err, note, out, safe

AskAccount = Callable[[Any, str | None], Any]
"""From the graph and the region to the account's state."""
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
    env: Annotated[str, typer.Option("--env", "-e", help="Pulumi stack. Default: dev, or the only one.")] = "",
    select: Annotated[list[str] | None, typer.Option("--select", help="Only these checks or tags; repeatable.")] = None,
    ignore: Annotated[list[str] | None, typer.Option("--ignore", help="Not these checks or tags; repeatable.")] = None,
    fmt: Annotated[Format, typer.Option("--format", "-f", help="Output format.")] = Format.TERMINAL,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    explain: Annotated[str | None, typer.Option("--explain", help="Explain a check instead of running any.")] = None,
    list_checks: Annotated[bool, typer.Option("--list", help="List the checks instead of running any.")] = False,
    account: Annotated[
        Target | None,
        typer.Option("--account", help="Look at this account's state too, read-only.", show_default=False),
    ] = None,
    region: RegionOption = None,
    baseline: Annotated[Path | None, typer.Option(help="Accept the findings in this file.", dir_okay=False)] = None,
    write_baseline: Annotated[
        Path | None, typer.Option(help="Write today's findings as a baseline.", dir_okay=False)
    ] = None,
) -> None:
    """Find what would go wrong, before anything is deployed.

    The program runs in preview, offline. What could not be looked at is said, and is not a pass. A finding is accepted
    with a comment beside the resource: `# watchkeeper: ignore[CHECK] reason until 2027-01-01`.

    [dim]Examples:[/]
    watchkeeper preflight infra --env prod
    watchkeeper preflight template.yaml --format sarif
    watchkeeper preflight --explain managed-rule-exists
    """
    if list_checks:
        _list()
        return
    if explain:
        _explain(explain)
        return
    from watchkeeper.preflight import formats, suppress

    options = {
        "select": tuple(select or ()),
        "ignore": tuple(ignore or ()),
        "baseline": _baseline(baseline),
    }
    place = target or find_project(None)
    report = look(place, env, region, options, _account(account, place))
    if write_baseline:
        suppress.write_baseline(report.findings, write_baseline)
        note(safe(f"wrote {len(report.findings)} findings to {write_baseline}"))
        return
    if as_json:
        fmt = Format.JSON
    if fmt is Format.TERMINAL:
        _show(report)
    else:
        out.print(formats.render(report, fmt.value), markup=False, soft_wrap=True, end="")
    raise typer.Exit(report.exit_code)


def look(target: Path, env: str, region: str | None, options: Mapping[str, Any], ask: AskAccount | None = None) -> Any:
    """The report on a target. Raises CommandError when it can't be read, or an option names what there is not."""
    from watchkeeper.engine.program import ProjectError
    from watchkeeper.preflight import Options, inputs, run
    from watchkeeper.preflight.registry import checks, unknown_names

    unknown = unknown_names((*options.get("select", ()), *options.get("ignore", ())))
    if unknown:
        from watchkeeper.catalog import nearest

        near = [f"{name} (did you mean {nearest(name, checks()) or 'one of --list'}?)" for name in unknown]
        raise CommandError(
            f"No check is named {', '.join(near)}.", hint="See: watchkeeper preflight --list", code=Exit.USAGE
        )
    try:
        read = inputs.read_target(target, stack=env, region=region)
    except (inputs.TargetError, ProjectError) as error:
        raise CommandError(str(error), code=Exit.USAGE) from error
    state = ask(read.graph, region or read.graph.region) if ask else None
    return run(read.graph, Options(root=read.root, program_error=read.error, account=state, **options))


def stop_on_errors(folder: Path, env: str) -> None:
    """What `up` does first: shows the findings, and raises CommandError when an error is among them."""
    report = look(folder, env, None, {})
    errors = [finding for finding in report.findings if finding.severity == "error"]
    if report.findings or report.errors:
        _show(report, err)
    if errors:
        hint = "Correct them, accept them with a comment and a reason, or deploy with --skip-preflight."
        raise CommandError(
            f"Preflight found {len(errors)} errors; nothing was deployed.", hint=hint, code=Exit.FINDINGS
        )
    if report.errors:
        raise CommandError(f"{len(report.errors)} preflight checks crashed: this is a fault of Watchkeeper.")


def _show(report: Any, console: Any = out) -> None:
    from watchkeeper.preflight.formats import terminal

    for line in terminal.lines(report):
        console.print(safe(line.text, LINE_STYLE.get(line.kind, "")), soft_wrap=True)


def _list() -> None:
    from watchkeeper.cli.output import table
    from watchkeeper.preflight import checks

    rows = [(check.id, check.severity, check.title) for check in checks().values()]
    table("", ("check", "severity", "what it finds"), rows)


def _explain(name: str) -> None:
    from watchkeeper.catalog import nearest
    from watchkeeper.preflight import checks

    check = checks().get(name)
    if check is None:
        near = nearest(name, checks())
        hint = f"Did you mean {near}?" if near else "See: watchkeeper preflight --list"
        raise CommandError(f'No check is named "{name}".', hint=hint, code=Exit.USAGE)
    out.print(safe(f"{check.id}: {check.title}", "bold"))
    for title, text in (
        ("", check.explanation),
        ("What AWS does", check.aws_does),
        ("What to write", check.fix),
        ("Source", check.source),
    ):
        if title:
            out.print(safe(title, "bold"))
        out.print(safe(text))


def _baseline(file: Path | None) -> frozenset[str]:
    from watchkeeper.preflight import suppress

    if file is None:
        return frozenset()
    try:
        return suppress.read_baseline(file)
    except suppress.SuppressionError as error:
        raise CommandError(str(error), code=Exit.USAGE) from error


def _account(where: Target | None, target: Path) -> AskAccount | None:
    """How to ask the account, when that was asked for."""
    if where is None:
        return None

    def ask(graph: Any, region: str | None) -> Any:
        from watchkeeper.deployment import DeploymentError, endpoint
        from watchkeeper.preflight import account

        try:
            if where is Target.AWS:
                return account.read(endpoint.aws(region).client, graph)
            folder = target if target.is_dir() else find_project(None)
            reached = endpoint.embedded(state_folder(folder) / "aws", region)
            return account.read(reached.client, graph, _deployed(folder, graph))
        except DeploymentError as error:
            raise CommandError(str(error), hint=error.hint) from error

    return ask


def _deployed(folder: Path, graph: Any) -> frozenset[str]:
    """The URNs that our own engine made in the embedded AWS."""
    from watchkeeper.deployment import engine as deploying
    from watchkeeper.engine.state import read_state

    content = read_state(deploying.state_file(state_folder(folder), graph.project, graph.stack))
    return frozenset(content.resources) if content else frozenset()
