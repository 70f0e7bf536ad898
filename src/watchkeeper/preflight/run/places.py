"""Where findings are shown: paths that a reader, a CI system or a code host can follow."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from watchkeeper.model import Finding, SourcePosition
from watchkeeper.preflight.check import Report


def top(folder: Path) -> Path | None:
    """The top of the Git repository that a folder is in; None outside of one. A work tree's ``.git`` is a file."""
    here = folder.resolve()
    return next((place for place in (here, *here.parents) if (place / ".git").exists()), None)


def highest(folder: Path) -> Path:
    """The folder that everything about a target is in: its repository's, else the working directory when that is above
    it, else its own."""
    here, working = folder.resolve(), Path.cwd()
    return top(here) or (working if here.is_relative_to(working) else here)


def located(report: Report, base: Path) -> Report:
    """The report with every place relative to ``base``, with slashes; absolute where it is outside of it."""

    def move(place: SourcePosition | None) -> SourcePosition | None:
        return replace(place, file=relative(place.file, report.root, base)) if place else None

    def moved(items: tuple[Finding, ...]) -> tuple[Finding, ...]:
        return tuple(replace(item, position=move(item.position)) for item in items)

    return replace(
        report,
        findings=moved(report.findings),
        suppressed=moved(report.suppressed),
        place=move(report.place),
        root=str(base),
    )


def relative(file: str, root: str, base: Path) -> str:
    """A file, named from ``root`` or absolute, as it is named from ``base``."""
    path = Path(os.path.normpath(Path(root).resolve() / file))
    return (path.relative_to(base) if path.is_relative_to(base) else path).as_posix()
