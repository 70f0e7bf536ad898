"""The results model: finding, score, day, summary, alert, remediation. Frozen dataclasses, standard library only.

**The score** of a group of results is ``100 * compliant / (compliant + non_compliant)``, in percent. What is not
applicable or was not evaluated is in neither number, and is shown beside it. With nothing evaluated there is no score
(``None``), which is neither 0 nor 100. It is rounded down to one decimal, so that 100 always means *no violation*.

A **result** is one rule on one resource: a resource under three rules is three results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from math import floor

from watchkeeper.model import ComplianceType, Evaluation, Severity


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """A deployed rule, as its owner configured it."""

    name: str
    """The deployed name, with suffix."""
    identifier: str
    """The managed rule's identifier, e.g. ``S3_DEFAULT_ENCRYPTION_KMS``."""
    severity: Severity
    category: str
    remediation: str = "off"
    """``off``, ``dry-run`` or ``automatic``."""


class RuleState(StrEnum):
    """Whether a rule's results can be trusted to be there. 'No resources' and 'no data' are different things."""

    EVALUATED = "evaluated"
    NO_RESOURCES = "no-resources"
    """It ran, and nothing is in its scope."""
    NO_DATA = "no-data"
    """It has never finished an evaluation."""
    ERROR = "error"
    """Its last evaluation failed; what results there are stand from before."""
    MISSING = "missing"
    """AWS Config has no rule of that name."""

    @property
    def known(self) -> bool:
        """Whether its results say how things are now."""
        return self in (RuleState.EVALUATED, RuleState.NO_RESOURCES)


@dataclass(frozen=True, slots=True)
class Counts:
    """Results by compliance."""

    compliant: int = 0
    non_compliant: int = 0
    not_applicable: int = 0
    not_evaluated: int = 0
    """Results that nobody knows: INSUFFICIENT_DATA, and one for each rule that is not in a known state."""
    excepted: int = 0
    """Violations that an exception accepts: in no score."""

    @property
    def score(self) -> float | None:
        """Percent, rounded down to one decimal; None when nothing was evaluated."""
        evaluated = self.compliant + self.non_compliant
        return floor(1000 * self.compliant / evaluated) / 10 if evaluated else None

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.compliant + other.compliant,
            self.non_compliant + other.non_compliant,
            self.not_applicable + other.not_applicable,
            self.not_evaluated + other.not_evaluated,
            self.excepted + other.excepted,
        )


_COUNTED: Mapping[ComplianceType, Counts] = {
    ComplianceType.COMPLIANT: Counts(compliant=1),
    ComplianceType.NON_COMPLIANT: Counts(non_compliant=1),
    ComplianceType.NOT_APPLICABLE: Counts(not_applicable=1),
    ComplianceType.INSUFFICIENT_DATA: Counts(not_evaluated=1),
    ComplianceType.NOT_EVALUATED: Counts(not_evaluated=1),
    ComplianceType.EXCEPTED: Counts(excepted=1),
}


def count(evaluations: Iterable[Evaluation]) -> Counts:
    """The counts of those results."""
    total = Counts()
    for evaluation in evaluations:
        total += _COUNTED[evaluation.compliance]
    return total


@dataclass(frozen=True, slots=True)
class RuleResult:
    """A rule with the state of its evaluation and its counts."""

    rule: RuleInfo
    state: RuleState
    counts: Counts
    reason: str = ""
    """Why it is in no known state; empty otherwise."""
    last_evaluated: datetime | None = None
    pending: bool = False
    """A re-evaluation was started and had not finished when the results were read: they are from before it."""


@dataclass(frozen=True, slots=True)
class ComplianceReport:
    """Every result of every rule at one moment. Rules sorted by name, results by rule, type and id."""

    account: str
    region: str
    environment: str
    generated_at: datetime
    rules: tuple[RuleResult, ...]
    results: tuple[Evaluation, ...]

    @property
    def totals(self) -> Counts:
        """All rules together."""
        return sum((rule.counts for rule in self.rules), Counts())

    @property
    def violations(self) -> tuple[Evaluation, ...]:
        """The results that violate a rule, worst severity first."""
        severity = {rule.rule.name: rule.rule.severity.rank for rule in self.rules}
        found = [result for result in self.results if result.compliance is ComplianceType.NON_COMPLIANT]
        return tuple(sorted(found, key=lambda result: (severity.get(result.rule, 99), *result_key(result))))

    @property
    def not_evaluated(self) -> tuple[RuleResult, ...]:
        """The rules that are in no known state, with their reasons."""
        return tuple(rule for rule in self.rules if not rule.state.known)

    def by(self, group: Callable[[RuleInfo], str]) -> dict[str, Counts]:
        """Counts per group of rules, sorted by group: ``report.by(lambda rule: rule.category)``."""
        grouped: dict[str, Counts] = {}
        for rule in self.rules:
            name = group(rule.rule)
            grouped[name] = grouped.get(name, Counts()) + rule.counts
        return dict(sorted(grouped.items()))

    @property
    def by_category(self) -> dict[str, Counts]:
        """Counts per category."""
        return self.by(lambda rule: rule.category)

    @property
    def by_severity(self) -> dict[str, Counts]:
        """Counts per severity, worst first."""
        grouped = self.by(lambda rule: rule.severity.value)
        return {level.value: grouped[level.value] for level in Severity if level.value in grouped}

    @property
    def by_resource_type(self) -> dict[str, Counts]:
        """Counts per resource type; a rule that was not evaluated has none, so it appears in no type."""
        grouped: dict[str, list[Evaluation]] = {}
        for result in self.results:
            grouped.setdefault(result.resource_type, []).append(result)
        return {name: count(results) for name, results in sorted(grouped.items())}


