"""``up``: deploys the project."""

from __future__ import annotations

from typing import Annotated

import typer

from watchkeeper.cli.deployments import echo, on_embedded_aws, show_outcome, show_result
from watchkeeper.cli.endpoints import engine_errors
from watchkeeper.cli.findings import look, review, stop_on_errors
from watchkeeper.cli.options import EnvOption, InstallPulumiOption, JsonOption, ProjectOption, Target, TargetOption
from watchkeeper.cli.progress import deployment_progress
from watchkeeper.cli.projects import find_project, load_project, state_folder


def up(
    project: ProjectOption = None,
    env: EnvOption = "dev",
    target: TargetOption = Target.LOCAL,
    skip_preflight: Annotated[bool, typer.Option("--skip-preflight", help="Deploy without looking first.")] = False,
    install_pulumi: InstallPulumiOption = False,
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
        from watchkeeper.pulumi import automation

        with engine_errors():
            outcome = automation.up(folder, env, echo, install=install_pulumi)
        show_outcome(outcome, as_json)
        return
    from watchkeeper.local import deploying
    from watchkeeper.pulumi.engine import deployment

    loaded, running = on_embedded_aws(folder, env, start=True)
    provider = deploying.provider(running, loaded)
    with engine_errors(), deployment_progress(f"Deploying {loaded.name} ({loaded.stack})") as tell:
        result = deployment.up(
            loaded,
            provider,
            deploying.state_file(state_folder(folder), loaded.name, loaded.stack),
            on_event=lambda event: tell(event.kind, f"{event.step} {event.type} {event.name}", event.detail),
            review=deployment.UNREVIEWED if skip_preflight else review(loaded, provider.region, running.account),
        )
    show_result(result, as_json)
