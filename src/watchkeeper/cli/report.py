"""``report``: the reports in the report bucket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from watchkeeper.cli.answers import Answer, Format, FormatsOption, OutputOption, Table, check_formats, give
from watchkeeper.cli.common import Commands
from watchkeeper.cli.endpoints import aws_errors, deployed
from watchkeeper.cli.errors import CommandError, Exit
from watchkeeper.cli.options import EnvOption, JsonOption, ProjectOption, RegionOption, Target, TargetOption
from watchkeeper.cli.output import document, out, safe, table
from watchkeeper.monitoring.report_bucket import (
    FUNCTIONS,
    Kind,
    ReportBucket,
    ReportError,
    Stored,
    fetched_document,
    stored_document,
)

app = Commands(
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
    _give("report-run", written, None, None, as_json)


@app.command("list")
def report_list(
    kind: Annotated[Kind | None, typer.Argument(help="Only this report.")] = None,
    project: ProjectOption = None,
    env: EnvOption = "dev",
    target: TargetOption = Target.LOCAL,
    region: RegionOption = None,
    formats: FormatsOption = None,
    output: OutputOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the reports that there are, oldest first.

    [dim]Example:[/] watchkeeper report list executive
    """
    check_formats(formats, output)
    with _bucket(project, env, target, region) as bucket:
        found = [item for each in ([kind] if kind else Kind) for item in bucket.files(each)]
    found.sort(key=lambda item: (item.written, item.key))
    _give("report-list", found, formats, output, as_json)


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
        keys = bucket.latest(Kind(key)) if key in set(Kind) else [_key(key)]
        if not keys:
            raise CommandError(f"There is no {key} report yet.", hint=f"Make one: watchkeeper report run {key}")
        files = {key: output / Path(key).name for key in keys}
        for each, file in files.items():
            _write(file, _read(bucket, each))
    if as_json:
        document(fetched_document(files), "report-fetch")
        return
    for file in files.values():
        out.print(safe(file), soft_wrap=True)


def _read(bucket: ReportBucket, key: str) -> bytes:
    try:
        return bucket.read(key)
    except ReportError as error:
        raise CommandError(str(error), hint="See: watchkeeper report list", code=Exit.USAGE) from error


def _key(key: str) -> str:
    """The key, where there is such a report. Raises CommandError."""
    if "/" in key:
        return key
    raise CommandError(
        f'"{key}" is no report.',
        hint=f"Kinds: {', '.join(Kind)}; or a key that `watchkeeper report list` shows.",
        code=Exit.USAGE,
    )


def _write(file: Path, content: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise CommandError(f"{file} can't be written: {error.strerror}.") from error


def _give(
    name: str, items: Sequence[Stored], formats: Sequence[Format] | None, output: Path | None, as_json: bool
) -> None:
    columns = ("written", "bytes", "key")
    rows = [(f"{item.written:%Y-%m-%d %H:%M}", str(item.bytes), item.key) for item in items]
    answer = Answer(
        name,
        lambda: table("", columns, rows, right=("bytes",)),
        lambda: stored_document(items),
        lambda: Table("Reports", columns, rows),
    )
    give(answer, formats, output, as_json)


@contextmanager
def _bucket(project: Path | None, env: str, target: Target, region: str | None) -> Iterator[ReportBucket]:
    where = deployed(project, env, target, region)
    with aws_errors():
        yield ReportBucket(where.clients, where.outputs)
