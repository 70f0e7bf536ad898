"""AWS Config's files that a command evaluates, on this machine or in S3."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchkeeper.cli.endpoints import aws_errors, endpoint
from watchkeeper.cli.errors import CommandError, Exit
from watchkeeper.cli.options import Target

if TYPE_CHECKING:
    from watchkeeper.evaluation.files.sources import Source

FilesArgument = Annotated[
    list[str],
    typer.Argument(metavar="FILE…", help="Snapshot or history files, folders of them, or s3://bucket/prefix."),
]
EndpointOption = Annotated[
    str | None, typer.Option("--endpoint-url", help="Any AWS endpoint, with the caller's own credentials.")
]
ListedOption = Annotated[int, typer.Option("--violations", help="How many violations a terminal lists.", min=0)]


def sources(files: Sequence[str], target: Target, endpoint_url: str | None, project: Path | None) -> list[Source]:
    from watchkeeper.clients import Clients
    from watchkeeper.evaluation.files.sources import file_sources, s3_sources

    found: list[Source] = []
    buckets = [name.removeprefix("s3://").partition("/") for name in files if name.startswith("s3://")]
    if buckets:
        where = endpoint(target, endpoint_url, project, ["any"])
        client = Clients(where.session, where.region or "us-east-1", where.url)("s3")
        found += [source for bucket, _, prefix in buckets for source in s3_sources(client, bucket, prefix)]
    found += file_sources(name for name in files if not name.startswith("s3://"))
    if not found:
        raise CommandError(
            f"There is no snapshot or history file in {', '.join(files)}.",
            hint="They end in .json, .jsonl or .ndjson, or in one of these and .gz.",
            code=Exit.USAGE,
        )
    return found


@contextmanager
def file_errors() -> Iterator[None]:
    try:
        with aws_errors():
            yield
    except FileNotFoundError as error:
        raise CommandError(str(error), code=Exit.USAGE) from error
