"""The report for a terminal: grouped by resource, plain text, control characters of resources replaced."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from watchkeeper.model import Finding
from watchkeeper.preflight.check import SEVERITIES, Report
from watchkeeper.text import clean

WIDTH = 110
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


def lines(report: Report) -> Iterator[Line]:
    """What to print, line by line, with the kind of each for whoever colours them."""
    last: tuple[str, str] | None = None
    for item in report.findings:
        place = (item.resource, item.type)
        if place != last:
            last = place
            yield Line("resource", _heading(item))
        yield from _finding(item)
    for error in report.errors:
        yield Line("error", f"  error    the check {error.check} crashed, which is our error: {clean(error.error)}")
    for sentence in report.unread:
        yield Line("note", f"not read: {clean(sentence)}")
    for sentence in report.guessed:
        yield Line("note", f"guessed: {clean(sentence)}")
    if report.not_checked:
        yield Line("note", f"could not look at {len(report.not_checked)}:")
        for missing in report.not_checked:
            yield Line(
                "note", f"  {missing.check}  {clean(missing.resource) or 'the program'}: {clean(missing.reason)}"
            )
    yield Line("summary", summary(report))


def summary(report: Report) -> str:
    """One sentence with all counts."""
    counts = [f"{sum(item.severity == severity for item in report.findings)} {severity}" for severity in SEVERITIES]
    extra = f", {len(report.suppressed)} suppressed" if report.suppressed else ""
    crashed = f", {len(report.errors)} checks crashed" if report.errors else ""
    return (
        f"{', '.join(counts)}, {len(report.not_checked)} not checked{extra}{crashed}; "
        f"{len(report.checks_run)} checks over {report.resources} resources of {clean(report.source) or 'the program'}"
    )


def _heading(item: Finding) -> str:
    place = f"  {clean(item.position.file)}:{item.position.line}" if item.position else ""
    return f"{clean(item.type) or 'program'}  {clean(item.resource)}{place}".rstrip()


def _finding(item: Finding) -> Iterator[Line]:
    head = f"  {item.severity:<8} {item.check}: {clean(item.message)}"
    wrapped = textwrap.wrap(head, WIDTH, subsequent_indent=INDENT, break_long_words=False, break_on_hyphens=False)
    for index, text in enumerate(wrapped):
        yield Line(item.severity if index == 0 else "detail", text)
    detail = " ".join(part for part in (clean(item.fix), _does(item)) if part)
    for text in textwrap.wrap(detail, WIDTH - len(INDENT), break_long_words=False, break_on_hyphens=False):
        yield Line("detail", f"{INDENT}{text}")


def _does(item: Finding) -> str:
    return f"AWS: {clean(item.aws_does)}" if item.aws_does else ""
