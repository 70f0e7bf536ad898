"""What the commands print: tables for people, one JSON document for programs, plain text when piped.

Names, tags and annotations come from resources that anybody may have made: nothing of them reaches a terminal before
:func:`clean` took the control characters out, and nothing is read as Rich markup.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from watchkeeper.model import ComplianceType, Severity

out = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
"""Results. Never progress: a pipe gets the result alone."""
err = Console(stderr=True, highlight=False)
"""Progress, warnings and errors."""

COMPLIANCE_STYLE = {
    ComplianceType.COMPLIANT: "green",
    ComplianceType.NON_COMPLIANT: "bold red",
    ComplianceType.NOT_APPLICABLE: "dim",
    ComplianceType.INSUFFICIENT_DATA: "yellow",
    ComplianceType.NOT_EVALUATED: "yellow",
}
SEVERITY_STYLE = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "dim",
}


def clean(text: object) -> str:
    """Text that can't move the cursor, colour the terminal, hide itself or reverse its direction.

    Control (Cc), format (Cf), surrogate (Cs) and unassigned characters become U+FFFD; line breaks and tabs a space.
    """
    return "".join(_visible(character) for character in str(text))


def _visible(character: str) -> str:
    if character in "\n\r\t":
        return " "
    return "\N{REPLACEMENT CHARACTER}" if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Cn") else character


def safe(text: object) -> str:
    """Cleaned text that Rich won't read as markup."""
    return escape(clean(text))


def styled(value: str, styles: dict[Any, str]) -> str:
    """A known word in its colour; an unknown one cleaned and plain."""
    style = styles.get(value)
    return f"[{style}]{safe(value)}[/]" if style else safe(value)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = ()) -> None:
    """Print a table; cells are Rich markup, so whatever comes from a resource goes through :func:`safe` first."""
    if not out.is_terminal:
        _plain(columns, rows)
        return
    shown = Table(title=title or None, title_justify="left", title_style="bold", header_style="dim", box=None)
    for column in columns:
        shown.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*row)
    out.print(shown)


def _plain(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Tab-separated, with a header: what ``cut``, ``awk`` and a spreadsheet take."""
    out.print("\t".join(columns))
    for row in rows:
        out.print("\t".join(row), soft_wrap=True)


def document(value: Any) -> None:
    """Print one JSON document."""
    sys.stdout.write(json.dumps(value, indent=2, default=_json_value, ensure_ascii=False) + "\n")


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def note(text: str) -> None:
    """A line for a person who watches: on standard error, so that a pipe stays clean. Rich markup."""
    err.print(text)
