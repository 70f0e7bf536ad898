"""What the user asked of preflight, and what the account has already: all that a look depends on besides the graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from watchkeeper.model import SourcePosition
from watchkeeper.pulumi.engine.program import MissingValue, ProgramError
from watchkeeper.pulumi.graph import Resource

DEFAULT_TAGS = ("Owner", "Environment", "ComplianceLevel")


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
    missing: tuple[MissingValue, ...] = ()
    """Required configuration values that the stack does not have."""
    root: str = ""
    """The folder that asset and source paths are relative to."""
    today: date | None = None
    """For tests; None: the date of the day (UTC)."""

    @property
    def day(self) -> date:
        """The day that expiry dates are held against."""
        return self.today or datetime.now(UTC).date()
