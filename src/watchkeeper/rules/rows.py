"""Rules that ask for one value of the configuration, as rows of tables: a value among documented ones, or any at all.

A missing value is unknown, unless AWS's page names it a violation; then the item has to hold its identity, so that a
part of an item is not taken for the whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from watchkeeper.model import ConfigurationItem, Severity, Unavailable, Verdict
from watchkeeper.rules.base import (
    REGISTRY,
    Lookup,
    Parameters,
    RuleFunction,
    RuleLogic,
    need,
    not_applicable,
    one_of,
    pick,
    shown,
    text,
    verdict,
    violation,
)


@dataclass(frozen=True, slots=True)
class ValueRule:
    """A rule that asks whether a text of the configuration is among the good ones of the documented values."""

    identifier: str
    resource_type: str
    field: str
    """``a.b`` is a path."""
    good: tuple[str, ...]
    bad: tuple[str, ...]
    severity: Severity
    category: str
    summary: str
    fix: str
    identity: str = ""
    """Where the item holds this property, a missing value is a violation."""
    only: tuple[str, tuple[str, ...]] | None = None
    """A field and its values: the rule is for such resources only."""


@dataclass(frozen=True, slots=True)
class SetRule:
    """A rule that asks whether something of the configuration is set."""

    identifier: str
    resource_type: str
    field: str
    identity: str
    """The property that every item of the type holds."""
    severity: Severity
    category: str
    summary: str
    fix: str
    blank: bool = False
    """Whether an empty text counts as set: AWS's page says that the value has to exist, and no more."""
    only: tuple[str, tuple[str, ...]] | None = None
    """A field and its values: the rule is for such resources only."""


def reach(item: ConfigurationItem, path: str) -> Any:
    """What stands at the path in the configuration; None where it, or anything on the way, is missing."""
    held: Any = item.configuration
    for step in path.split("."):
        held = pick(held, step)
    return held


def register_values(table: Iterable[ValueRule]) -> None:
    """Register rows that ask for a value among documented ones."""
    for row in table:
        _register(row, _value_rule(row))


def register_set(table: Iterable[SetRule]) -> None:
    """Register rows that ask for something to be set."""
    for row in table:
        _register(row, _set_rule(row))


def _register(row: ValueRule | SetRule, function: RuleFunction) -> None:
    if row.identifier in REGISTRY:
        raise ValueError(f"{row.identifier} has logic twice")
    REGISTRY[row.identifier] = RuleLogic(
        row.identifier, function, (row.resource_type,), row.severity, row.category, (), (), row.summary
    )


def _left_out(row: ValueRule | SetRule, item: ConfigurationItem) -> Verdict | None:
    """NOT_APPLICABLE where the rule is not for such a resource."""
    if row.only is None:
        return None
    field, values = row.only
    found = need({field: reach(item, field)}, field)
    if found in values:
        return None
    return not_applicable(f"The rule is not for resources whose {field} is {shown(found)}.")


def _value_rule(row: ValueRule) -> RuleFunction:
    *way, last = row.field.split(".")

    def judge(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:  # noqa: ARG001
        if left_out := _left_out(row, item):
            return left_out
        held: Any = reach(item, ".".join(way)) if way else item.configuration
        if row.identity and pick(held, last) is None:
            need(item.configuration, row.identity)
            return violation(f"{last} is not set; {row.fix}.")
        found = one_of(held, last, *row.good, *row.bad)
        return verdict(found in row.good, f"{last} is {shown(found)}; {row.fix}.")

    return judge


def _set_rule(row: SetRule) -> RuleFunction:
    last = row.field.rpartition(".")[2]

    def judge(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:  # noqa: ARG001
        need(item.configuration, row.identity)
        if left_out := _left_out(row, item):
            return left_out
        found = reach(item, row.field)
        if found is not None and not isinstance(found, str | dict):
            raise Unavailable(f"{last} is neither a text nor an object")
        return verdict(found is not None and (row.blank or bool(found)), f"{last} is not set; {row.fix}.")

    return judge


def of_parameter(item: ConfigurationItem, field: str, allowed: Iterable[str]) -> Verdict:
    """COMPLIANT where the text at the path is among those that the rule's parameter allows."""
    found = text({field: reach(item, field)}, field)
    values = tuple(allowed)
    return verdict(found in values, f"{field} is {shown(found)}; use one of {', '.join(values)}.")
