"""Picks the rules for an item, runs them, and keeps a crash apart from a finding.

The order of the answers is AWS Config's: a deleted resource is NOT_APPLICABLE whatever the rule; a resource outside the
rule's scope gets no evaluation. What AWS doesn't have is NOT_EVALUATED: no logic, wrong parameters, a part of the item
that nobody could read, a crash; always with the reason.

Page: https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config-rules.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from watchkeeper.aws import facts, suggest
from watchkeeper.model import UNAVAILABLE_KEY, ComplianceType, ConfigurationItem, Evaluation, Severity, Unavailable
from watchkeeper.rules import (
    ACCOUNT,
    Lookup,
    NoLookup,
    ParameterError,
    RuleLogic,
    category,
    logic,
    parse_parameters,
    severity,
)
from watchkeeper.rules.base import clip, shown

__all__ = [
    "ACCOUNT",
    "Accept",
    "ConfiguredRule",
    "Lookup",
    "NoLookup",
    "Prepared",
    "PreparedRule",
    "Scope",
    "Unavailable",
    "accepted",
    "account_item",
    "configured",
    "evaluate",
    "prepare",
]

NOT_APPLICABLE = ComplianceType.NOT_APPLICABLE
NOT_EVALUATED = ComplianceType.NOT_EVALUATED


@dataclass(frozen=True, slots=True)
class Scope:
    """Which resources a rule is for, as ``Scope`` of PutConfigRule; empty: all that the managed rule covers."""

    types: tuple[str, ...] = ()
    resource_id: str = ""
    tag_key: str = ""
    tag_value: str = ""

    @property
    def narrows(self) -> bool:
        """Whether it says more than types."""
        return bool(self.resource_id or self.tag_key)

    def covers(self, item: ConfigurationItem) -> bool:
        """Whether the item is in scope; its type is judged by :attr:`types` where there are any."""
        if self.types and item.resource_type not in self.types:
            return False
        if self.resource_id and item.resource_id != self.resource_id:
            return False
        if not self.tag_key or _unread(item, "tags"):
            # Nobody knows whether an item without its tags is in scope: the rule is not evaluated, and says why.
            return True
        return self.tag_key in item.tags and (not self.tag_value or item.tags[self.tag_key] == self.tag_value)


@dataclass(frozen=True, slots=True)
class ConfiguredRule:
    """A managed rule as somebody enabled it: its name, identifier, parameters as written, scope."""

    name: str
    identifier: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    scope: Scope = field(default_factory=Scope)
    severity: Severity = Severity.MEDIUM
    category: str = "Configuration"
    custom: bool = False
    """Whether it is somebody's own rule, whose code is not here."""


def configured(
    identifier: str, parameters: Mapping[str, Any] | None = None, *, name: str = "", scope: Scope | None = None
) -> ConfiguredRule:
    """A configured rule with the severity and category of the catalog and the console's name unless one is given."""
    managed = facts.managed_rules().get(identifier)
    return ConfiguredRule(
        name=name or (managed.name if managed else identifier),
        identifier=identifier,
        parameters=parameters or {},
        scope=scope or Scope(),
        severity=severity(identifier),
        category=category(identifier),
    )


@dataclass(frozen=True, slots=True)
class PreparedRule:
    """A configured rule ready to run: logic found, parameters parsed, or the reason why it can't be evaluated."""

    rule: ConfiguredRule
    types: tuple[str, ...]
    logic: RuleLogic | None
    parameters: Mapping[str, Any]
    problem: str = ""

    def evaluate(self, item: ConfigurationItem, lookup: Lookup) -> Evaluation | None:
        """The evaluation of the item, or None where the rule does not concern it. Never raises."""
        scope = self.rule.scope
        if item.resource_type not in self.types or (scope.narrows and not scope.covers(item)):
            return None
        compliance, annotation = self.judge(item, lookup)
        return Evaluation(
            self.rule.name, item.resource_type, item.resource_id, compliance, annotation, item.capture_time
        )

    def judge(self, item: ConfigurationItem, lookup: Lookup) -> tuple[ComplianceType, str]:
        """Compliance and annotation for an item in scope. Never raises."""
        if item.status.deleted:
            return NOT_APPLICABLE, "The resource was deleted."
        run = self.logic
        if run is None or self.problem:
            return NOT_EVALUATED, self.problem
        try:
            if UNAVAILABLE_KEY in item.supplementary:
                _refuse_unread(item, run, self.rule.scope)
            verdict = run.function(item, self.parameters, lookup)
        except Unavailable as reason:
            return NOT_EVALUATED, clip(str(reason))
        except RecursionError:
            return NOT_EVALUATED, "the item is nested too deeply"
        except Exception as crash:  # noqa: BLE001 - a crashed rule must not stop the others, nor count as a finding
            return NOT_EVALUATED, clip(f"the rule crashed: {type(crash).__name__}: {shown(str(crash), 120)}")
        return verdict.compliance, verdict.annotation


