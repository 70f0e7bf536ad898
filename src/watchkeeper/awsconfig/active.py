"""A rule as the evaluation needs it: what triggers it, what is in its scope, what it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from watchkeeper.aws import facts
from watchkeeper.awsconfig.channels import FREQUENCY_SECONDS
from watchkeeper.awsconfig.store import Session
from watchkeeper.evaluation import item as evaluation
from watchkeeper.model import ConfigurationItem

KIND = "rule"
CHANGE_MESSAGES = frozenset({"ConfigurationItemChangeNotification", "OversizedConfigurationItemChangeNotification"})


@dataclass(frozen=True, slots=True)
class ActiveRule:
    """One deployed rule."""

    name: str
    arn: str
    id: str
    owner: str
    """``AWS``, ``CUSTOM_LAMBDA`` or ``CUSTOM_POLICY``."""
    identifier: str
    """A managed rule's identifier, a custom rule's function ARN."""
    parameters: Mapping[str, str]
    on_change: bool
    oversized: bool
    """Whether a custom rule asked for items that don't fit into a message."""
    every: int | None
    """Seconds between two periodic runs; None for a rule that only changes trigger."""
    types: frozenset[str] | None
    """The resource types in scope; None for all."""
    resource_id: str
    tag_key: str
    tag_value: str
    prepared: evaluation.PreparedRule | None
    """A managed rule's logic with its parameters; None for a custom rule."""

    @property
    def about_account(self) -> bool:
        """Whether it evaluates the account as a whole."""
        return self.prepared is not None and evaluation.ACCOUNT in self.prepared.types

    def wants(self, resource_type: str, resource_id: str) -> bool:
        """Whether a resource is in scope as far as its type and id say."""
        if self.types is not None and resource_type not in self.types:
            return False
        return not self.resource_id or resource_id == self.resource_id

    def in_scope(self, item: ConfigurationItem) -> bool:
        """Whether an item is in scope: type, id and tag."""
        if not self.wants(item.resource_type, item.resource_id):
            return False
        if not self.tag_key:
            return True
        value = item.tags.get(self.tag_key)
        return value is not None and (not self.tag_value or value == self.tag_value)


def active_rule(shape: Mapping[str, Any]) -> ActiveRule:
    """The rule that a stored ConfigRule shape describes."""
    source, scope = shape["Source"], shape.get("Scope", {})
    identifier = source.get("SourceIdentifier", "")
    on_change, oversized, frequency = _triggers(shape)
    prepared = _prepared(shape) if source["Owner"] == "AWS" else None
    return ActiveRule(
        name=shape["ConfigRuleName"],
        arn=shape["ConfigRuleArn"],
        id=shape["ConfigRuleId"],
        owner=source["Owner"],
        identifier=identifier,
        parameters=parameters_of(shape),
        on_change=on_change,
        oversized=oversized,
        every=FREQUENCY_SECONDS[frequency] if frequency else None,
        types=_types(prepared, scope),
        resource_id=scope.get("ComplianceResourceId", ""),
        tag_key=scope.get("TagKey", ""),
        tag_value=scope.get("TagValue", ""),
        prepared=prepared,
    )


def active_rules(db: Session, account: str, region: str) -> dict[str, ActiveRule]:
    """The rules of an account and region by name, without those of proactive mode alone."""

    def read() -> dict[str, ActiveRule]:
        bodies = [body["rule"] for _, body in db.entities(account, region, KIND)]
        return {shape["ConfigRuleName"]: active_rule(shape) for shape in bodies if _detective(shape)}

    return db.remembered(account, region, KIND, read)


@dataclass(frozen=True, slots=True)
class ChangeRules:
    """The change-triggered rules of an account and region, by what has to be looked at for a resource type."""

    by_type: Mapping[str, tuple[ActiveRule, ...]]
    rest: tuple[ActiveRule, ...]
    """Those for any type, in the order of their names."""

    def of(self, resource_type: str) -> tuple[ActiveRule, ...]:
        """The rules that may concern a resource of that type."""
        return self.by_type.get(resource_type, self.rest)


def change_rules(db: Session, account: str, region: str) -> ChangeRules:
    """The change-triggered rules, so that a changed resource doesn't meet every rule that there is."""

    def read() -> ChangeRules:
        rules = [rule for rule in active_rules(db, account, region).values() if rule.on_change]
        types = {rule.name: _looked_at(rule) for rule in rules}
        named = sorted({each for wanted in types.values() for each in wanted or ()})
        rest = tuple(rule for rule in rules if types[rule.name] is None)
        by_type = {
            each: tuple(rule for rule in rules if (wanted := types[rule.name]) is None or each in wanted)
            for each in named
        }
        return ChangeRules(by_type, rest)

    return db.remembered(account, region, KIND, read, "on change")


def _looked_at(rule: ActiveRule) -> frozenset[str] | None:
    """The types whose changes concern a rule, None for all. A rule about the account looks at what AWS says it does."""
    if rule.types is None or not rule.about_account:
        return rule.types
    return rule.types | frozenset(facts.managed_rules()[rule.identifier].resource_types)


def parameters_of(shape: Mapping[str, Any]) -> dict[str, str]:
    """The input parameters as text, whatever JSON they were written in."""
    raw = orjson.loads(shape.get("InputParameters") or "{}")
    return {name: value if isinstance(value, str) else orjson.dumps(value).decode() for name, value in raw.items()}


def _prepared(shape: Mapping[str, Any]) -> evaluation.PreparedRule:
    scope = shape.get("Scope", {})
    rule = evaluation.configured(
        shape["Source"]["SourceIdentifier"],
        parameters_of(shape),
        name=shape["ConfigRuleName"],
        scope=evaluation.Scope(
            types=tuple(scope.get("ComplianceResourceTypes", ())),
            resource_id=scope.get("ComplianceResourceId", ""),
            tag_key=scope.get("TagKey", ""),
            tag_value=scope.get("TagValue", ""),
        ),
    )
    return evaluation.prepare([rule]).rules[0]


def _types(prepared: evaluation.PreparedRule | None, scope: Mapping[str, Any]) -> frozenset[str] | None:
    """A managed rule's types as its logic and scope say; a custom rule's as its scope says, or all."""
    if prepared is not None:
        return frozenset(prepared.types)
    given = scope.get("ComplianceResourceTypes")
    return frozenset(given) if given else None


def _triggers(shape: Mapping[str, Any]) -> tuple[bool, bool, str | None]:
    """On change, oversized too, how often."""
    source = shape["Source"]
    if source["Owner"] == "AWS":
        managed = facts.managed_rules().get(source["SourceIdentifier"])
        if managed is None:  # put before an update of the catalog that lost it
            return False, False, None
        frequency = shape.get("MaximumExecutionFrequency") or facts.DEFAULT_FREQUENCY
        return managed.trigger != facts.PERIODIC, False, frequency if managed.takes_frequency else None
    details = source.get("SourceDetails", [])
    messages = {detail.get("MessageType") for detail in details}
    scheduled = next((d for d in details if d.get("MessageType") == "ScheduledNotification"), None)
    frequency = None
    if scheduled is not None:
        frequency = (
            scheduled.get("MaximumExecutionFrequency")
            or shape.get("MaximumExecutionFrequency")
            or facts.DEFAULT_FREQUENCY
        )
    return bool(messages & CHANGE_MESSAGES), "OversizedConfigurationItemChangeNotification" in messages, frequency


def _detective(shape: Mapping[str, Any]) -> bool:
    modes = {mode.get("Mode") for mode in shape.get("EvaluationModes", [])}
    return not modes or "DETECTIVE" in modes
