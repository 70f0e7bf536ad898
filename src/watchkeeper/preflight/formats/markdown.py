"""The report as Markdown, for a pull request's comment."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.model import Finding
from watchkeeper.preflight.check import Report
from watchkeeper.preflight.formats.terminal import summary
from watchkeeper.reports.to_markdown import escape


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
    if report.unused:
        yield ""
        yield from (
            f"- {escape(item.where)}: the suppression of {item.check} accepts nothing any more"
            for item in report.unused
        )
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
