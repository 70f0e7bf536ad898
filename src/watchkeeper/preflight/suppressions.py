"""Suppressions as they are written: in a comment beside a resource, in a template's Metadata, in settings.

- a comment on the resource's line or the line above it:
  ``# watchkeeper: ignore[bucket-versioning] scratch data until 2027-01-01`` (``//`` in TypeScript);
- a CloudFormation resource's ``Metadata``: ``watchkeeper: {suppressions: [{check: …, reason: …, until: …}]}``;
- settings (:mod:`watchkeeper.preflight.run.settings`).

What is wrong with one stands in its ``problem``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from watchkeeper.model import SourcePosition
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.options import Suppression

COMMENT = re.compile(r"(?:#|//)\s*watchkeeper:\s*ignore\[([^\]\n]*)\]\s*([^\n]*)")
_UNTIL = re.compile(r"\s*\buntil\s+(\d{4}-\d{2}-\d{2})\s*$")
_MIDNIGHT = re.compile(r"T00:00:00(?:\.0+)?Z?$")
"""What Pulumi's CLI makes of a YAML date inside a list or mapping."""
METADATA = "watchkeeper"
NOTHING = "no check is named in it"
UNREASONED = "it has no reason"


def entry(
    check: str,
    reason: str = "",
    resource: str = "*",
    until: str = "",
    *,
    where: str = "",
    position: SourcePosition | None = None,
) -> Suppression:
    """A suppression as it was written; ``problem`` has what is wrong with it."""
    name, why = check.strip(), reason.strip()
    problems = [*([] if name else [NOTHING]), *([] if why else [UNREASONED])]
    day: date | None = None
    try:
        day = date.fromisoformat(_MIDNIGHT.sub("", until.strip())) if until.strip() else None
    except ValueError:
        problems.append(f"{quote(until)} is not a date; write it like 2027-01-01")
    return Suppression(name, why, resource, day, position, where, "; ".join(problems))


def parse_comment(line: str, position: SourcePosition) -> list[Suppression]:
    """The suppressions in one line of source, one for each check that it names; [] without a comment."""
    match = COMMENT.search(line)
    if match is None:
        return []
    names, rest = match.groups()
    until = _UNTIL.search(rest)
    reason, day = (rest[: until.start()], until.group(1)) if until else (rest, "")
    where = f"{position.file}:{position.line}"
    return [entry(name, reason, "", day, where=where, position=position) for name in names.split(",")]


def in_metadata(document: Mapping[str, Any], name: str, lines: Mapping[str, int]) -> Iterator[Suppression]:
    """The suppressions in the Metadata of a CloudFormation template's resources."""
    resources = document.get("Resources")
    for logical, raw in resources.items() if isinstance(resources, Mapping) else ():
        items: Any = raw
        for key in ("Metadata", METADATA, "suppressions"):
            items = items.get(key) if isinstance(items, Mapping) else None
        place = SourcePosition(name, lines[logical]) if logical in lines else None
        where = f"{name}: {logical}.Metadata.{METADATA}.suppressions"
        for item in items if isinstance(items, list) else [] if items is None else [items]:
            given = {str(key): str(value) for key, value in item.items()} if isinstance(item, Mapping) else {}
            known = {key: given[key] for key in ("check", "reason", "until") if key in given}
            yield entry(**{"check": "", **known}, resource=str(logical), where=where, position=place)
