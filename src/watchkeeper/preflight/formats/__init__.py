"""Renderers of a preflight report, one module per format. Each says the same; what comes from resources is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from watchkeeper.preflight.check import Report

FORMATS: Mapping[str, str] = {
    "terminal": "terminal",
    "json": "to_json",
    "sarif": "sarif",
    "junit": "junit",
    "github": "github",
    "markdown": "markdown",
}
"""Each format's module: only the one that is asked for is loaded."""


def render(report: Report, name: str) -> str:
    """The report as text in one of :data:`FORMATS`. Raises KeyError naming the formats that there are."""
    if name not in FORMATS:
        raise KeyError(f"{name!r} is not a format; there are {', '.join(FORMATS)}")
    return str(import_module(f"{__name__}.{FORMATS[name]}").render(report))
