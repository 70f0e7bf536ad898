"""``preview``: what ``up`` would do."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from watchkeeper.cli.deployments import counted, echo, on_embedded_aws, tell_interrupted
from watchkeeper.cli.endpoints import engine_errors
from watchkeeper.cli.options import EnvOption, InstallPulumiOption, JsonOption, ProjectOption, Target, TargetOption
from watchkeeper.cli.output import document, note, safe, table
from watchkeeper.cli.projects import find_project, load_project, state_folder

CHANGE_STYLE = {"create": "green", "update": "yellow", "replace": "magenta", "delete": "red", "same": "dim"}


def preview(
    project: ProjectOption = None,
    env: EnvOption = "dev",
    target: TargetOption = Target.LOCAL,
    install_pulumi: InstallPulumiOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show what `up` would create, update, replace and delete.

    [dim]Example:[/] watchkeeper preview --env prod
    """
    folder = find_project(project)
    if target is Target.AWS:
        _with_pulumi(folder, env, as_json, install=install_pulumi)
        return
    from watchkeeper.local import deploying
    from watchkeeper.pulumi.engine import deployment

    loaded, running = on_embedded_aws(folder, env)
    state = deploying.state_file(state_folder(folder), loaded.name, loaded.stack)
    with engine_errors():
        tell_interrupted(state)
        steps = deployment.plan(loaded, deploying.provider(running, loaded), state)
    if as_json:
        document(deployment.document_of(steps), "preview")
        return
    changing = [step for step in steps if step.change != "same"]
    table(
        "",
        ("change", "type", "name", "because of"),
        [(safe(s.change, CHANGE_STYLE[s.change]), s.type, s.name, ", ".join(s.properties)) for s in changing],
    )
    note(counted(Counter(step.change for step in steps)))


def _with_pulumi(folder: Path, env: str, as_json: bool, *, install: bool) -> None:
    from watchkeeper.pulumi import automation

    load_project(folder, env)
    with engine_errors():
        outcome = automation.preview(folder, env, echo, install=install)
    if as_json:
        document(outcome.preview_document, "preview")
    else:
        note(counted(outcome.counts))
