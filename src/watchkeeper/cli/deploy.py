"""``init``, ``preview``, ``up``, ``destroy``."""

from __future__ import annotations

import shlex
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from watchkeeper.cli.checks import look, review, stop_on_errors
from watchkeeper.cli.errors import CommandError, Exit
from watchkeeper.cli.options import (
    EnvOption,
    JsonOption,
    ProjectOption,
    Target,
    TargetOption,
    find_project,
    state_folder,
)
from watchkeeper.cli.output import document, err, note, out, safe, table

CHANGE_STYLE = {"create": "green", "update": "yellow", "replace": "magenta", "delete": "red", "same": "dim"}


def init(
    directory: Annotated[Path, typer.Argument(help="Folder to make.", file_okay=False)] = Path("infra"),
    owner: Annotated[str, typer.Option(help="Who answers for it: the tag Owner.")] = "platform-team",
    as_json: JsonOption = False,
) -> None:
    """Make a Pulumi project that deploys the monitoring: program, dev and prod settings.

    [dim]Example:[/] watchkeeper init infra --owner security-team && watchkeeper up
    """
    from watchkeeper.monitoring import scaffold

    try:
        made = scaffold.write(directory, owner)
    except FileExistsError as error:
        hint = "Nothing was written. Name another folder."
        raise CommandError(f"{error.filename} exists already.", hint=hint, code=Exit.USAGE) from error
    except scaffold.ScaffoldError as error:
        raise CommandError(str(error), hint=error.hint, code=Exit.USAGE) from error
    except OSError as error:
        raise CommandError(f"{directory} can't be written: {error.strerror}.") from error
    if as_json:
        document({"files": made})
    else:
        for file in made:
            out.print(safe(file), soft_wrap=True)
    note("Next:", safe(f"watchkeeper up --project {shlex.quote(str(directory))}", "bold"))


def preview(
    project: ProjectOption = None,
    env: EnvOption = "dev",
    target: TargetOption = Target.LOCAL,
    as_json: JsonOption = False,
) -> None:
    """Show what `up` would create, update, replace and delete.

    [dim]Example:[/] watchkeeper preview --env prod
    """
    folder = find_project(project)
    if target is Target.AWS:
        _pulumi_preview(folder, env, as_json)
        return
    from watchkeeper.local import deploying
    from watchkeeper.pulumi.engine import deployment

    loaded, running = _local(folder, env)
    state = deploying.state_file(state_folder(folder), loaded.name, loaded.stack)
    with engine_errors():
        _tell_interrupted(state)
        steps = deployment.plan(loaded, deploying.provider(running, loaded), state)
    if as_json:
        document(
            {
                "counts": dict(Counter(step.change for step in steps)),
                "steps": [
                    {"type": s.type, "name": s.name, "change": s.change, "properties": s.properties} for s in steps
                ],
            }
        )
        return
    changing = [step for step in steps if step.change != "same"]
    table(
        "",
        ("change", "type", "name", "because of"),
        [(safe(s.change, CHANGE_STYLE[s.change]), s.type, s.name, ", ".join(s.properties)) for s in changing],
    )
    note(_counted(Counter(step.change for step in steps)))


