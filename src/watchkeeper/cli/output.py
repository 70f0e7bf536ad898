"""What the commands print: tables for people, one JSON document for programs, plain text when piped.

Names, tags and annotations come from resources that anybody may have made: nothing of them reaches a terminal before
``text.clean`` took the control characters out, and nothing of them is read as markup.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
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


def document(value: object) -> None:
    """Print one JSON document."""
    raw(json.dumps(value, indent=2, default=_json_value, ensure_ascii=False) + "\n")


def raw(text: str) -> None:
    """Print a document as it is. What can't be encoded (half a surrogate pair) is escaped as in JSON."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))


def _json_value(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def note(*parts: str | Text) -> None:
    """A line for a person who watches: on standard error, so that a pipe stays clean. Texts of ours may be markup."""
    err.print(*parts)
