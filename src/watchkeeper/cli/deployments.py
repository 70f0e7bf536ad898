"""What ``preview``, ``up`` and ``destroy`` share: the project with its embedded AWS, and how a deployment ended."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from watchkeeper.cli.errors import Exit
from watchkeeper.cli.output import document, err, note, safe, table
from watchkeeper.cli.projects import load_project
from watchkeeper.cli.servers import running_server

if TYPE_CHECKING:
    from watchkeeper.local.server import Running
    from watchkeeper.pulumi.automation import Outcome
    from watchkeeper.pulumi.engine.deployment import Result
    from watchkeeper.pulumi.engine.program import Project


def on_embedded_aws(folder: Path, env: str, *, start: bool = False) -> tuple[Project, Running]:
    """The project, with its settings found good, and its running embedded AWS."""
    loaded = load_project(folder, env)
    return loaded, running_server(folder, start=start, region=loaded.region)


def tell_interrupted(state: Path) -> None:
    """Name each creation that was cut short: a plan can't know whether it exists."""
    from watchkeeper.pulumi.engine.monitor import urn_name
    from watchkeeper.pulumi.engine.state import interrupted_creations, read_state, settling

    for pending in interrupted_creations(read_state(state)):
        urn = pending.resource.urn
        what = (
            f"the creation of {pending.resource.type} {urn_name(urn)!r} ({pending.since}); the next `up` looks for it."
        )
        err.print("[yellow]interrupted[/]", safe(f"{what} If it can't tell: {settling(urn)}."), soft_wrap=True)


def show_result(result: Result, as_json: bool) -> None:
    """How our own engine ended; raises Exit where it failed."""
    if as_json:
        document(result.document, "deployment")
    else:
        show_outputs(result.shown_outputs)
    note(f"{counted(result.counts)} in {result.seconds:.1f} s")
    if result.ok:
        return
    for error in result.errors:
        err.print("[bold red]error[/]", safe(error))
    if result.skipped:
        note(f"{len(result.skipped)} resources were not begun, because something they need failed.")
    raise typer.Exit(Exit.FAILED)


def show_outcome(outcome: Outcome, as_json: bool) -> None:
    """What the Pulumi CLI did: it ended well, or `engine_errors` had it."""
    if as_json:
        document(outcome.document, "deployment")
        return
    show_outputs(outcome.outputs)
    note(f"{counted(outcome.counts)} in {outcome.seconds:.1f} s")


def show_outputs(outputs: Mapping[str, object]) -> None:
    """The stack's outputs, as a table."""
    if outputs:
        table("", ("output", "value"), [(name, _shown(outputs[name])) for name in sorted(outputs)])


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(str(part) for part in value.values())
    return ", ".join(str(part) for part in value) if isinstance(value, list | tuple) else str(value)


def counted(counts: Mapping[str, int]) -> str:
    """``3 create, 1 update``."""
    return ", ".join(f"{count} {change}" for change, count in counts.items()) or "nothing to do"


def echo(text: str) -> None:
    """A line of somebody else's program, as it comes."""
    err.print(safe(text), soft_wrap=True)