def up(
    project: ProjectOption = None,
    env: EnvOption = "dev",
    target: TargetOption = Target.LOCAL,
    skip_preflight: Annotated[bool, typer.Option("--skip-preflight", help="Deploy without looking first.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Deploy the project: to the embedded AWS, or with --target aws through the Pulumi CLI.

    The preflight checks run first; an error among their findings stops the deployment.

    [dim]Examples:[/]
    watchkeeper up
    watchkeeper up --env prod --target aws
    """
    folder = find_project(project)
    if target is Target.AWS:
        load_project(folder, env)
        if not skip_preflight:
            stop_on_errors(look(folder, env, None, {}))
        _pulumi_up(folder, env, as_json)
        return
    from watchkeeper.local import deploying
    from watchkeeper.pulumi.engine import deployment

    loaded, running = _local(folder, env, start=True)
    provider = deploying.provider(running, loaded)
    with engine_errors(), _progress(f"Deploying {loaded.name} ({loaded.stack})") as tell:
        result = deployment.up(
            loaded,
            provider,
            deploying.state_file(state_folder(folder), loaded.name, loaded.stack),
            on_event=lambda event: tell(event.kind, f"{event.step} {event.type} {event.name}", event.detail),
            review=deployment.UNREVIEWED if skip_preflight else review(loaded, provider.region, running.account),
        )
    _ended(result, as_json)


def destroy(
    project: ProjectOption = None,
    env: EnvOption = "dev",
    target: TargetOption = Target.LOCAL,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete everything that the project deployed.

    [dim]Example:[/] watchkeeper destroy --yes
    """
    folder = find_project(project)
    if not yes:
        typer.confirm(f"Destroy everything of {folder.name} ({env}) on {target.value}?", abort=True, err=True)
    if target is Target.AWS:
        from watchkeeper.pulumi import automation

        started = time.monotonic()
        with engine_errors():
            counts = automation.destroy(folder, env, _echo)
        _pulumi_ended(counts, {}, time.monotonic() - started, as_json)
        return
    from watchkeeper.local import deploying
    from watchkeeper.pulumi.engine import deployment

    loaded, running = _local(folder, env)
    with engine_errors(), _progress(f"Destroying {loaded.name} ({loaded.stack})") as tell:
        result = deployment.destroy(
            loaded.name,
            loaded.stack,
            deploying.provider(running, loaded),
            deploying.state_file(state_folder(folder), loaded.name, loaded.stack),
            on_event=lambda event: tell(event.kind, f"{event.step} {event.type} {event.name}", event.detail),
        )
    _ended(result, as_json)


def _tell_interrupted(state: Path) -> None:
    """Name each creation that was cut short: a plan can't know whether it exists."""
    from watchkeeper.pulumi.engine.monitor import urn_name
    from watchkeeper.pulumi.engine.state import interrupted_creations, read_state, settling

    for pending in interrupted_creations(read_state(state)):
        urn = pending.resource.urn
        what = (
            f"the creation of {pending.resource.type} {urn_name(urn)!r} ({pending.since}); the next `up` looks for it."
        )
        err.print("[yellow]interrupted[/]", safe(f"{what} If it can't tell: {settling(urn)}."), soft_wrap=True)


def _local(folder: Path, env: str, *, start: bool = False) -> tuple[Any, Any]:
    """The project, with its settings found good, and its running embedded AWS."""
    from watchkeeper.cli.local import running_server

    loaded = load_project(folder, env)
    return loaded, running_server(folder, start=start, region=loaded.region)


def load_project(folder: Path, env: str) -> Any:
    """The project of a stack, its settings validated as a whole. Raises CommandError with everything that is wrong."""
    from watchkeeper.monitoring.settings import NAMESPACE, SettingsError, from_pulumi_config
    from watchkeeper.pulumi.engine.program import ProjectError
    from watchkeeper.pulumi.engine.program import load_project as load

    try:
        loaded = load(folder, env)
        if any(key.startswith(f"{NAMESPACE}:") for key in loaded.config):
            from_pulumi_config(loaded.config, f"Pulumi.{env}.yaml")
    except (ProjectError, SettingsError) as error:
        raise CommandError(str(error), code=Exit.USAGE) from error
    return loaded


@contextmanager
def engine_errors() -> Iterator[None]:
    """What a deployment can end with, as messages."""
    from watchkeeper.pulumi.automation import DeploymentError
    from watchkeeper.pulumi.engine.deployment import PlanError
    from watchkeeper.pulumi.engine.program import ProjectError
    from watchkeeper.pulumi.engine.state import StateError

    try:
        yield
    except DeploymentError as error:
        raise CommandError(str(error), hint=error.hint) from error
    except ProjectError as error:
        raise CommandError(str(error), code=Exit.USAGE) from error
    except (StateError, PlanError) as error:
        raise CommandError(str(error)) from error


@contextmanager
def _progress(title: str) -> Iterator[Any]:
    """A line that moves on a terminal; failures as lines of their own; nothing else when piped."""
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task(title, total=None)
        done = Counter[str]()

        def tell(kind: str, what: str, detail: str) -> None:
            done[kind] += 1
            if kind == "failed":
                err.print("[bold red]failed[/]", safe(what), safe(detail))
            elif kind == "log" and detail:
                err.print(safe(detail, "dim"))
            else:
                progress.update(task, description=f"{title}: {done['succeeded']} done, {safe(what).plain}"[:100])

        yield tell


def _ended(result: Any, as_json: bool) -> None:
    if as_json:
        document(
            {
                "ok": result.ok,
                "counts": dict(result.counts),
                "errors": [str(error) for error in result.errors],
                "skipped": list(result.skipped),
                "outputs": plain_outputs(result.outputs),
                "seconds": round(result.seconds, 3),
            }
        )
    else:
        _show_outputs(plain_outputs(result.outputs))
    note(f"{_counted(result.counts)} in {result.seconds:.1f} s")
    if result.ok:
        return
    for error in result.errors:
        err.print("[bold red]error[/]", safe(error))
    if result.skipped:
        note(f"{len(result.skipped)} resources were not begun, because something they need failed.")
    raise typer.Exit(Exit.FAILED)


def plain_outputs(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs without the secret ones."""
    from watchkeeper.pulumi.graph import Secret

    return {name: value for name, value in outputs.items() if not isinstance(value, Secret)}


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(str(part) for part in value.values())
    return ", ".join(str(part) for part in value) if isinstance(value, list | tuple) else str(value)


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {change}" for change, count in counts.items()) or "nothing to do"


def _echo(text: str) -> None:
    err.print(safe(text))


def _pulumi_preview(folder: Path, env: str, as_json: bool) -> None:
    from watchkeeper.pulumi import automation

    load_project(folder, env)
    with engine_errors():
        counts = automation.preview(folder, env, _echo)
    if as_json:
        document({"counts": counts})
    else:
        note(_counted(counts))


def _pulumi_up(folder: Path, env: str, as_json: bool) -> None:
    from watchkeeper.pulumi import automation

    started = time.monotonic()
    with engine_errors():
        counts, outputs = automation.up(folder, env, _echo)
    _pulumi_ended(counts, outputs, time.monotonic() - started, as_json)


def _pulumi_ended(counts: Mapping[str, int], outputs: Mapping[str, Any], seconds: float, as_json: bool) -> None:
    """What the Pulumi CLI did: it ended well, or `engine_errors` had it."""
    if as_json:
        document(
            {
                "ok": True,
                "counts": counts,
                "errors": [],
                "skipped": [],
                "outputs": outputs,
                "seconds": round(seconds, 3),
            }
        )
        return
    _show_outputs(outputs)
    note(f"{_counted(counts)} in {seconds:.1f} s")


def _show_outputs(outputs: Mapping[str, Any]) -> None:
    if outputs:
        table("", ("output", "value"), [(name, _shown(outputs[name])) for name in sorted(outputs)])
