"""What the commands print: tables for people, one JSON document for programs, plain text when piped.

Names, tags and annotations come from resources that anybody may have made: nothing of them reaches a terminal before
``text.clean`` took the control characters out, and nothing of them is read as markup.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import PurePath

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from watchkeeper.text import clean

out = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
"""Results. Never progress: a pipe gets the result alone."""
err = Console(stderr=True, highlight=False)
"""Progress, warnings and errors."""

# By their words: `--help` needs no model.
SEVERITY_STYLE: Mapping[str, str] = {"CRITICAL": "bold red", "HIGH": "red", "MEDIUM": "yellow", "LOW": "dim"}


_quiet = False


def be_quiet() -> None:
    """Print no progress and no notes: results and errors only."""
    global _quiet
    _quiet = True


def shows_progress() -> bool:
    """Whether a person watches."""
    return err.is_terminal and not _quiet


def without_color() -> None:
    """Print text without colors and other styles."""
    out.no_color = err.no_color = True


def safe(text: object, style: str = "") -> Text:
    """Cleaned text that is text and nothing else: Rich reads no markup in it."""
    return Text(clean(text), style=style)


def styled(value: str, styles: Mapping[str, str]) -> Text:
    """A known word in its colour; an unknown one plain."""
    return safe(value, styles.get(value, ""))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Collection[str] = ()) -> None:
    """Print a table, or tab-separated lines with a header when piped: what ``cut``, ``awk`` and a spreadsheet take."""
    cells = [[cell if isinstance(cell, Text) else safe(cell) for cell in row] for row in rows]
    if not out.is_terminal:
        header = [[safe(column) for column in columns]] if any(columns) else []
        for line in (*header, *cells):
            sys.stdout.write("\t".join(cell.plain for cell in line) + "\n")
        return
    shown = Table(title=safe(title, "bold") if title else None, title_justify="left", header_style="dim", box=None)
    for column in columns:
        shown.add_column(safe(column), justify="right" if column in right else "left", overflow="fold")
    for row in cells:
        shown.add_row(*row)
    out.print(shown)


def violation(severity: str, resource: str, rule: str, text: str) -> None:
    """Two lines on a terminal, so that a resource's name stays whole on a narrow one and can be copied."""
    out.print(styled(f"{severity:8}", {f"{known:8}": style for known, style in SEVERITY_STYLE.items()}), end=" ")
    out.print(safe(resource), safe(rule, "dim"), soft_wrap=True)
    out.print(Padding(safe(text), (0, 0, 0, 9)))


def document(value: Mapping[str, object], schema: str) -> None:
    """Print one JSON document that names its schema: ``watchkeeper/schemas/<schema>.schema.json``, and its version."""
    named = {"schema": schema, "version": 1, **value}
    raw(json.dumps(named, indent=2, default=_json_value, ensure_ascii=False) + "\n")


def raw(text: str) -> None:
    """Print a document as it is. What can't be encoded (half a surrogate pair) is escaped as in JSON."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))


def text_of(show: Callable[[], None]) -> str:
    """What that prints, as it would be piped."""
    held = StringIO()
    with redirect_stdout(held):
        show()
    return held.getvalue()


def _json_value(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def note(*parts: str | Text) -> None:
    """A line for a person who watches: on standard error, so that a pipe stays clean. Texts of ours may be markup."""
    if not _quiet:
        err.print(*parts)
