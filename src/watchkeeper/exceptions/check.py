"""What is wrong, over or needless in a file of exceptions, given what it is compared with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchkeeper.exceptions.entry import ANY, Entry, Exceptions, State, Subject, overlapping

WARNINGS = (timedelta(days=1), timedelta(days=7), timedelta(days=30))
"""How long before its end an exception is told to end, the nearest first."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something to change in the file."""

    kind: str
    """``expired``, ``unused``, ``broad``, ``overlap``, ``conflict``, ``pending`` or ``ends``."""
    entry: Entry
    text: str

    @property
    def finding(self) -> bool:
        """Whether ``exceptions check`` exits 1 for it."""
        return self.kind not in ("pending", "ends")


def check(exceptions: Exceptions, at: datetime, violations: Iterable[Subject] | None = None) -> list[Note]:
    """What to change. ``violations``: what the rules say now; without them nobody knows what is unused."""
    notes = [*_by_time(exceptions.entries, at), *_broad(exceptions.entries), *_pairs(exceptions.entries, at)]
    if violations is not None:
        notes += _unused(exceptions, at, violations)
    return notes


def ending(entry: Entry, at: datetime) -> timedelta | None:
    """The warning that is due for an active entry: 1, 7 or 30 days before its end; None where none is."""
    left = entry.until - at
    return next((warning for warning in WARNINGS if timedelta() < left <= warning), None)


def _by_time(entries: Sequence[Entry], at: datetime) -> Iterator[Note]:
    for entry in entries:
        state = entry.state(at)
        if state is State.EXPIRED:
            yield Note("expired", entry, f"It ended on {_when(entry.until)} and has no effect. Renew or remove it.")
        elif state is State.PENDING:
            yield Note("pending", entry, "Nobody approved it, so it has no effect. Name who did in approvedBy.")
        elif (warning := ending(entry, at)) is not None:
            yield Note("ends", entry, f"It ends within {warning.days} {_days(warning.days)}, on {_when(entry.until)}.")


def _broad(entries: Sequence[Entry]) -> Iterator[Note]:
    for entry in entries:
        if not (entry.resources or entry.tags) and len(entry.accounts) != 1:
            what = "every resource" if not entry.accounts else f"every resource of {len(entry.accounts)} accounts"
            yield Note("broad", entry, f"It accepts {what}. Name resources, tags or one account.")
        elif entry.resources and any(not pattern.strip("*?") for pattern in entry.resources):
            yield Note("broad", entry, "Its pattern matches every name. Name resources.")
        elif any(pattern.index("*") < 3 for pattern in entry.resources if "*" in pattern and ANY.search(pattern)):
            yield Note("broad", entry, "Its pattern begins with less than three letters. Write more of the name.")


def _pairs(entries: Sequence[Entry], at: datetime) -> Iterator[Note]:
    standing = [entry for entry in entries if entry.state(at) is not State.EXPIRED]
    for wide, narrow in overlapping(standing):
        if (wide.starts, wide.until, wide.approved_by) != (narrow.starts, narrow.until, narrow.approved_by):
            text = f"It and {wide.where or wide.subject} accept the same with other dates or approval. Keep one."
            yield Note("conflict", narrow, text)
        else:
            yield Note("overlap", narrow, f"{wide.where or wide.subject} accepts all of it. Remove one.")


def _unused(exceptions: Exceptions, at: datetime, violations: Iterable[Subject]) -> Iterator[Note]:
    used: set[int] = set()
    for violation in violations:
        used.update(id(entry) for entry in exceptions.about(violation))
    for entry in exceptions.entries:
        if id(entry) not in used and entry.state(at) is State.ACTIVE:
            yield Note("unused", entry, "No violation needs it. Remove it.")


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _days(count: int) -> str:
    return "day" if count == 1 else "days"
