"""What rules found in resources, in one shape, wherever it was found: in an account, in files, in a deployment.

``status``, ``scan``, ``evaluate`` and ``whatif`` all give this, so that every format shows the same of each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from watchkeeper.model import Severity
from watchkeeper.reports.results import Counts


@dataclass(frozen=True, slots=True)
class RuleFound:
    """A rule with how many resources are compliant and how many are not."""

    name: str
    identifier: str
    severity: Severity
    category: str
    counts: Counts
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Why resources were not evaluated, and how many."""


@dataclass(frozen=True, slots=True)
class ResourceFound:
    """A resource that violates a rule."""

    rule: str
    """The rule's name."""
    account: str
    region: str
    resource_type: str
    resource_id: str
    annotation: str
    at: datetime | None = None
    """When its state was captured or its result recorded."""

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What identifies the violation from one day to the next."""
        return (self.rule, self.account, self.region, self.resource_type, self.resource_id)


@dataclass(frozen=True, slots=True)
class Findings:
    """The rules, and the resources that violate them."""

    title: str
    """What was looked at, for people: "Scan of 111122223333, eu-west-1"."""
    made_at: datetime
    rules: tuple[RuleFound, ...]
    violations: tuple[ResourceFound, ...]
    """The worst first."""
    unlisted: int = 0
    """Violations beyond the number that is listed."""
    notes: tuple[str, ...] = ()
    """What could not be read, for people."""

    @property
    def totals(self) -> Counts:
        """All rules together."""
        return sum((rule.counts for rule in self.rules), Counts())

    @property
    def by_name(self) -> Mapping[str, RuleFound]:
        """Rule to its name."""
        return {rule.name: rule for rule in self.rules}
