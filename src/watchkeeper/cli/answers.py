"""How a command gives its answer: formats, files, and the exit code that findings make."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from watchkeeper.cli.errors import CommandError, Exit
from watchkeeper.cli.output import document as print_document
from watchkeeper.cli.output import note, raw, safe, text_of

if TYPE_CHECKING:
    from watchkeeper.reports.baseline import Baseline
    from watchkeeper.reports.findings import Findings, RuleFound


class Format(StrEnum):
    """How an answer is given."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    HTML = "html"
    MARKDOWN = "markdown"


ENDINGS: Mapping[Format, str] = {
    Format.TABLE: "txt",
    Format.JSON: "json",
    Format.CSV: "csv",
    Format.HTML: "html",
    Format.MARKDOWN: "md",
}


class FailOn(StrEnum):
    """What makes a command exit 1."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NEW = "new"


FormatsOption = Annotated[
    list[Format] | None,
    typer.Option(
        "--format",
        "-f",
        help="How to print; may be given again, with --output FOLDER. Default: table.",
        case_sensitive=False,
        show_default=False,
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="Write to this file; with several formats, to this folder.", show_default=False
    ),
]
FailOnOption = Annotated[
    list[FailOn] | None,
    typer.Option(
        "--fail-on",
        help="Exit 1 only for findings of this severity or worse; new: only for those not in --baseline. "
        "May be given again.",
        case_sensitive=False,
        show_default=False,
    ),
]
BaselineOption = Annotated[
    Path | None,
    typer.Option(
        "--baseline",
        help="An earlier result of the same command (--format json). What it lists is known: implies --fail-on new.",
        show_default=False,
        dir_okay=False,
    ),
]
ExitZeroOption = Annotated[
    bool, typer.Option("--exit-zero", help="Exit 0 in spite of findings; 2 and 3 stay what they are.")
]


class Table(NamedTuple):
    """A list of anything that is no finding."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Answer:
    """What a command found, in whatever form is asked for."""

    name: str
    """Of its schema, and of its files without their endings: ``scan``."""
    show: Callable[[], None]
    """Prints the tables."""
    document: Callable[[], Mapping[str, object]]
    """The JSON document."""
    content: Callable[[], Findings | Table]
    """For the other formats."""


def give(answer: Answer, formats: Sequence[Format] | None, output: Path | None, as_json: bool = False) -> None:
    """Print the answer, or write its files. Raises CommandError."""
    wanted = list(dict.fromkeys(formats or ()))
    if as_json and Format.JSON not in wanted:
        wanted.append(Format.JSON)
    wanted = wanted or [Format.TABLE]
    if output is None and len(wanted) > 1:
        raise CommandError(
            f"{len(wanted)} formats can't share standard output.",
            hint="Name a folder for them with --output FOLDER.",
            code=Exit.USAGE,
        )
    if output is None:
        _print(answer, wanted[0])
        return
    many = len(wanted) > 1 or output.is_dir()
    for each in wanted:
        file = output / f"{answer.name}.{ENDINGS[each]}" if many else output
        _write(file, _text(answer, each))
        note("wrote", safe(file))


def check_formats(formats: Sequence[Format] | None, output: Path | None) -> None:
    """Raises CommandError where the answer could not be given, before it is worked out."""
    if output is None and len(set(formats or ())) > 1:
        give(Answer("", lambda: None, dict, lambda: Table("", (), ())), formats, output)


def _print(answer: Answer, fmt: Format) -> None:
    if fmt is Format.TABLE:
        answer.show()
    elif fmt is Format.JSON:
        print_document(answer.document(), answer.name)
    else:
        raw(_rendered(answer.content(), fmt))


def _text(answer: Answer, fmt: Format) -> str:
    if fmt is Format.TABLE:
        return text_of(answer.show)
    if fmt is Format.JSON:
        return text_of(lambda: print_document(answer.document(), answer.name))
    return _rendered(answer.content(), fmt)


def _rendered(content: Findings | Table, fmt: Format) -> str:
    from watchkeeper.reports import to_csv, to_html, to_markdown

    if isinstance(content, Table):
        tables = {Format.CSV: to_csv.table, Format.HTML: to_html.table, Format.MARKDOWN: to_markdown.table}
        return tables[fmt](*content)
    renderers = {Format.CSV: to_csv.findings, Format.HTML: to_html.findings, Format.MARKDOWN: to_markdown.findings}
    return renderers[fmt](content)


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
            stream.write(text)
    except OSError as error:
        raise CommandError(f"{file} can't be written: {error.strerror}.") from error


# --- exit codes ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Failing:
    """Which findings make the command exit 1."""

    severities: frozenset[str]
    """Values of Severity; all of them where none was named."""
    baseline: Baseline | None
    exit_zero: bool

    def exit_code(self, found: Findings, *, unknown: bool = True) -> Exit:
        """Of what was found; ``unknown``: whether what was not evaluated counts. Notes what is new."""
        violations, blind = self.counted(found)
        if self.baseline is not None:
            new = sum(each.key not in self.baseline.violations for each in found.violations) + found.unlisted
            note(f"{new} new violations, {len(found.violations) + found.unlisted - new} known from the baseline")
        failed = bool(violations or (unknown and blind))
        return Exit.FINDINGS if failed and not self.exit_zero else Exit.CLEAN

    def counted(self, found: Findings) -> tuple[int, int]:
        """Violations and rules that count: of a severity that was asked for, and not known before."""
        known, known_blind = (
            (self.baseline.violations, self.baseline.not_evaluated) if self.baseline else (frozenset(), frozenset())
        )
        rules = {rule.name: rule for rule in found.rules if rule.severity.value in self.severities}
        violations = sum(each.rule in rules and each.key not in known for each in found.violations)
        blind = sum(_blind(rule) and name not in known_blind for name, rule in rules.items())
        # What is not listed can't be compared: it counts.
        return violations + found.unlisted, blind


def _blind(rule: RuleFound) -> bool:
    return bool(rule.counts.not_evaluated or rule.reasons)


def failing(fail_on: Sequence[FailOn] | None, baseline: Path | None, exit_zero: bool) -> Failing:
    """Which findings count, as the options say. Raises CommandError."""
    from watchkeeper.model import Severity

    named = set(fail_on or ())
    if FailOn.NEW in named and baseline is None:
        raise CommandError(
            "--fail-on new needs something to compare with.",
            hint="Give an earlier result with --baseline FILE.",
            code=Exit.USAGE,
        )
    levels = [Severity(each.value.upper()) for each in named - {FailOn.NEW}]
    lowest = max((level.rank for level in levels), default=len(Severity))
    severities = frozenset(level.value for level in Severity if level.rank <= lowest)
    return Failing(severities, _baseline(baseline), exit_zero)


def _baseline(file: Path | None) -> Baseline | None:
    if file is None:
        return None
    from watchkeeper.reports.baseline import BaselineError, read

    try:
        return read(file.read_text(encoding="utf-8"))
    except BaselineError as error:
        raise CommandError(f"{file} can't be compared with: {error}.", code=Exit.USAGE) from error
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} can't be read: {error}", code=Exit.USAGE) from error
