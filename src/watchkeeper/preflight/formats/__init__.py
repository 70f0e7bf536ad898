"""Renderers of a preflight report, one module per format. Each says the same; what comes from resources is escaped."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from watchkeeper.preflight.check import Report
from watchkeeper.preflight.formats import github, junit, markdown, sarif, terminal, to_json

FORMATS: Mapping[str, Callable[[Report], str]] = {
    "terminal": terminal.render,
    "json": to_json.render,
    "sarif": sarif.render,
    "junit": junit.render,
    "github": github.render,
    "markdown": markdown.render,
}


def render(report: Report, name: str) -> str:
    """The report as text in one of :data:`FORMATS`. Raises KeyError naming the formats that there are."""
    if name not in FORMATS:
        raise KeyError(f"{name!r} is not a format; there are {', '.join(FORMATS)}")
    return FORMATS[name](report)
