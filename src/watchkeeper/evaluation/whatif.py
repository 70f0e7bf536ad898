"""What rules would change beside those that are enabled: what would newly fail, and the cost of a month."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from watchkeeper.aws import facts
from watchkeeper.evaluation.files.running import Progress, evaluate_sources
from watchkeeper.evaluation.files.sources import Source
from watchkeeper.evaluation.item import Accept, ConfiguredRule
from watchkeeper.evaluation.results import FilesResult, ResourceEvaluation

MAX_COMPARED = 1_000_000
"""Violations that :func:`what_if` holds to compare them, about 300 bytes each."""

PRICE_TIERS = ((100_000, 0.001), (500_000, 0.0008), (float("inf"), 0.0005))
"""USD for each rule evaluation of a month, by how many there were before."""
PRICE_SOURCE = (
    "AWS Config pricing, rule evaluations, US East (N. Virginia); second-hand, check aws.amazon.com/config/pricing"
)
RUNS_A_MONTH = {
    "One_Hour": 730,
    "Three_Hours": 243,
    "Six_Hours": 122,
    "Twelve_Hours": 61,
    "TwentyFour_Hours": 30,
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What rules would cost a month."""

    evaluations: int
    usd: float
    changes_per_resource: float
    source: str = PRICE_SOURCE


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What changes if the candidate rules are enabled beside those that are."""

    result: FilesResult
    """Of the candidates alone."""
    newly_failing: tuple[ResourceEvaluation, ...]
    """Violations that no enabled rule with the same identifier reports already."""
    cost: Cost
    exact: bool = True
    """Whether every violation was compared. False beyond :data:`MAX_COMPARED` of them: some that would newly fail are
    then missing from the list, and some on it may fail today already."""


def evaluation_price(evaluations: float, before: float = 0) -> float:
    """USD for that many evaluations in a month in which there were ``before`` of them already."""
    total, done, left = 0.0, before, evaluations
    for limit, price in PRICE_TIERS:
        here = min(left, max(0.0, limit - done))
        total += here * price
        done, left = done + here, left - here
    return total


def monthly_cost(result: FilesResult, changes_per_resource: float = 4.0) -> Cost:
    """The cost of the result's rules: each judged resource for each change (``changes_per_resource`` a month), and for
    each run of a periodic rule (at its default frequency, once a day)."""
    count = 0.0
    for entry in result.rules:
        managed = facts.managed_rules().get(entry.rule.identifier)
        trigger = managed.trigger if managed else facts.CHANGE
        runs = 0.0 if trigger == facts.CHANGE else RUNS_A_MONTH[facts.DEFAULT_FREQUENCY]
        changes = 0.0 if trigger == facts.PERIODIC else changes_per_resource
        count += sum(entry.counts.values()) * (runs + changes)
    return Cost(round(count), round(evaluation_price(count), 2), changes_per_resource)


def what_if(
    sources: Sequence[Source],
    candidates: Sequence[ConfiguredRule],
    enabled: Sequence[ConfiguredRule],
    on_progress: Progress | None = None,
    *,
    changes_per_resource: float = 4.0,
    workers: int | None = None,
    now: datetime | None = None,
    accept: Accept | None = None,
) -> WhatIf:
    """Evaluate candidates and enabled rules in one pass over the files, and say what the candidates would change.

    Only enabled rules with the identifier of a candidate can report the same, so only they are evaluated. Exact up to
    :data:`MAX_COMPARED` violations; beyond, the answer says that it isn't (:attr:`WhatIf.exact`).
    """
    wanted = {rule.identifier for rule in candidates}
    rivals = [rule for rule in enabled if rule.identifier in wanted]
    both = evaluate_sources(
        sources, [*candidates, *rivals], on_progress, workers=workers, now=now, most_listed=MAX_COMPARED, accept=accept
    )
    judged = [(number < len(candidates), v) for number, v in zip(both.violators, both.violations, strict=True)]
    known = {_subject(found) for of_candidate, found in judged if not of_candidate}
    found = tuple(found for of_candidate, found in judged if of_candidate)
    newly = tuple(violation for violation in found if _subject(violation) not in known)
    result = dataclasses.replace(both, rules=both.rules[: len(candidates)], violations=found, violators=())
    return WhatIf(result, newly, monthly_cost(result, changes_per_resource), len(judged) == both.non_compliant)


def _subject(found: ResourceEvaluation) -> tuple[str, str, str, str, str]:
    evaluation = found.evaluation
    return (found.identifier, found.account_id, found.region, evaluation.resource_type, evaluation.resource_id)
