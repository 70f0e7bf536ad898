"""``report``: the reports in the report bucket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from watchkeeper.cli.endpoints import aws_errors, deployed
from watchkeeper.cli.errors import CommandError
from watchkeeper.cli.options import EnvOption, JsonOption, ProjectOption, RegionOption, Target, TargetOption
from watchkeeper.cli.output import document, out, safe, table
from watchkeeper.monitoring.report_bucket import FUNCTIONS, Kind, ReportBucket, ReportError, Stored, fetched_document

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich", help="The reports in the report bucket: run one now, list, fetch."
)


@app.command("run")
def report_run(
    kind: Annotated[Kind, typer.Argument(help="Which report.")] = Kind.COMPLIANCE,
    project: ProjectOption = None,
    env: EnvOption = "dev",
    target: TargetOption = Target.LOCAL,
    region: RegionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run a report function now, and say what it wrote.

    [dim]Example:[/] watchkeeper report run executive
    """
    with _bucket(project, env, target, region) as bucket:
        try:
            written = bucket.run(kind)
        except ReportError as error:
            raise CommandError(str(error), hint=f"Read its log: /aws/lambda/{FUNCTIONS[kind]}-{env}") from error
    _print(written, as_json)


@app.command("list")
def report_list(
    kind: Annotated[Kind | None, typer.Argument(help="Only this report.")] = None,
    project: ProjectOption = None,
    env: EnvOption = "dev",
    target: TargetOption = Target.LOCAL,
    region: RegionOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the reports that there are, oldest first.

    [dim]Example:[/] watchkeeper report list executive
    """
    with _bucket(project, env, target, region) as bucket:
        found = [item for each in ([kind] if kind else Kind) for item in bucket.files(each)]
    _print(found, as_json)


@app.command("fetch")
def report_fetch(
    key: Annotated[str, typer.Argument(help="Key of one; or compliance, daily or executive for the latest.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write to.", file_okay=False)] = Path(),
    project: ProjectOption = None,
    env: EnvOption = "dev",
    target: TargetOption = Target.LOCAL,
    region: RegionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Download a report.

    [dim]Example:[/] watchkeeper report fetch executive -o reports
    """
    with _bucket(project, env, target, region) as bucket:
        keys = bucket.latest(Kind(key)) if key in set(Kind) else [key]
        if not keys:
            raise CommandError(f"There is no {key} report yet.", hint=f"Make one: watchkeeper report run {key}")
        files = {key: output / Path(key).name for key in keys}
        for each, file in files.items():
            _write(file, bucket.read(each))
    if as_json:
        document(fetched_document(files))
        return
    for file in files.values():
        out.print(safe(file), soft_wrap=True)


def _write(file: Path, content: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise CommandError(f"{file} can't be written: {error.strerror}.") from error


def _print(items: Sequence[Stored], as_json: bool) -> None:
    if as_json:
        document([item.document for item in items])
        return
    rows = [(f"{item.written:%Y-%m-%d %H:%M}", str(item.bytes), item.key) for item in items]
    table("", ("written", "bytes", "key"), rows, right=("bytes",))


@contextmanager
def _bucket(project: Path | None, env: str, target: Target, region: str | None) -> Iterator[ReportBucket]:
    where = deployed(project, env, target, region)
    with aws_errors():
        yield ReportBucket(where.clients, where.outputs)
