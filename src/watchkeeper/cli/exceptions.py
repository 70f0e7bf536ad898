"""``exceptions``: violations that somebody accepted, why and until when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchkeeper.cli import accepting
from watchkeeper.cli.accepting import ExceptionsOption
from watchkeeper.cli.answers import Answer, FormatsOption, OutputOption, Table, check_formats, give
from watchkeeper.cli.common import Commands
from watchkeeper.cli.errors import CommandError, Exit
from watchkeeper.cli.options import EnvOption, JsonOption, ProjectOption
from watchkeeper.cli.output import document, note, safe, styled, table

if TYPE_CHECKING:
    from watchkeeper.exceptions import Entry, Subject

app = Commands(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Violations that somebody accepts for a time: exceptions.yaml of the project.",
)
STATE_STYLE = {"active": "green", "expired": "bold red", "pending": "yellow", "future": "dim"}
RESULT = "The --json output of status, scan or evaluate"


@app.command("list")
def exceptions_list(
    exceptions: ExceptionsOption = None,
    project: ProjectOption = None,
    env: EnvOption = "dev",
    formats: FormatsOption = None,
    output: OutputOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the exceptions: what each accepts, whether it holds, and until when.

    [dim]Example:[/] watchkeeper exceptions list
    """
    from watchkeeper.exceptions import documents

    check_formats(formats, output)
    at = datetime.now(UTC)
    found = accepting.load(_file(exceptions, project), at, project, env)
    columns = ("state", "until", "rule", "selects", "owner", "reason")
    rows = [
        (entry.state(at).value, _until(entry), entry.subject, entry.selection, entry.owner, entry.reason)
        for entry in found.entries
    ]

    def show() -> None:
        table("", columns, [(styled(state, STATE_STYLE), *rest) for state, *rest in rows])
        active = sum(state == "active" for state, *_ in rows)
        note(f"{active} of {len(rows)} exceptions hold now")

    answer = Answer(
        "exceptions-list", show, lambda: documents.of_entries(found, at), lambda: Table("Exceptions", columns, rows)
    )
    give(answer, formats, output, as_json)


