"""The report as Markdown, for a pull request's comment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from watchkeeper.model import Finding
from watchkeeper.preflight.check import Report
from watchkeeper.preflight.formats.terminal import summary
from watchkeeper.text import clean

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~@$&])")


def render(report: Report) -> str:
    """The document as text."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield "## Preflight"
    yield ""
    yield escape(summary(report))
    if report.findings:
        yield ""
        yield "| severity | check | resource | what | what to do |"
        yield "|---|---|---|---|---|"
        yield from (_row(item) for item in report.findings)
    if report.errors:
        yield ""
        yield "### Checks that crashed (our error)"
        yield ""
        yield from (f"- {escape(item.check)}: {escape(item.error)}" for item in report.errors)
    if report.not_checked or report.unread:
        yield ""
        yield "<details><summary>Not checked</summary>"
        yield ""
        yield from (f"- {escape(sentence)}" for sentence in report.unread)
        yield from (
            f"- {escape(item.check)}, {escape(item.resource) or 'the program'}: {escape(item.reason)}"
            for item in report.not_checked
        )
        yield ""
        yield "</details>"


def _row(item: Finding) -> str:
    place = f" ({escape(item.position.file)}:{item.position.line})" if item.position else ""
    cells = (item.severity, item.check, f"{item.resource}", item.message, item.fix)
    shown = [escape(cell) for cell in cells]
    shown[2] += place
    return f"| {' | '.join(shown)} |"


def escape(value: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return _SPECIAL.sub(r"\\\1", clean(value))
