"""``destroy``: deletes everything that the project deployed."""

from __future__ import annotations

from typing import Annotated

import typer

from watchkeeper.cli.deployments import echo, on_embedded_aws, show_outcome, show_result
from watchkeeper.cli.endpoints import engine_errors
from watchkeeper.cli.options import EnvOption, InstallPulumiOption, JsonOption, ProjectOption, Target, TargetOption
from watchkeeper.cli.progress import deployment_progress
from watchkeeper.cli.projects import find_project, state_folder


def destroy(
    project: ProjectOption = None,
    env: EnvOption = "dev",
    target: TargetOption = Target.LOCAL,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    install_pulumi: InstallPulumiOption = False,
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

        with engine_errors():
            outcome = automation.destroy(folder, env, echo, install=install_pulumi)
        show_outcome(outcome, as_json)
        return
    from watchkeeper.local import deploying
    from watchkeeper.pulumi.engine import deployment

    loaded, running = on_embedded_aws(folder, env)
    with engine_errors(), deployment_progress(f"Destroying {loaded.name} ({loaded.stack})") as tell:
        result = deployment.destroy(
            loaded.name,
            loaded.stack,
            deploying.provider(running, loaded),
            deploying.state_file(state_folder(folder), loaded.name, loaded.stack),
            on_event=lambda event: tell(event.kind, f"{event.step} {event.type} {event.name}", event.detail),
        )
    show_result(result, as_json)
