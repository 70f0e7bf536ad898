"""The report as GitHub workflow commands, which GitHub shows as annotations.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from watchkeeper.model import Finding
from watchkeeper.preflight.check import Report
from watchkeeper.preflight.formats.terminal import summary
from watchkeeper.text import clean

COMMANDS = {"error": "error", "warning": "warning", "unsure": "notice"}


def render(report: Report) -> str:
    """One command for each finding and crash, then the counts; each on one line, whatever a resource is called."""
    commands = [_command(item) for item in report.findings]
    commands += [
        f"::error title={_property(item.check)}::{_data(f'the check crashed: {item.error}')}" for item in report.errors
    ]
    if report.not_checked:
        commands.append(f"::notice title=not checked::{_data(f'{len(report.not_checked)} could not be looked at')}")
    return "\n".join([*commands, clean(summary(report))]) + "\n"


def _command(item: Finding) -> str:
    properties = {"title": f"{item.check}: {item.resource}" if item.resource else item.check}
    if item.position is not None:
        properties = {"file": item.position.file, "line": str(item.position.line), **properties}
    written = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{COMMANDS[item.severity]} {written}::{_data(f'{item.message} {item.fix}'.strip())}"


def _data(value: str) -> str:
    return clean(value).replace("%", "%25")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
