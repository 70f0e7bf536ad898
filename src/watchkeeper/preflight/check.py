"""What a check is: a function over the views of a graph, with all that a person needs to know beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from watchkeeper.model import Finding, FindingSeverity, SourcePosition
from watchkeeper.preflight.meaning.views import Views
from watchkeeper.preflight.options import Suppression
from watchkeeper.pulumi.graph import Resource

ERROR, WARNING, UNSURE = SEVERITIES = tuple(FindingSeverity)


@dataclass(frozen=True, slots=True)
class NotChecked:
    """A check that could not look, and why: neither a finding nor a pass."""

    check: str
    resource: str
    reason: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class CheckError:
    """A check that crashed: an error of ours, never a pass."""

    check: str
    error: str


Result = Finding | NotChecked
Look = Callable[[Views], Iterator[Result]]


@dataclass(frozen=True, slots=True)
class Check:
    """One check. ``look`` gives findings and what it could not look at; it never touches AWS."""

    id: str
    severity: FindingSeverity
    title: str
    explanation: str
    aws_does: str
    fix: str
    source: str
    look: Look
    tags: tuple[str, ...] = ()
    needs_all: bool = False
    """Whether it concludes from what is not there: a program that stopped may only not have come so far."""

    def finding(
        self,
        resource: Resource | None,
        message: str,
        *,
        fix: str = "",
        path: str = "",
        severity: FindingSeverity | None = None,
        aws_does: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> Finding:
        """A finding of this check about a resource (None: the whole program)."""
        return Finding(
            check=self.id,
            severity=severity or self.severity,
            resource=resource.name if resource else "",
            type=resource.type if resource else "",
            message=message,
            fix=fix or self.fix,
            aws_does=aws_does or self.aws_does,
            property_path=path,
            position=resource.position if resource else None,
            data={"urn": resource.urn if resource else "", **(data or {})},
        )

    def about(self, item: Suppression, message: str) -> Finding:
        """What this check says of a suppression, at its place."""
        return Finding(
            check=self.id,
            severity=self.severity,
            resource=item.resource if item.position else "",
            type="",
            message=f"{item.where}: {message}",
            fix=self.fix,
            position=item.position,
        )

    def unknown(self, resource: Resource | None, reason: str) -> NotChecked:
        """What this check could not look at."""
        return NotChecked(self.id, resource.name if resource else "", reason, resource.type if resource else "")


def fingerprint(finding: Finding) -> str:
    """What makes a finding the same one tomorrow: check, resource, property and message, not its line."""
    parts = (finding.check, str(finding.data.get("urn") or finding.resource), finding.property_path, finding.message)
    # JSON may hold half a surrogate pair, which UTF-8 can't.
    return hashlib.sha256("\n".join(parts).encode(errors="backslashreplace")).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Report:
    """What preflight says of one target."""

    findings: tuple[Finding, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()
    errors: tuple[CheckError, ...] = ()
    checks_run: tuple[str, ...] = ()
    resources: int = 0
    source: str = ""
    guessed: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    suppressed: tuple[Finding, ...] = ()
    """Accepted findings; ``data`` says why (``accepted_because``, ``accepted_in_source``)."""
    unused: tuple[Suppression, ...] = ()
    """Suppressions of checks that ran and saw everything, but that accepted nothing."""
    root: str = ""
    """The folder that the places' files are relative to."""
    place: SourcePosition | None = None
    """The target itself: what is shown where a finding has no place of its own and a tool wants one."""

    @property
    def exit_code(self) -> int:
        """0 clean, 1 findings (unsure ones alone do not fail), 3 when a check crashed or nothing could be read."""
        if self.errors or (self.unread and not self.resources):
            return 3
        return 1 if any(finding.severity != UNSURE for finding in self.findings) else 0
