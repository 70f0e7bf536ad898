"""Accepted findings: suppressions with a reason and an expiry date, and a baseline of what was there before.

A suppression stands beside the resource or in settings (:mod:`watchkeeper.preflight.run.settings`):

- a comment on the resource's line or the line above it:
  ``# watchkeeper: ignore[bucket-versioning] scratch data until 2027-01-01`` (``//`` in TypeScript);
- a CloudFormation resource's ``Metadata``: ``watchkeeper: {suppressions: [{check: …, reason: …, until: …}]}``.

What is wrong with one (no reason, no such check, not a date) is said by the check ``suppression-invalid``, that it is
over by ``suppression-expired``; neither accepts anything.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from watchkeeper.aws import suggest
from watchkeeper.model import Finding, SourcePosition
from watchkeeper.preflight.check import Check, Options, Suppression
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.run.registry import checks
from watchkeeper.pulumi.graph import Graph

COMMENT = re.compile(r"(?:#|//)\s*watchkeeper:\s*ignore\[([^\]\n]*)\]\s*([^\n]*)")
_UNTIL = re.compile(r"\s*\buntil\s+(\d{4}-\d{2}-\d{2})\s*$")
_MIDNIGHT = re.compile(r"T00:00:00(?:\.0+)?Z?$")
"""What Pulumi's CLI makes of a YAML date inside a list or mapping."""
REACH = 1
"""How many lines above the resource's line a comment still speaks of it."""
METADATA = "watchkeeper"
OWN = frozenset({"suppression-expired", "suppression-invalid"})
"""Checks about suppressions, which no suppression silences."""
NEVER_IN_BASELINE = OWN | {"program-error"}
NOTHING = "no check is named in it"
UNREASONED = "it has no reason"


class BaselineError(ValueError):
    """A baseline that cannot be read; the message says where and what to write."""


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
    problems = [
        *([] if name in checks() else [_no_check(name)]),
        *([] if why else [UNREASONED]),
    ]
    day: date | None = None
    try:
        day = date.fromisoformat(_MIDNIGHT.sub("", until.strip())) if until.strip() else None
    except ValueError:
        problems.append(f"{quote(until)} is not a date; write it like 2027-01-01")
    return Suppression(name, why, resource, day, position, where, "; ".join(problems))


def _no_check(name: str) -> str:
    if not name:
        return NOTHING
    near = suggest.nearest(name, checks())
    return f"no check is named {quote(name)}" + (f" (did you mean {near}?)" if near else "")


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


def in_comments(graph: Graph, options: Options) -> list[Suppression]:
    """The suppressions in comments beside the graph's resources, and beside the line where the program stopped."""
    resources = (resource for each in (graph, *graph.variants) for resource in each)
    places = [resource.position for resource in resources if resource.position is not None]
    error = options.program_error
    if error is not None and error.file:
        places.append(SourcePosition(error.file, error.line))
    wanted: dict[str, set[int]] = {}
    for place in places:
        wanted.setdefault(place.file, set()).update(range(max(1, place.line - REACH), place.line + 1))
    root = Path(options.root) if options.root else Path()
    return [
        found
        for file, numbers in wanted.items()
        for number, line in _lines(root / file, numbers)
        for found in parse_comment(line, SourcePosition(file, number))
    ]


def _lines(path: Path, numbers: set[int]) -> Iterator[tuple[int, str]]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except (OSError, ValueError):
        return
    yield from ((number, lines[number - 1]) for number in sorted(numbers) if number <= len(lines))


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


def fingerprint(finding: Finding) -> str:
    """What makes a finding the same one tomorrow: check, resource, property and message, not its line."""
    parts = (finding.check, str(finding.data.get("urn") or finding.resource), finding.property_path, finding.message)
    # JSON may hold half a surrogate pair, which UTF-8 can't.
    return hashlib.sha256("\n".join(parts).encode(errors="backslashreplace")).hexdigest()[:24]


def write_baseline(findings: Iterable[Finding], path: Path) -> int:
    """Write the findings' fingerprints as a baseline file; gives how many. Raises OSError.

    A program that stops hides what else is wrong, and suppressions have a date of their own: neither is written.
    """
    entries = [
        {"fingerprint": fingerprint(finding), "check": finding.check, "resource": finding.resource}
        for finding in findings
        if finding.check not in NEVER_IN_BASELINE
    ]
    path.write_text(json.dumps({"version": 1, "findings": entries}, indent=2) + "\n", encoding="utf-8")
    return len(entries)


def read_baseline(path: Path) -> frozenset[str]:
    """The fingerprints of a baseline file. Raises BaselineError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return frozenset(str(entry["fingerprint"]) for entry in content["findings"])
    except FileNotFoundError:
        raise BaselineError(f"{path} is not there; write one with --write-baseline") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise BaselineError(f"{path} is not a baseline; write one with --write-baseline") from None


def apply(findings: Iterable[Finding], options: Options) -> tuple[list[Finding], list[Finding], list[Suppression]]:
    """Findings that stand, those that are accepted, and the suppressions that still count but accepted nothing."""
    day = today(options)
    live = [item for item in options.suppressions if not item.problem and (item.until is None or item.until >= day)]
    used: set[int] = set()
    standing: list[Finding] = []
    accepted: list[Finding] = []
    for finding in findings:
        matching = [item for item in live if finding.check not in OWN and speaks_of(item, finding)]
        used.update(map(id, matching))
        if matching:
            accepted.append(_with_reason(finding, matching[0].reason, matching[0].position is not None))
        elif fingerprint(finding) in options.baseline:
            accepted.append(_with_reason(finding, "in the baseline", beside=False))
        else:
            standing.append(finding)
    return standing, accepted, [item for item in live if id(item) not in used]


def today(options: Options) -> date:
    """The day that expiry dates are held against."""
    return options.today or datetime.now(UTC).date()


def speaks_of(item: Suppression, finding: Finding) -> bool:
    """Whether a suppression means this finding: its check, and its resource by name, URN or pattern or by place."""
    if item.check != finding.check:
        return False
    if item.resource:
        names = (finding.resource, str(finding.data.get("urn") or ""))
        return item.resource in names or any(fnmatchcase(name, item.resource) for name in names)
    comment, place = item.position, finding.position
    return bool(comment and place and comment.file == place.file and 0 <= place.line - comment.line <= REACH)


def finding_about(item: Suppression, check: Check, message: str) -> Finding:
    """What a check says of a suppression, at its place."""
    return Finding(
        check=check.id,
        severity=check.severity,
        resource=item.resource if item.position else "",
        type="",
        message=f"{item.where}: {message}",
        fix=check.fix,
        position=item.position,
    )


def _with_reason(finding: Finding, reason: str, beside: bool) -> Finding:
    return replace(finding, data={**finding.data, "accepted_because": reason, "accepted_in_source": beside})
