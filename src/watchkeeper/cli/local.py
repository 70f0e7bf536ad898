"""``watchkeeper local``: the embedded AWS of a project, started, stopped, asked, emptied."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from watchkeeper.cli.common import Commands
from watchkeeper.cli.errors import CommandError, Exit
from watchkeeper.cli.options import EnvOption, JsonOption, ProjectOption
from watchkeeper.cli.output import document, note, out, table
from watchkeeper.cli.projects import find_project, load_project, state_folder
from watchkeeper.cli.servers import (
    ACCOUNT,
    REGION,
    answering,
    project_folder,
    running_server,
    server_folder,
    start_server,
)

app = Commands(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help=(
        "The embedded AWS: one process on loopback, IAM enforced, that records and evaluates as AWS Config does.\n\n"
        '[dim]Example:[/] watchkeeper local start && eval "$(watchkeeper local env)" && aws s3 mb s3://my-bucket'
    ),
)


@app.command()
def start(
    project: ProjectOption = None,
    port: Annotated[int, typer.Option(help="Port on loopback; 0 takes a free one.", min=0, max=65535)] = 0,
    account: Annotated[str, typer.Option(help="Account id: 12 digits.")] = ACCOUNT,
    region: Annotated[str, typer.Option(help="Default region.")] = REGION,
    iam: Annotated[bool, typer.Option("--iam/--no-iam", help="Enforce IAM, as AWS does.")] = True,
    test_credentials: Annotated[
        bool, typer.Option("--test-credentials", help="Take the secret that everybody knows: test.")
    ] = False,
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="<name>", help="A Host to answer besides loopback's. Repeatable.")
    ] = None,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(metavar="<origin>", help="An origin whose pages may send requests. Repeatable."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Start it; what it held when it was stopped is there again.

    [dim]Example:[/] watchkeeper local start --port 4566 --region eu-central-1
    """
    folder = server_folder(project)
    running = start_server(
        folder,
        port=port,
        account=account,
        region=region,
        iam=iam,
        test_credentials=test_credentials,
        allow_hosts=allow_host or (),
        allow_origins=allow_origin or (),
    )
    if as_json:
        document(running.document, "local-start")
        return
    out.print(f"[bold]{running.endpoint}[/]  account {running.account}, region {running.region}, pid {running.pid}")
    note('Point any AWS client at it with: [bold]eval "$(watchkeeper local env)"[/]')


@app.command()
def stop(project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """Stop it. Its resources and its history are kept.

    [dim]Example:[/] watchkeeper local stop
    """
    from watchkeeper.local import server

    with answering():
        stopped = server.stop(server_folder(project))
    if as_json:
        document(server.document_of_stop(stopped), "local-stop")
    else:
        note("stopped" if stopped else "it was not running")


@app.command()
def status(project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """Show whether it runs, what it records, and what was lost silently: not delivered, not invoked, not published.

    [dim]Example:[/] watchkeeper local status --json
    """
    from watchkeeper.local import server

    folder = server_folder(project)
    running = server.find(folder)
    if running is None:
        raise CommandError("The embedded AWS is not running.", hint="Start it with: watchkeeper local start")
    with answering():
        answer = running.status()
    if as_json:
        document(server.document_of_status(running, answer), "local-status")
        return
    recorder = answer["recorder"]
    median = recorder["latency_seconds"]["median"]
    rows = [
        ("endpoint", running.endpoint),
        ("account", running.account),
        ("region", running.region),
        ("IAM", "enforced" if running.iam else "not enforced"),
        ("up", f"{answer['uptime_seconds']:.0f} s, pid {running.pid}"),
        (
            "recording",
            ", ".join(f"{one['account']} {one['region']}" for one in recorder["recording"])
            or "nothing: no recorder has been started",
        ),
        ("resources", recorder["resources"]),
        ("change to record", f"{median * 1000:.0f} ms (median)" if median is not None else "nothing changed yet"),
        ("mail sent", answer["mail"]),
    ]
    table("", ("", ""), rows)
    lost = answer["losses"]["last"]
    if lost:
        columns = list(lost[0])
        out.print()
        table("Lost silently, as in AWS", columns, [[loss.get(column, "") for column in columns] for loss in lost])
    if recorder["gaps"]:
        note(f"[yellow]{len(recorder['gaps'])} kinds of resources could not be read[/]: --json names them")


@app.command()
def env(project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """Print the environment that points AWS clients at it, for a shell's eval.

    [dim]Example:[/] eval "$(watchkeeper local env)"
    """
    from watchkeeper.local import server

    variables = running_server(project_folder(project)).environment
    if as_json:
        document(server.document_of_environment(variables), "local-env")
        return
    for name, value in variables.items():
        out.print(f"export {name}={shlex.quote(value)}", markup=False, soft_wrap=True)


@app.command()
def reset(
    project: ProjectOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete every resource and all of AWS Config's history in it, and what the engine knows of its deployments.

    [dim]Example:[/] watchkeeper local reset --yes
    """
    from watchkeeper.local import server

    folder = project_folder(project)
    if not yes:
        typer.confirm("Delete everything in the embedded AWS?", abort=True, err=True)
    running = running_server(folder)
    with answering():
        running.reset()
    for state in (state_folder(folder) / "state").glob("*"):
        state.unlink()
    if as_json:
        document(server.document_of_reset(), "local-reset")
    else:
        note("empty")


@app.command()
def settle(
    urn: Annotated[str, typer.Argument(help="URN of the resource, as `preview` and `up` name it.", show_default=False)],
    id_: Annotated[
        str | None,
        typer.Option("--id", help="Id under which it exists. Without it: it does not exist.", show_default=False),
    ] = None,
    project: ProjectOption = None,
    env: EnvOption = "dev",
    as_json: JsonOption = False,
) -> None:
    """Say what became of a creation that was interrupted, where `up` can't find out by itself.

    The next `up` takes over what exists, and makes what does not.

    [dim]Example:[/] watchkeeper local settle 'urn:pulumi:dev::infra::aws:kms/key:Key::reports' --id 1234abcd
    """
    from watchkeeper.local import deploying
    from watchkeeper.pulumi.engine.state import StateError, document_of_settling, resolve_pending

    if id_ is not None and not id_.strip():
        raise CommandError("--id is empty.", hint="Leave it out when the resource does not exist.", code=Exit.USAGE)
    folder = find_project(project)
    loaded = load_project(folder, env)
    try:
        resolve_pending(deploying.state_file(state_folder(folder), loaded.name, loaded.stack), urn, id_)
    except StateError as error:
        raise CommandError(str(error)) from error
    if as_json:
        document(document_of_settling(urn, id_), "local-settle")
    elif id_ is None:
        note("settled: it does not exist; the next `watchkeeper up` makes it")
    else:
        note("settled: the next `watchkeeper up` takes it over")
