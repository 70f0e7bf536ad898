"""account-state: what the account has already leaves room for the program. Runs only with --account."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.preflight.account.taken_names import QUESTIONS
from watchkeeper.preflight.check import ERROR, WARNING, Check, Result
from watchkeeper.preflight.meaning.identity import is_stand_in
from watchkeeper.preflight.meaning.values import at, quote, text
from watchkeeper.preflight.meaning.views import AGGREGATOR, CONFORMANCE_PACK, Views
from watchkeeper.preflight.options import AccountRule, AccountState
from watchkeeper.pulumi.graph import Resource

AGGREGATOR_QUOTA = 50
PACK_QUOTA = 50
"""Both by https://docs.aws.amazon.com/config/latest/developerguide/configlimits.html."""


def look(views: Views) -> Iterator[Result]:
    """Names, quotas and regions of the account, when it was asked."""
    state = views.options.account
    if state is None:
        return
    for gap in state.gaps:
        yield CHECK.unknown(None, gap)
    for urn, holder in state.taken.items():
        resource = views.graph.resources.get(urn)
        if resource is not None:
            yield _taken(views, state, resource, holder)
    yield from _rules(views, state)
    yield from _quotas(views, state)
    yield from _regions(views, state)


def _taken(views: Views, state: AccountState, resource: Resource, holder: str) -> Result:
    question = QUESTIONS[resource.type]
    name = quote(views.name(resource))
    if holder == "another":
        return CHECK.finding(
            resource, f"the name {name} belongs to another account.", fix=OTHER_NAME, aws_does=question.aws_does
        )
    return CHECK.finding(
        resource,
        f"account {state.account_id} has {name} in {state.region} already{_unless(state)}.",
        fix=OTHER_NAME,
        severity=ERROR if question.refused and state.deployed is not None else WARNING,
        aws_does=question.aws_does,
    )


def _unless(state: AccountState) -> str:
    return "" if state.deployed is not None else "; right only if an earlier deployment of this stack made it"


def _rules(views: Views, state: AccountState) -> Iterator[Result]:
    existing = {rule.name: rule for rule in state.rules}
    own = {views.name(rule) for rule in views.rules}
    for rule in views.rules:
        name = views.name(rule)
        if name in existing:
            if not is_stand_in(name) and not state.made_before(rule):
                yield CHECK.finding(
                    rule,
                    f"account {state.account_id} has a rule {quote(name)} in {state.region} already, which this one "
                    f"overwrites{_unless(state)}.",
                    fix="Give it another name, or import the existing rule into the stack.",
                    path="name",
                    severity=WARNING,
                    aws_does="PutConfigRule changes the existing rule.",
                )
            continue
        for other in state.rules:
            if other.name not in own and _same_identifier(views, rule, other):
                yield _clash(views, rule, other)


def _same_identifier(views: Views, rule: Resource, other: AccountRule) -> bool:
    identifier = text(views.get(rule, "source", "sourceIdentifier"))
    return identifier is not None and identifier == other.identifier


def _clash(views: Views, rule: Resource, other: AccountRule) -> Result:
    mine, theirs = _parameters(views.get(rule, "inputParameters")), _compared(other.parameters)
    same = "with the same parameters: everything is evaluated and paid for twice"
    differs = "with other parameters: a resource can be compliant by one and not by the other"
    return CHECK.finding(
        rule,
        f"the account's rule {quote(other.name)} evaluates {other.identifier} already, "
        f"{same if mine == theirs else differs}.",
        fix="Leave one of the two out.",
        path="source.sourceIdentifier",
        severity=WARNING,
        aws_does="It runs both.",
    )


def _parameters(value: Any) -> Mapping[str, str] | None:
    """Input parameters as AWS compares them, or None when they can't be read."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if value is None:
        return {}
    return _compared(value) if isinstance(value, Mapping) else None


def _compared(parameters: Mapping[str, Any]) -> Mapping[str, str]:
    return {key: str(value) for key, value in parameters.items()}


def _quotas(views: Views, state: AccountState) -> Iterator[Result]:
    """Existing ones and those that the program adds, against the account's quota or AWS's default."""
    rules = tuple(rule.name for rule in state.rules)
    for what, existing, kinds, quota, answer in (
        ("rules", rules, views.rules, state.rule_quota, "MaxNumberOfConfigRulesExceededException"),
        ("aggregators", state.aggregators, views.of_type(AGGREGATOR), AGGREGATOR_QUOTA, "LimitExceededException"),
        (
            "conformance packs",
            state.conformance_packs,
            views.of_type(CONFORMANCE_PACK),
            PACK_QUOTA,
            "MaxNumberOfConformancePacksExceededException",
        ),
    ):
        new = [item for item in kinds if views.name(item) not in existing and not state.made_before(item)]
        if new and len(existing) + len(new) > quota:
            yield CHECK.finding(
                None,
                f"the account has {len(existing)} {what} and the program adds {len(new)}; the quota is {quota}.",
                aws_does=f"It answers {answer}.",
                fix="Remove some, or ask for a higher quota.",
            )


def _regions(views: Views, state: AccountState) -> Iterator[Result]:
    if not state.enabled_regions:
        return
    if views.region is not None and views.region not in state.enabled_regions:
        yield CHECK.finding(
            None,
            f"the region {quote(views.region)} is not enabled in account {state.account_id}.",
            fix="Enable it in the account's settings, or deploy to another region.",
            aws_does="Every call to that region is refused.",
        )
    for aggregator in views.of_type(AGGREGATOR):
        for region in at(views.inputs(aggregator), "accountAggregationSource", "regions"):
            if isinstance(region, str) and region not in state.enabled_regions:
                yield CHECK.finding(
                    aggregator,
                    f"the region {quote(region)} is not enabled in account {state.account_id}.",
                    fix="Enable it in the account's settings, or leave it out.",
                    path="accountAggregationSource.regions",
                    severity=WARNING,
                    aws_does="It aggregates nothing from that region.",
                )


OTHER_NAME = "Choose another name, or import what exists into the stack."

CHECK = Check(
    id="account-state",
    severity=ERROR,
    title="The account leaves room for the program",
    explanation="Names that are taken, rules that say the same twice, quotas that are used up and regions that are "
    "not enabled are the account's: they are looked at only with --account, read-only.",
    aws_does="It refuses what does not fit.",
    fix="Rename, import, or ask for a higher quota.",
    source="https://docs.aws.amazon.com/config/latest/developerguide/configlimits.html",
    look=look,
    tags=("account",),
)
