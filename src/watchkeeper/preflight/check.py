"""What a check is: a function over the views of a graph, with all that a person needs to know beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from watchkeeper.model import Finding, SourcePosition
from watchkeeper.pulumi.engine.program import ProgramError
from watchkeeper.pulumi.graph import Resource

if TYPE_CHECKING:
    from watchkeeper.preflight.meaning.views import Views

ERROR = "error"
WARNING = "warning"
UNSURE = "unsure"
SEVERITIES = (ERROR, WARNING, UNSURE)
DEFAULT_TAGS = ("Owner", "Environment", "ComplianceLevel")


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


@dataclass(frozen=True, slots=True)
class Suppression:
    """One accepted finding: a check and a resource, why, and until when."""

    check: str
    reason: str
    resource: str = "*"
    """A name, a URN or a pattern such as ``scratch-*``; empty: the resources at ``position``."""
    until: date | None = None
    """The last day on which it counts."""
    position: SourcePosition | None = None
    """Its place, when it stands beside the resource."""
    where: str = ""
    """The same for people: ``__main__.py:7``, ``watchkeeper.yaml: preflight.suppressions[0]``."""
    problem: str = ""
    """What is wrong with it: then it accepts nothing."""


@dataclass(frozen=True, slots=True)
class AccountRule:
    """A rule that an account has. ``identifier`` is the managed rule's, or the function's ARN of a custom rule."""

    name: str
    identifier: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccountState:
    """What an account has in the region already: read by :mod:`watchkeeper.preflight.account.state`, read-only."""

    account_id: str = ""
    region: str = ""
    recorders: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    rules: tuple[AccountRule, ...] = ()
    aggregators: tuple[str, ...] = ()
    conformance_packs: tuple[str, ...] = ()
    rule_quota: int = 1000
    enabled_regions: tuple[str, ...] = ()
    taken: Mapping[str, str] = field(default_factory=dict)
    """URN of a resource whose name is taken, to who has it: ``this`` account or ``another``."""
    deployed: frozenset[str] | None = None
    """URNs that the stack itself has there already; None: nobody knows."""
    gaps: tuple[str, ...] = ()
    """What could not be read, one sentence each."""

    def made_before(self, resource: Resource) -> bool:
        """Whether the stack itself made this resource in an earlier deployment, as far as is known."""
        return bool(resource.id) or resource.urn in (self.deployed or ())


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for. Every field has the default of the command line."""

    select: tuple[str, ...] = ()
    """Ids or tags to run; empty: all."""
    ignore: tuple[str, ...] = ()
    environment: str = ""
    """The environment suffix; empty: the graph's stack name."""
    required_tags: tuple[str, ...] = DEFAULT_TAGS
    destroyable: bool = True
    """Whether the stack must be destroyable."""
    shared_roles: tuple[str, ...] = ()
    """Names of roles that functions share knowingly."""
    suppressions: tuple[Suppression, ...] = ()
    baseline: frozenset[str] = frozenset()
    """Fingerprints of findings that were there before (see :func:`watchkeeper.preflight.run.suppress.fingerprint`)."""
    account: AccountState | None = None
    program_error: ProgramError | None = None
    root: str = ""
    """The folder that asset and source paths are relative to."""
    today: date | None = None
    """For tests; None: the date of the day (UTC)."""


Result = Finding | NotChecked
Look = Callable[["Views"], Iterator[Result]]


@dataclass(frozen=True, slots=True)
class Check:
    """One check. ``look`` gives findings and what it could not look at; it never touches AWS."""

    id: str
    severity: str
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
        severity: str = "",
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

    def unknown(self, resource: Resource | None, reason: str) -> NotChecked:
        """What this check could not look at."""
        return NotChecked(self.id, resource.name if resource else "", reason, resource.type if resource else "")


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
