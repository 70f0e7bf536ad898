"""The report for a terminal: grouped by resource, plain text, control characters of resources replaced."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from watchkeeper.model import Finding
from watchkeeper.preflight.check import ERROR, SEVERITIES, UNSURE, WARNING, Report
from watchkeeper.text import clean

WIDTH = 110
"""Columns, where a terminal has no fewer."""
INDENT = "           "


@dataclass(frozen=True, slots=True)
class Line:
    """One line with what it is: ``resource``, ``error``, ``warning``, ``unsure``, ``detail``, ``note`` or "
    "``summary``."""

    kind: str
    text: str


def render(report: Report) -> str:
    """All lines as text."""
    return "".join(f"{line.text}\n" for line in lines(report))


def lines(report: Report, width: int = WIDTH) -> Iterator[Line]:
    """What to print, line by line, with the kind of each for whoever colours them."""
    last: tuple[str, ...] = ()
    for item in report.findings:
        subject = (item.resource, item.type, str(item.data.get("urn", "")), str(item.position))
        if subject != last:
            last = subject
            yield Line("resource", _heading(item))
        yield from _finding(item, width)
    for error in report.errors:
        text = f"the check {error.check} crashed, which is our error: {clean(error.error)}"
        yield from _wrapped("error", f"  error    {text}", width)
    for sentence in _notes(report):
        yield from _wrapped("note", sentence, width, "    ")
    yield Line("summary", counts(report))
    yield Line("summary", coverage(report))


def _notes(report: Report) -> Iterator[str]:
    """What is no finding: what was not read, not looked at, answered with a guess, or is not needed any more."""
    yield from (f"not read: {clean(sentence)}" for sentence in report.unread)
    yield from (f"guessed: {clean(sentence)}" for sentence in report.guessed)
    yield from (
        f"{clean(item.where)}: the suppression of {item.check} accepts nothing any more; remove it"
        for item in report.unused
    )
    if report.not_checked:
        yield f"could not look at {len(report.not_checked)}:"
    for (check, reason), resources in _alike(report).items():
        yield ": ".join(filter(None, (f"  {check}", reason, ", ".join(filter(None, resources)))))


def _alike(report: Report) -> dict[tuple[str, str], list[str]]:
    """What was not checked, by check and reason: a region that is not known concerns every rule."""
    found: dict[tuple[str, str], list[str]] = {}
    for item in report.not_checked:
        found.setdefault((item.check, clean(item.reason)), []).append(clean(item.resource))
    return found


def summary(report: Report) -> str:
    """One sentence with all counts."""
    return f"{counts(report)}; {coverage(report)}"


def counts(report: Report) -> str:
    """How many findings there are of each kind, and how much was not looked at."""
    found = Counter(item.severity for item in report.findings)
    parts = [
        _plural(found[ERROR], "error"),
        _plural(found[WARNING], "warning"),
        f"{found[UNSURE]} unsure",
        f"{len(report.not_checked)} not checked",
        *([f"{len(report.suppressed)} suppressed"] if report.suppressed else []),
        *([f"{_plural(len(report.errors), 'check')} crashed"] if report.errors else []),
    ]
    return ", ".join(parts)


def coverage(report: Report) -> str:
    """What was looked at."""
    checks, resources = _plural(len(report.checks_run), "check"), _plural(report.resources, "resource")
    return f"{checks} over {resources} of {clean(report.source) or 'the program'}"


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _heading(item: Finding) -> str:
    place = f"  {clean(item.position.file)}:{item.position.line}" if item.position else ""
    return f"{clean(item.type) or 'program'}  {clean(item.resource)}{place}".rstrip()


def _finding(item: Finding, width: int) -> Iterator[Line]:
    yield from _wrapped(item.severity, f"  {item.severity:<8} {item.check}: {clean(item.message)}", width)
    detail = " ".join(part for part in (clean(item.fix), _does(item)) if part)
    if detail:
        yield from _wrapped("detail", f"{INDENT}{detail}", width)


def _does(item: Finding) -> str:
    return f"AWS: {clean(item.aws_does)}" if item.aws_does else ""


def _wrapped(kind: str, text: str, width: int, indent: str = INDENT) -> Iterator[Line]:
    """A text in lines of at most ``width`` columns, but for words that are longer; those after the first are details of
    a finding."""
    parts = textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    following = "detail" if kind in SEVERITIES else kind
    yield from (Line(following if number else kind, part) for number, part in enumerate(parts))
