"""``settle``: what became of a deployment that was cut short."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from watchkeeper.cli import local
from watchkeeper.cli.deployments import echo
from watchkeeper.cli.endpoints import aws_errors, engine_errors
from watchkeeper.cli.errors import CommandError, Exit
from watchkeeper.cli.options import EnvOption, InstallPulumiOption, JsonOption, ProjectOption, Target, TargetOption
from watchkeeper.cli.output import document, note, safe
from watchkeeper.cli.projects import find_project, load_project

if TYPE_CHECKING:
    from watchkeeper.pulumi.automation import PendingCreation


def settle(
    urn: Annotated[
        str | None, typer.Argument(help="URN of a resource whose id only you can tell.", show_default=False)
    ] = None,
    id_: Annotated[
        str | None,
        typer.Option("--id", help="Id under which it exists. Without it: it does not exist.", show_default=False),
    ] = None,
    project: ProjectOption = None,
    env: EnvOption = "dev",
    target: TargetOption = Target.LOCAL,
    install_pulumi: InstallPulumiOption = False,
    as_json: JsonOption = False,
) -> None:
    """Clean up after a deployment that was cut short.

    With --target aws: unlocks the Pulumi stack, looks in AWS for what was being created, imports what exists into the
    stack and drops the rest, and refreshes. Make sure that no deployment is under way. A resource whose id AWS chose
    can't be looked for: name its URN, with --id if it exists. With --target local it is `watchkeeper local settle`.

    [dim]Example:[/] watchkeeper settle --target aws --env prod
    """
    if id_ is not None and (urn is None or not id_.strip()):
        wrong = "--id needs the URN of its resource." if urn is None else "--id is empty."
        raise CommandError(wrong, hint="Write: watchkeeper settle URN --id ID --target aws", code=Exit.USAGE)
    if target is Target.LOCAL:
        if urn is None:
            raise CommandError("Which resource?", hint="Name its URN, as `watchkeeper up` says it.", code=Exit.USAGE)
        local.settle(urn, id_, project, env, as_json)
        return
    from watchkeeper.pulumi import automation

    folder = find_project(project)
    loaded = load_project(folder, env)
    with engine_errors(), aws_errors():
        settled = automation.settle(folder, env, _finder(loaded.region, urn, id_), echo, install=install_pulumi)
    if as_json:
        document(settled.document, "settle")
        return
    for taken, its_id in settled.taken.items():
        note("taken over", safe(f"{taken} as {its_id}"))
    for absent in settled.absent:
        note("not there", safe(f"{absent}; the next `up` makes it"))
    if not settled.taken and not settled.absent:
        note("nothing was left half done; the stack is unlocked and refreshed")


def _finder(region: str | None, urn: str | None, id_: str | None) -> Callable[[PendingCreation], str | None]:
    """How a creation's id is found: as the user says, else by its name in AWS."""
    from watchkeeper import clients
    from watchkeeper.pulumi.engine import wire
    from watchkeeper.pulumi.engine.provider import ProviderError
    from watchkeeper.pulumi.provider import AwsProvider

    where = clients.of_caller(region)
    account = str(where("sts").get_caller_identity()["Account"])
    provider = AwsProvider.of_clients(where, account)

    def find(pending: PendingCreation) -> str | None:
        if pending.urn == urn:
            return id_
        try:
            inputs = wire.without_secrets(wire.from_plain(pending.inputs))
            found = provider.find(pending.type, pending.name, inputs)
        except ProviderError as error:
            raise CommandError(
                f"Whether {pending.type} {pending.name} exists can't be told: {error}.",
                hint=f"Say it: watchkeeper settle --target aws '{pending.urn}', with --id ID if it exists.",
            ) from error
        return found.id if found else None

    return find
