"""Accepted findings: suppressions with a reason and an expiry date, and a baseline of what was there before.

How a suppression is written: :mod:`watchkeeper.preflight.suppressions`. What is wrong with one (no reason, no such
check, not a date) is reported by the check ``suppression-invalid``, that it is over by ``suppression-expired``;
neither accepts anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from watchkeeper.aws import suggest
from watchkeeper.model import Finding, SourcePosition
from watchkeeper.preflight.check import fingerprint
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.options import Options, Suppression
from watchkeeper.preflight.registry import checks
from watchkeeper.preflight.suppressions import parse_comment
from watchkeeper.pulumi.graph import Graph

REACH = 1
"""How many lines above the resource's line a comment still speaks of it."""
OWN = frozenset({"suppression-expired", "suppression-invalid"})
"""Checks about suppressions, which no suppression silences."""
NEVER_IN_BASELINE = OWN | {"program-error"}


class BaselineError(ValueError):
    """A baseline that cannot be read; the message says where and what to write."""


def named(item: Suppression) -> Suppression:
    """The suppression, with a problem where no check has its name."""
    if not item.check or item.check in checks():
        return item
    near = suggest.nearest(item.check, checks())
    problem = f"no check is named {quote(item.check)}" + (f" (did you mean {near}?)" if near else "")
    return replace(item, problem="; ".join(filter(None, (problem, item.problem))))


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
    day = options.day
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


def speaks_of(item: Suppression, finding: Finding) -> bool:
    """Whether a suppression means this finding: its check, and its resource by name, URN or pattern or by place."""
    if item.check != finding.check:
        return False
    if item.resource:
        names = (finding.resource, str(finding.data.get("urn") or ""))
        return item.resource in names or any(fnmatchcase(name, item.resource) for name in names)
    comment, place = item.position, finding.position
    return bool(comment and place and comment.file == place.file and 0 <= place.line - comment.line <= REACH)


def _with_reason(finding: Finding, reason: str, beside: bool) -> Finding:
    return replace(finding, data={**finding.data, "accepted_because": reason, "accepted_in_source": beside})
