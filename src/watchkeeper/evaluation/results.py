"""What the rules said of the files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from watchkeeper.evaluation.item import ConfiguredRule, prepare
from watchkeeper.model import ComplianceType, Evaluation, Severity

KINDS = (
    ComplianceType.COMPLIANT,
    ComplianceType.NON_COMPLIANT,
    ComplianceType.NOT_APPLICABLE,
    ComplianceType.NOT_EVALUATED,
    ComplianceType.EXCEPTED,
)
"""What is counted of each rule, in the order in which it is shown."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be evaluated: the file, the item's index in it (None: the file itself), and why."""

    file: str
    item: int | None
    message: str


@dataclass(frozen=True, slots=True)
class ResourceEvaluation:
    """An evaluation with the account and region of its resource."""

    identifier: str
    account_id: str
    region: str
    evaluation: Evaluation


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What one rule said of everything: how many of each, and why not, where it said nothing."""

    rule: ConfiguredRule
    counts: Mapping[ComplianceType, int]
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Reason to how many, of what was NOT_EVALUATED; the most frequent. To 0: it could not have judged anything."""

    @property
    def evaluated(self) -> bool:
        """Whether it judged something, or could have, had there been anything to judge."""
        judged = sum(n for kind, n in self.counts.items() if kind is not ComplianceType.NOT_EVALUATED)
        return judged > 0 or not (self.reasons or self.counts.get(ComplianceType.NOT_EVALUATED, 0))

    @property
    def not_evaluated(self) -> int:
        """How much it could not judge; 1 where it could not have judged anything."""
        return self.counts.get(ComplianceType.NOT_EVALUATED, 0) or int(not self.evaluated)


@dataclass(frozen=True, slots=True)
class FilesResult:
    """What the files say under the rules."""

    items: int
    """How many were read, earlier states of a resource included."""
    files: int
    rules: tuple[RuleResult, ...]
    violations: tuple[ResourceEvaluation, ...]
    """The first :data:`watchkeeper.evaluation.files.judging.MAX_LISTED`; all are counted in :attr:`rules`."""
    resource_types: Mapping[str, int]
    problems: tuple[Problem, ...]
    problem_count: int
    excepted: tuple[ResourceEvaluation, ...] = ()
    """Violations that somebody accepted, each with why; as many as violations at most."""
    violators: tuple[int, ...] = ()
    """Of each violation, the number of its rule in :attr:`rules`."""
    superseded: tuple[str, ...] = ()
    """Snapshots left out, because a later one of the same account and region was given."""

    @property
    def non_compliant(self) -> int:
        """How many violations there are."""
        return sum(result.counts.get(ComplianceType.NON_COMPLIANT, 0) for result in self.rules)

    @property
    def evaluated_rules(self) -> int:
        """How many rules judged something, or had nothing to judge."""
        return sum(result.evaluated for result in self.rules)

    @property
    def coverage(self) -> str:
        """``41 of 60 rules evaluated``."""
        return f"{self.evaluated_rules} of {len(self.rules)} rules evaluated"

    @property
    def incomplete(self) -> bool:
        """Whether something in the files could not be read; exit code 3."""
        return self.problem_count > 0

    @property
    def misread(self) -> bool:
        """Whether a rule that needs nothing but the item could not make sense of one; exit code 3."""
        prepared = prepare(entry.rule for entry in self.rules).rules
        return any(
            entry.not_evaluated and rule.logic is not None and not rule.logic.needs and not rule.problem
            for entry, rule in zip(self.rules, prepared, strict=True)
        )


def severities(results: Sequence[RuleResult]) -> Mapping[str, Severity]:
    """Rule to severity, by the rule's name."""
    return {result.rule.name: result.rule.severity for result in results}
