"""Accepted findings: suppressions with a reason and an expiry date, and a baseline of what was there before.

A comment on the resource's line, or on one of the lines just above it, accepts a finding there:
``# watchkeeper: ignore[bucket-versioning] scratch data until 2027-01-01`` (``//`` in TypeScript).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from watchkeeper.model import Finding, SourcePosition
from watchkeeper.preflight.check import ERROR, Options, Suppression

COMMENT = re.compile(r"(?:#|//)\s*watchkeeper:\s*ignore\[([^\]\n]*)\]\s*([^\n]*)")
_UNTIL = re.compile(r"\s*\buntil\s+(\d{4}-\d{2}-\d{2})\s*$")
EXPIRED = "suppression-expired"
REACH = 1
"""How many lines above the resource's line a comment still speaks of it."""


class SuppressionError(ValueError):
    """A suppression or a baseline that cannot be read; the message says where and what to write."""


def parse_comment(line: str, position: SourcePosition | None = None) -> list[Suppression]:
    """The suppressions in one line of source; [] without a comment. A reason must be given."""
    match = COMMENT.search(line)
    if match is None:
        return []
    ids, rest = match.groups()
    until, reason = _split(rest)
    where = f"{position.file}:{position.line}: " if position else ""
    if not reason:
        raise SuppressionError(
            f"{where}a suppression needs a reason: watchkeeper: ignore[{ids}] why it is fine until 2027-01-01"
        )
    return [
        Suppression(name.strip(), reason, until=until, position=position) for name in ids.split(",") if name.strip()
    ]


def _split(rest: str) -> tuple[date | None, str]:
    match = _UNTIL.search(rest)
    if match is None:
        return None, rest.strip()
    try:
        return date.fromisoformat(match.group(1)), rest[: match.start()].strip()
    except ValueError:
        raise SuppressionError(f'"{match.group(1)}" is not a date; write it like 2027-01-01') from None


def from_mapping(raw: Mapping[str, Any]) -> Suppression:
    """A suppression from settings: ``check``, ``reason``, and optionally ``resource`` and ``until``."""
    missing = [key for key in ("check", "reason") if not raw.get(key)]
    if missing:
        raise SuppressionError(f"a suppression needs {' and '.join(missing)}: {dict(raw)!r}")
    until = raw.get("until")
    try:
        day = until if isinstance(until, date) or until is None else date.fromisoformat(str(until))
    except ValueError:
        raise SuppressionError(f'"{until}" is not a date; write it like 2027-01-01') from None
    return Suppression(str(raw["check"]), str(raw["reason"]), str(raw.get("resource", "*")), day)


def fingerprint(finding: Finding) -> str:
    """What makes a finding the same one tomorrow: check, resource, property and message, not its line."""
    parts = (finding.check, str(finding.data.get("urn") or finding.resource), finding.property_path, finding.message)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def write_baseline(findings: Iterable[Finding], path: Path) -> None:
    """Write the findings' fingerprints as a baseline file."""
    entries = [
        {"fingerprint": fingerprint(finding), "check": finding.check, "resource": finding.resource}
        for finding in findings
    ]
    path.write_text(json.dumps({"version": 1, "findings": entries}, indent=2) + "\n", encoding="utf-8")


def read_baseline(path: Path) -> frozenset[str]:
    """The fingerprints of a baseline file. Raises SuppressionError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return frozenset(str(entry["fingerprint"]) for entry in content["findings"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SuppressionError(f"{path}: not a baseline ({error}); write one with --write-baseline") from None


def apply(findings: Iterable[Finding], options: Options) -> tuple[list[Finding], list[Finding]]:
    """Findings that stand, with one for each expired suppression, and those that are accepted."""
    today = options.today or datetime.now(UTC).date()
    reader = _Comments(Path(options.root) if options.root else Path())
    standing: list[Finding] = []
    accepted: list[Finding] = []
    expired: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        matching = [item for item in (*options.suppressions, *reader.near(finding)) if _speaks_of(item, finding)]
        live = [item for item in matching if item.until is None or item.until >= today]
        if live or fingerprint(finding) in options.baseline:
            accepted.append(finding)
            continue
        standing.append(finding)
        for item in matching:
            expired.setdefault((item.check, finding.resource), _expired(item, finding))
    standing += [_unreadable(problem) for problem in reader.problems]
    return standing + list(expired.values()), accepted


def _speaks_of(item: Suppression, finding: Finding) -> bool:
    names = (finding.resource, finding.data.get("urn"), "*")
    return item.check in (finding.check, "*") and (item.position is not None or item.resource in names)


def _expired(item: Suppression, finding: Finding) -> Finding:
    return Finding(
        check=EXPIRED,
        severity=ERROR,
        resource=finding.resource,
        type=finding.type,
        message=f"the suppression of {item.check} ({item.reason}) expired on {item.until}",
        fix="Correct what the check says, or renew the date with a reason that still holds.",
        position=item.position or finding.position,
        data={"urn": finding.data.get("urn", "")},
    )


def _unreadable(problem: str) -> Finding:
    return Finding(check=EXPIRED, severity=ERROR, resource="", type="", message=problem, fix="Add a reason and a date.")


class _Comments:
    """Suppression comments next to the source lines of findings; each file is read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[str, list[str]] = {}
        self.problems: list[str] = []

    def near(self, finding: Finding) -> list[Suppression]:
        """The suppressions on the finding's line and just above it."""
        place = finding.position
        if place is None or place.line < 1:
            return []
        lines = self._lines(place.file)
        found: list[Suppression] = []
        for number in range(max(1, place.line - REACH), min(place.line, len(lines)) + 1):
            try:
                found += parse_comment(lines[number - 1], SourcePosition(place.file, number))
            except SuppressionError as error:
                if str(error) not in self.problems:
                    self.problems.append(str(error))
        return found

    def _lines(self, name: str) -> list[str]:
        if name not in self._files:
            path = Path(name) if Path(name).is_absolute() else self._root / name
            try:
                self._files[name] = path.read_text(encoding="utf-8", errors="replace").splitlines()
            except OSError:
                self._files[name] = []
        return self._files[name]
