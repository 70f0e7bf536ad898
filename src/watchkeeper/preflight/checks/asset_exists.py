"""asset-exists: the files and folders that a program ships are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.meaning.values import DEPTH, quote
from watchkeeper.preflight.meaning.views import Views
from watchkeeper.pulumi.graph import Archive, Asset, Secret


def look(views: Views) -> Iterator[Result]:
    """Each asset of a Pulumi program. A state or a preview was made elsewhere: its paths say nothing here."""
    if not views.graph.program:
        return
    root = Path(views.options.root)
    for resource in views.graph:
        for place, path in _paths(resource.inputs, "", 0):
            if not (root / path).exists():
                yield CHECK.finding(resource, f"{place} is {quote(path)}, which is not there.", path=place)


def _paths(value: Any, place: str, depth: int) -> Iterator[tuple[str, str]]:
    """Where an asset stands in the inputs, and its path."""
    if depth > DEPTH:
        return
    if isinstance(value, Secret):
        yield from _paths(value.value, place, depth + 1)
    elif isinstance(value, Asset | Archive) and value.path is not None:
        yield place, value.path
    elif isinstance(value, Archive):
        yield from _paths(value.parts or {}, place, depth + 1)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _paths(item, f"{place}.{key}" if place else str(key), depth + 1)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _paths(item, f"{place}[{index}]", depth + 1)


CHECK = Check(
    id="asset-exists",
    severity=ERROR,
    title="Files and folders that the program ships are there",
    explanation="The path of an asset or archive starts at the project's folder, where Pulumi runs the program, not at "
    "the file that names it.",
    aws_does="Nothing: Pulumi stops at the resource, because it can't read the path.",
    fix="Write the path from the folder of Pulumi.yaml, or make the file before: a build step may be missing.",
    source="https://www.pulumi.com/docs/iac/concepts/inputs-outputs/assets-archives/",
    look=look,
    tags=("shape", "pulumi"),
)