def result_key(result: Evaluation) -> tuple[str, str, str]:
    """What identifies a result: rule, resource type, resource id."""
    return (result.rule, result.resource_type, result.resource_id)


def unknown_rule(state: RuleState) -> Counts:
    """What a rule's state itself adds to its counts: one not evaluated, unless the state is a known one."""
    return Counts() if state.known else Counts(not_evaluated=1)


class Direction(StrEnum):
    """Where a score is going."""

    IMPROVING = "improving"
    WORSENING = "worsening"
    STEADY = "steady"
    UNKNOWN = "unknown"
    """Nothing to compare with."""


def direction(change: float | None) -> Direction:
    """Of a change in percentage points."""
    if change is None:
        return Direction.UNKNOWN
    if change == 0:
        return Direction.STEADY
    return Direction.IMPROVING if change > 0 else Direction.WORSENING


@dataclass(frozen=True, slots=True)
class DayPoint:
    """One day of a trend. A day without a score is a gap, never a zero."""

    day: date
    score: float | None


@dataclass(frozen=True, slots=True)
class Trend:
    """A day's score against the days before it."""

    history: tuple[DayPoint, ...] = ()
    """Every day from the first one known in the window to the day itself, gaps included."""
    previous: DayPoint | None = None
    """The latest earlier day that has a score."""
    change: float | None = None
    """Percentage points since :attr:`previous`."""

    @property
    def direction(self) -> Direction:
        """Of :attr:`change`."""
        return direction(self.change)


@dataclass(frozen=True, slots=True)
class DailyScore:
    """The scores of one day (UTC)."""

    day: date
    account: str
    region: str
    environment: str
    generated_at: datetime
    overall: Counts
    categories: Mapping[str, Counts]
    rules_not_evaluated: int
    trend: Trend = field(default_factory=Trend)
    category_changes: Mapping[str, float | None] = field(default_factory=dict)
    """Percentage points since the previous day that has a score for the category."""


class Outcome(StrEnum):
    """How a remediation decision ended."""

    APPLIED = "applied"
    SCHEDULED = "scheduled"
    """AWS accepted the change and makes it in the resource's maintenance window."""
    DRY_RUN = "dry-run"
    """It would have been made; the rule's mode is dry-run."""
    OFF = "off"
    """It could be made; the rule's mode is off."""
    ALREADY_COMPLIANT = "already-compliant"
    EXEMPT = "exempt"
    NEEDS_PERSON = "needs-person"
    GONE = "gone"
    """The resource does not exist any more."""
    FAILED = "failed"
    """AWS refused the change."""


@dataclass(frozen=True, slots=True)
class RemediationRecord:
    """The audit record of one decision: what was seen, what was decided, what was done."""

    id: str
    decided_at: datetime
    account: str
    region: str
    environment: str
    rule: str
    identifier: str
    severity: Severity
    mode: str
    resource_type: str
    resource_id: str
    action: str
    """What was or would be done, e.g. ``enable-kms-encryption``; ``none`` where no fix is known."""
    outcome: Outcome
    reason: str
    before: Mapping[str, object] = field(default_factory=dict)
    after: Mapping[str, object] = field(default_factory=dict)
    violation_recorded_at: datetime | None = None
    event_id: str = ""


class AlertLevel(StrEnum):
    """A rule's severity for a violation; INFO, below all of them, for what got better."""

    CRITICAL = "CRITICAL"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"
    INFO = "INFO"


class AlertKind(StrEnum):
    """What happened."""

    VIOLATION = "violation"
    RECOVERY = "recovery"
    GONE = "gone"
    """The resource in violation was deleted, or left the rule's scope."""
    UNKNOWN = "unknown"
    """The rule can't tell any more."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One compliance change that somebody has to know."""

    id: str
    level: AlertLevel
    kind: AlertKind
    account: str
    region: str
    environment: str
    rule: RuleInfo
    resource_type: str
    resource_id: str
    compliance: ComplianceType
    previous: ComplianceType | None
    annotation: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class ChangedResult:
    """A result that got worse or was fixed since the baseline."""

    rule: RuleInfo
    resource_type: str
    resource_id: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class CategoryLine:
    """One row of the summary's table."""

    name: str
    counts: Counts
    change: float | None


@dataclass(frozen=True, slots=True)
class Decision:
    """Something that only a person can settle."""

    title: str
    why: str
    severity: Severity
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExecutiveSummary:
    """One page for management."""

    account: str
    region: str
    environment: str
    generated_at: datetime
    headline: str
    counts: Counts
    trend: Trend
    categories: tuple[CategoryLine, ...]
    violations_by_severity: Mapping[str, int]
    baseline: datetime | None
    """When the report was made that 'worse' and 'fixed' compare with; None when there is none yet."""
    worse: tuple[ChangedResult, ...]
    fixed: tuple[ChangedResult, ...]
    decisions: tuple[Decision, ...]
    not_evaluated: tuple[RuleResult, ...]
    remediations: Mapping[str, int] = field(default_factory=dict)
    """Remediation decisions of the last day, or since the baseline where that is longer, by outcome."""