def _unread(item: ConfigurationItem, name: str) -> str:
    """Why this part of the item could not be read; empty where it was."""
    return str(item.supplementary.get(UNAVAILABLE_KEY, {}).get(name, ""))


def _refuse_unread(item: ConfigurationItem, run: RuleLogic, scope: Scope) -> None:
    tags = ("tags",) if run.looks_at_tags or scope.tag_key else ()
    for name in ("configuration", *run.aspects, *tags):
        if why := _unread(item, name):
            raise Unavailable(f"{name} could not be read: {why}")


Accept = Callable[[ConfiguredRule, ConfigurationItem], str]
"""Why somebody accepts that the item violates the rule; empty where nobody does. Sent to worker processes."""


def accepted(
    compliance: ComplianceType, annotation: str, rule: ConfiguredRule, item: ConfigurationItem, accept: Accept | None
) -> tuple[ComplianceType, str]:
    """What a rule says of an item, EXCEPTED where it is a violation that somebody accepts."""
    if accept is None or compliance is not ComplianceType.NON_COMPLIANT:
        return compliance, annotation
    why = accept(rule, item)
    return (ComplianceType.EXCEPTED, why) if why else (compliance, annotation)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rules indexed by resource type: the fast path for many items."""

    rules: tuple[PreparedRule, ...]
    by_type: Mapping[str, tuple[PreparedRule, ...]]

    def evaluate(self, item: ConfigurationItem, lookup: Lookup) -> Iterator[Evaluation]:
        """The evaluations of the item by every rule that concerns it. Never raises."""
        for prepared in self.by_type.get(item.resource_type, ()):
            evaluation = prepared.evaluate(item, lookup)
            if evaluation is not None:
                yield evaluation


def prepare(rules: Iterable[ConfiguredRule], *, fill_defaults: bool = False) -> Prepared:
    """Parse the parameters once and index by resource type. A rule that can't be evaluated stays in, with its problem.

    ``fill_defaults`` fills parameters that aren't given with what AWS's console would.
    """
    ready = tuple(_prepare(rule, fill_defaults) for rule in rules)
    by_type: dict[str, list[PreparedRule]] = {}
    for prepared in ready:
        for resource_type in prepared.types:
            by_type.setdefault(resource_type, []).append(prepared)
    return Prepared(ready, {resource_type: tuple(found) for resource_type, found in by_type.items()})


def _prepare(rule: ConfiguredRule, fill_defaults: bool) -> PreparedRule:
    managed = facts.managed_rules().get(rule.identifier)
    run = logic().get(rule.identifier)
    types = _types(rule, run.types if run else managed.resource_types if managed else ())
    if rule.custom:
        return PreparedRule(rule, types, None, {}, "It is a custom rule: only AWS's managed rules are evaluated here.")
    if managed is None:
        guess = suggest.nearest(rule.identifier, facts.managed_rules())
        hint = f" Did you mean {guess}?" if guess else ""
        return PreparedRule(rule, types, None, {}, f"{rule.identifier} is not an AWS Config managed rule.{hint}")
    try:
        parameters = parse_parameters(rule.identifier, rule.parameters, fill_defaults=fill_defaults)
    except ParameterError as error:
        return PreparedRule(rule, types, run, {}, clip(str(error)))
    problem = "" if run else "Watchkeeper has no logic for this rule."
    return PreparedRule(rule, types, run, parameters, problem)


def _types(rule: ConfiguredRule, covered: tuple[str, ...]) -> tuple[str, ...]:
    everything = covered or (ACCOUNT,)
    if not rule.scope.types:
        return everything
    narrowed = tuple(t for t in everything if t in rule.scope.types)
    return narrowed if narrowed or ACCOUNT not in everything else everything


def evaluate(rule: ConfiguredRule, item: ConfigurationItem, lookup: Lookup | None = None) -> Evaluation | None:
    """One rule, one item; None where the rule does not concern the item. Never raises. For many: :func:`prepare`."""
    return _prepare(rule, fill_defaults=False).evaluate(item, lookup or NoLookup())


def account_item(account_id: str, region: str) -> ConfigurationItem:
    """The item on which rules about the account itself are evaluated."""
    return ConfigurationItem(ACCOUNT, account_id, account_id, region)