@app.command("check")
def exceptions_check(
    results: Annotated[
        Path | None,
        typer.Option("--results", help=f"{RESULT}: exceptions that no violation needs are reported.", dir_okay=False),
    ] = None,
    exceptions: ExceptionsOption = None,
    project: ProjectOption = None,
    env: EnvOption = "dev",
    formats: FormatsOption = None,
    output: OutputOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check the exceptions: expired, too broad, overlapping, contradicting, and with --results unused ones.

    Exits 1 when one has to be changed. An exception that ends within 30 days is told and does not count.

    [dim]Examples:[/]
    watchkeeper exceptions check
    watchkeeper status --json --no-exceptions > now.json; watchkeeper exceptions check --results now.json
    """
    from watchkeeper.exceptions import check, documents

    check_formats(formats, output)
    at = datetime.now(UTC)
    found = accepting.load(_file(exceptions, project), at, project, env)
    notes = check(found, at, None if results is None else _violations(results))
    columns = ("where", "what", "rule", "to do")
    rows = [(each.entry.where, each.kind, each.entry.subject, each.text) for each in notes]

    def show() -> None:
        if rows:
            table("", columns, rows)
        note(f"{len(found.entries)} exceptions, {sum(each.finding for each in notes)} to change")
        if results is None:
            note("not checked: which ones are unused; give --results FILE")

    answer = Answer(
        "exceptions-check", show, lambda: documents.of_notes(found, notes), lambda: Table("Exceptions", columns, rows)
    )
    give(answer, formats, output, as_json)
    if any(each.finding for each in notes):
        raise typer.Exit(Exit.FINDINGS)


@app.command("explain")
def exceptions_explain(
    resource: Annotated[str, typer.Argument(help="Id, name or ARN of a resource.")],
    exceptions: ExceptionsOption = None,
    project: ProjectOption = None,
    env: EnvOption = "dev",
    as_json: JsonOption = False,
) -> None:
    """Show every exception that could be about a resource, and why it does or does not hold now.

    [dim]Example:[/] watchkeeper exceptions explain orders-archive
    """
    from watchkeeper.exceptions import documents
    from watchkeeper.exceptions.entry import matches

    at = datetime.now(UTC)
    found = accepting.load(_file(exceptions, project), at, project, env)
    about = [
        entry
        for entry in found.entries
        if not entry.resources or any(matches(pattern, resource) for pattern in entry.resources)
    ]
    columns = ("state", "until", "rule", "where it holds", "owner", "reason", "place")

    def show() -> None:
        rows = [
            (
                styled(entry.state(at).value, STATE_STYLE),
                _until(entry),
                entry.subject,
                entry.selection,
                entry.owner,
                entry.reason,
                entry.where,
            )
            for entry in about
        ]
        table("", columns, rows)
        note(f"{len(about)} exceptions could be about", safe(resource))

    give(
        Answer(
            "exceptions-list",
            show,
            lambda: documents.of_entries(type(found)(tuple(about), found.source), at),
            lambda: Table("", (), ()),
        ),
        None,
        None,
        as_json,
    )


@app.command("add")
def exceptions_add(
    rule: Annotated[str | None, typer.Option("--rule", help="The rule: identifier or name.")] = None,
    framework: Annotated[str | None, typer.Option("--framework", help="Or all rules of this framework.")] = None,
    account: Annotated[list[str] | None, typer.Option("--account", help="Account id; may be given again.")] = None,
    region: Annotated[list[str] | None, typer.Option("--region", help="Region; may be given again.")] = None,
    resource_type: Annotated[
        list[str] | None, typer.Option("--type", help="Resource type; may be given again.")
    ] = None,
    resource: Annotated[
        list[str] | None, typer.Option("--resource", help="Id, name, ARN or pattern; may be given again.")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", metavar="NAME=VALUE", help="A tag; may be given again.")
    ] = None,
    result: Annotated[
        Path | None,
        typer.Option("--from", help=f"{RESULT}: accept each violation in it, with its resource.", dir_okay=False),
    ] = None,
    owner: Annotated[str, typer.Option("--owner", help="Who answers for it.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why it is accepted.")] = "",
    until: Annotated[str, typer.Option("--until", help="Last day, e.g. 2027-01-31 (UTC).")] = "",
    starts: Annotated[str | None, typer.Option("--starts", help="First day. Default: now.")] = None,
    ticket: Annotated[str | None, typer.Option("--ticket", help="Where it was decided.")] = None,
    control: Annotated[
        str | None, typer.Option("--compensating-control", help="What keeps the risk down meanwhile.")
    ] = None,
    approved_by: Annotated[
        str | None, typer.Option("--approved-by", help="Who approved it; without it the exception is pending.")
    ] = None,
    exceptions: ExceptionsOption = None,
    project: ProjectOption = None,
    env: EnvOption = "dev",
    as_json: JsonOption = False,
) -> None:
    """Add an exception to the file; with --from one for each rule, account and region of a result.

    The file is checked as a whole before it is written; comments in it stay.

    [dim]Examples:[/]
    watchkeeper exceptions add --rule S3_BUCKET_VERSIONING_ENABLED --resource 'scratch-*' --owner data-team \\
        --reason "rebuilt every night" --until 2027-01-31 --approved-by ciso
    watchkeeper exceptions add --from now.json --owner platform --reason "first review" --until 2027-03-31
    """
    _refuse_past(until or "9")
    missing = [f"--{name}" for name, value in (("owner", owner), ("reason", reason), ("until", until)) if not value]
    if missing:
        raise CommandError(f"{' and '.join(missing)} must be given.", code=Exit.USAGE)
    if result is not None and (rule or framework):
        raise CommandError("--from names the rules; leave out --rule and --framework.", code=Exit.USAGE)
    common: dict[str, object] = {
        "owner": owner,
        "reason": reason,
        "until": until,
        "from": starts,
        "compensatingControl": control,
        "ticket": ticket,
        "approvedBy": approved_by,
    }
    narrowed = {"account": account, "region": region, "type": resource_type, "resource": resource, "tag": _tags(tag)}
    parts: list[dict[str, object]] = (
        [{"rule": rule, "framework": framework, **narrowed}] if result is None else _of_result(result, narrowed)
    )
    entries = [{name: value for name, value in {**part, **common}.items() if value} for part in parts]
    file = _file_to_write(exceptions, project)
    _write(file, lambda text: _added(text, entries), project, env)
    if as_json:
        _print(file, project, env)
    note(f"added {len(entries)} exception{'s' if len(entries) != 1 else ''} to", safe(file))


@app.command("renew")
def exceptions_renew(
    line: Annotated[int, typer.Argument(help="Line of the exception in the file, as `list` and `check` show it.")],
    until: Annotated[str, typer.Option("--until", help="New last day, e.g. 2027-06-30 (UTC).")],
    exceptions: ExceptionsOption = None,
    project: ProjectOption = None,
    env: EnvOption = "dev",
    as_json: JsonOption = False,
) -> None:
    """Give an exception a new end.

    [dim]Example:[/] watchkeeper exceptions renew 12 --until 2027-06-30
    """
    from watchkeeper.exceptions import writing

    _refuse_past(until)
    at = datetime.now(UTC)
    file = _file(exceptions, project)
    found = accepting.load(file, at, project, env)
    lines = [int(entry.where.rpartition(":")[2]) for entry in found.entries]
    if line not in lines:
        places = ", ".join(map(str, lines)) or "none"
        raise CommandError(f"{file} has no exception at line {line}.", hint=f"Lines: {places}", code=Exit.USAGE)
    _write(file, lambda text: writing.with_until(text, lines.index(line), until), project, env)
    if as_json:
        _print(file, project, env)
    note("renewed", safe(f"{file}:{line} until {until}"))


def _print(file: Path, project: Path | None, env: str) -> None:
    """The file as it is now, as one JSON document."""
    from watchkeeper.exceptions import documents

    at = datetime.now(UTC)
    document(documents.of_entries(accepting.load(file, at, project, env), at), "exceptions-list")


def _until(entry: Entry) -> str:
    return f"{entry.until:%Y-%m-%d %H:%M}"


def _file(given: Path | None, project: Path | None) -> Path:
    found = accepting.exceptions_file(given, project)
    if found is None:
        hint = "Make one with: watchkeeper exceptions add"
        raise CommandError("There is no exceptions.yaml here.", hint=hint, code=Exit.USAGE)
    return found


def _file_to_write(given: Path | None, project: Path | None) -> Path:
    from watchkeeper.cli.projects import find_project
    from watchkeeper.exceptions import FILE

    found = accepting.exceptions_file(given, project)
    if found is not None:
        return found
    try:
        return find_project(project) / FILE
    except CommandError:
        if project is not None:
            raise
        return Path(FILE)


def _write(file: Path, change: Callable[[str], str], project: Path | None, env: str) -> None:
    """Change the file, unless what would come out is wrong. Raises CommandError; then the file is as it was."""
    from watchkeeper.exceptions import writing

    at = datetime.now(UTC)
    try:
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        if before.strip():
            accepting.load(file, at, project, env)
        after = change(before)
    except (OSError, ValueError) as error:
        raise CommandError(f"{file}: {error}", hint="Nothing was written.", code=Exit.USAGE) from error
    accepting.read(after, file.name, at, project, env)
    try:
        writing.write(file, after)
    except OSError as error:
        raise CommandError(f"{file} can't be written: {error.strerror}.") from error


def _added(text: str, entries: Sequence[Mapping[str, object]]) -> str:
    from watchkeeper.exceptions import writing

    return writing.added(text, entries)


def _refuse_past(text: str) -> None:
    """Raises CommandError for a day that is over: such an exception would have no effect."""
    if text[:10] < f"{datetime.now(UTC):%Y-%m-%d}":
        raise CommandError(f"--until {text} is over.", hint="Name a day to come.", code=Exit.USAGE)


def _tags(given: Sequence[str] | None) -> dict[str, str]:
    wrong = [text for text in given or () if "=" not in text]
    if wrong:
        raise CommandError(f'--tag "{wrong[0]}" is not of the form NAME=VALUE.', code=Exit.USAGE)
    return {name: value for name, _, value in (text.partition("=") for text in given or ())}


def _violations(file: Path) -> list[Subject]:
    """The violations in a result. Raises CommandError."""
    from watchkeeper.exceptions.results import ResultError, violations

    try:
        return violations(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ResultError) as error:
        raise CommandError(f"{file}: {error}", code=Exit.USAGE) from error


def _of_result(file: Path, narrowed: Mapping[str, object]) -> list[dict[str, object]]:
    """What accepts every violation of a result: one exception for each rule, account, region and type."""
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for each in _violations(file):
        place = (each.identifier, each.account, each.region, each.resource_type)
        found.setdefault(place, []).append(each.resource_id)
    if not found:
        raise CommandError(f"{file} holds no violation.", code=Exit.USAGE)
    given = {name: value for name, value in narrowed.items() if value}
    if given:
        raise CommandError(f"--from names the resources; leave out {', '.join(given)}.", code=Exit.USAGE)
    return [
        {"rule": rule, "account": account, "region": region, "type": kind, "resource": sorted(set(resources))}
        for (rule, account, region, kind), resources in found.items()
    ]
