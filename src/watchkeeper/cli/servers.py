"""The embedded AWS of a project, found or started."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from watchkeeper.cli.errors import CommandError, Exit
from watchkeeper.cli.options import check_region
from watchkeeper.cli.output import err
from watchkeeper.cli.projects import find_project, state_folder

if TYPE_CHECKING:
    from watchkeeper.local.server import Running

ACCOUNT, REGION = "123456789012", "eu-west-1"


def project_folder(project: Path | None) -> Path:
    """The project's folder, or this one: the embedded AWS needs no Pulumi project."""
    try:
        return find_project(project)
    except CommandError:
        if project is not None:
            raise
        return Path().resolve()


def server_folder(project: Path | None) -> Path:
    """Where its data is."""
    return state_folder(project_folder(project)) / "aws"


def running_server(folder: Path, *, start: bool = False, region: str | None = None) -> Running:
    """The running embedded AWS of a project; started when it is not running and ``start`` allows it."""
    from watchkeeper.local import server

    running = server.find(state_folder(folder) / "aws")
    if running is not None:
        return running
    if not start:
        raise CommandError("The embedded AWS is not running.", hint="Start it with: watchkeeper local start")
    running = start_server(state_folder(folder) / "aws", port=0, account=ACCOUNT, region=region or REGION, iam=True)
    err.print(f"Started the embedded AWS on {running.endpoint}; [bold]watchkeeper local stop[/] stops it.")
    return running


def start_server(
    folder: Path,
    *,
    port: int,
    account: str,
    region: str,
    iam: bool,
    test_credentials: bool = False,
    allow_hosts: Sequence[str] = (),
    allow_origins: Sequence[str] = (),
) -> Running:
    from watchkeeper.local import server

    if len(account) != 12 or not account.isdecimal():
        raise CommandError(f'"{account}" is not an account id.', hint="It has 12 digits.", code=Exit.USAGE)
    check_region(region)
    with answering():
        return server.start(
            folder,
            port=port,
            account=account,
            region=region,
            iam=iam,
            test_credentials=test_credentials,
            allow_hosts=allow_hosts,
            allow_origins=allow_origins,
        )


@contextmanager
def answering() -> Iterator[None]:
    """What the embedded AWS can't do, as a message."""
    from watchkeeper.local import server

    try:
        yield
    except server.EmbeddedError as error:
        raise CommandError(str(error)) from error
