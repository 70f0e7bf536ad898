"""What preflight found, looked for and shown: for ``preflight``, and for ``up``, which looks first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from rich.console import Console

from watchkeeper.cli.errors import CommandError, Exit
from watchkeeper.cli.options import check_region
from watchkeeper.cli.output import err, out, safe

if TYPE_CHECKING:
    from watchkeeper.preflight import AskAccount, Check, Report
    from watchkeeper.pulumi.engine.deployment import Review
    from watchkeeper.pulumi.engine.preview import Preview
    from watchkeeper.pulumi.engine.program import Project

LINE_STYLE: Mapping[str, str] = {
    "resource": "bold",
    "error": "red",
    "warning": "yellow",
    "unsure": "cyan",
    "detail": "",
    "note": "dim",
    "summary": "bold",
}


class Given(TypedDict, total=False):
    """The fields of preflight's Options that the command line names."""

    select: tuple[str, ...]
    ignore: tuple[str, ...]
    environment: str
    required_tags: tuple[str, ...]
    shared_roles: tuple[str, ...]
    destroyable: bool
    baseline: frozenset[str]


def look(
    target: Path,
    env: str,
    region: str | None,
    given: Given,
    settings_file: Path | None = None,
    ask: AskAccount | None = None,
) -> Report:
    """The report on a target. Raises CommandError when it or its settings can't be read, or no check is left to run."""
    from watchkeeper.preflight import SettingsError, TargetError, inspect
    from watchkeeper.pulumi.engine.program import ProjectError

    if region:
        check_region(region)
    if given.get("select") or given.get("ignore"):
        selected_checks(given)  # else the checks are loaded while the program runs
    try:
        report = inspect(target, given, stack=env, region=region, settings_file=settings_file, ask=ask)
    except (TargetError, SettingsError, ProjectError) as error:
        raise CommandError(str(error), code=Exit.USAGE) from error
    if not report.checks_run:
        raise CommandError("No check is left to run.", hint="Loosen --select and --ignore.", code=Exit.USAGE)
    return report


def selected_checks(given: Given) -> list[Check]:
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


def review(project: Project, region: str, account: str) -> Review:
    """The same checks over the preview that a deployment by our own engine makes anyway: the program runs once less."""
    from watchkeeper.preflight import SettingsError, judge
    from watchkeeper.preflight.inputs import pulumi_program
    from watchkeeper.preflight.registry import warm_up
    from watchkeeper.pulumi.engine.deployment import Review

    def approve(shown: Preview) -> None:
        try:
            report = judge(pulumi_program.target_of(project, shown), project.directory)
        except SettingsError as error:
            raise CommandError(str(error), code=Exit.USAGE) from error
        stop_on_errors(report)

    return Review(approve, pulumi_program.foreseeing(region, account), warm_up)


def stop_on_errors(report: Report) -> None:
    """What `up` does first: shows the findings, and raises CommandError when an error is among them."""
    errors = [finding for finding in report.findings if finding.severity == "error"]
    if report.findings or report.errors:
        show(report, err)
    if errors:
        hint = "Correct them, accept them with a comment and a reason, or deploy with --skip-preflight."
        raise CommandError(
            f"Preflight found {len(errors)} error{'s' * (len(errors) > 1)}; nothing was deployed.",
            hint=hint,
            code=Exit.FINDINGS,
        )
    if report.errors:
        raise CommandError(f"{len(report.errors)} preflight checks crashed: this is a fault of Watchkeeper.")


def show(report: Report, console: Console = out) -> None:
    from watchkeeper.preflight.formats import terminal
    from watchkeeper.preflight.run import places

    width = min(console.width, terminal.WIDTH) if console.is_terminal else terminal.WIDTH
    for line in terminal.lines(places.located(report, Path.cwd()), width):
        console.print(safe(line.text, LINE_STYLE.get(line.kind, "")), soft_wrap=True)
