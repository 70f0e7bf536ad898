"""Exceptions as JSON: ``schemas/exceptions-list.schema.json``, ``schemas/exceptions-check.schema.json``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from watchkeeper.exceptions.check import Note
from watchkeeper.exceptions.entry import Entry, Exceptions

Document = dict[str, Any]


def of_entries(exceptions: Exceptions, at: datetime) -> Document:
    """Every exception and what it is at a moment."""
    return {"file": exceptions.source, "exceptions": [of_entry(entry, at) for entry in exceptions.entries]}


def of_notes(exceptions: Exceptions, notes: Iterable[Note]) -> Document:
    """What has to be changed."""
    return {
        "file": exceptions.source,
        "exceptions": len(exceptions.entries),
        "notes": [
            {"kind": note.kind, "finding": note.finding, "where": note.entry.where, "text": note.text} for note in notes
        ],
    }


def of_entry(entry: Entry, at: datetime) -> Document:
    """One exception; empty selectors select everything."""
    return {
        "where": entry.where,
        "state": entry.state(at).value,
        "rule": entry.rule or None,
        "framework": entry.framework or None,
        "rules": sorted(entry.rules),
        "accounts": list(entry.accounts),
        "regions": list(entry.regions),
        "types": list(entry.types),
        "resources": list(entry.resources),
        "tags": dict(entry.tags),
        "owner": entry.owner,
        "reason": entry.reason,
        "from": None if entry.starts is None else _moment(entry.starts),
        "until": _moment(entry.until),
        "approved_by": entry.approved_by or None,
        "compensating_control": entry.compensating_control or None,
        "ticket": entry.ticket or None,
    }


def _moment(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
