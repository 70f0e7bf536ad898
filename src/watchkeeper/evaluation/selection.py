"""Which rules to evaluate, as somebody names them: identifiers with parameters, frameworks, a conformance pack."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from watchkeeper.aws import facts, suggest
from watchkeeper.aws.facts import Framework
from watchkeeper.evaluation.item import ConfiguredRule, Scope, configured
from watchkeeper.rules import logic, parse_parameters
from watchkeeper.rules.base import shown
from watchkeeper.rules.pack import read_pack

T = TypeVar("T")


class SelectionError(ValueError):
    """What was asked for is no rule or framework, or its parameters are wrong; the message lists everything."""


def select_rules(chosen: Iterable[str]) -> list[ConfiguredRule]:
    """``ID``, ``console-name`` or ``ID:param=value,other=value`` to configured rules, defaults filled in as the console
    does. A comma belongs to the value unless ``name=`` follows. Raises SelectionError listing every problem."""
    return _each(chosen, _select)


def _each(texts: Iterable[str], choose: Callable[[str], T]) -> list[T]:
    """What each text stands for. Raises SelectionError listing every problem."""
    found, problems = [], []
    for text in texts:
        try:
            found.append(choose(text))
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise SelectionError("; ".join(problems))
    return found


def _select(text: str) -> ConfiguredRule:
    name, _, given = text.strip().partition(":")
    managed = facts.managed_rule_by_name(name)
    parts = re.split(r",(?=[A-Za-z0-9_]+=)", given) if given else []
    broken = [part for part in parts if "=" not in part]
    if broken:
        raise SelectionError(f"{shown(broken[0])} is not of the form parameter=value")
    raw = {part.partition("=")[0].strip(): part.partition("=")[2] for part in parts}
    identifier = managed.identifier if managed else name
    parse_parameters(identifier, raw, fill_defaults=True)
    return configured(identifier, dict(facts.rule_defaults(identifier)) | raw)


def find_frameworks(words: str) -> tuple[Framework, ...]:
    """The frameworks with those words in their names. Raises SelectionError where there is none."""
    found = facts.frameworks_with(words)
    if found:
        return found
    near = suggest.nearest_framework(words)
    hint = f", did you mean {shown(near)}?" if near else ""
    raise SelectionError(f"no conformance pack known here is called {shown(words)}{hint}")


def rules_of_frameworks(chosen: Iterable[str]) -> list[ConfiguredRule]:
    """Every managed rule of those frameworks once, with the defaults that the console fills in; a framework is named by
    words that no other has. A rule without logic, or that needs a parameter, is there: it is not evaluated, and said.
    Raises SelectionError listing every problem."""
    packs = _each(chosen, _framework)
    identifiers = dict.fromkeys(identifier for pack in packs for identifier in pack.rules)
    return [configured(identifier, facts.rule_defaults(identifier)) for identifier in identifiers]


def _framework(words: str) -> Framework:
    first, *others = find_frameworks(words)
    if others:
        names = ", ".join(shown(pack.name) for pack in (first, *others))
        raise SelectionError(f"{shown(words)} is in the names of several conformance packs: {names}")
    return first


def pack_parameters(texts: Iterable[str]) -> dict[str, str]:
    """``NAME=VALUE``, each, to the ConformancePackInputParameters of a conformance pack. Raises SelectionError listing
    every problem. Page: https://docs.aws.amazon.com/config/latest/APIReference/API_ConformancePackInputParameter.html."""
    given: dict[str, str] = {}

    def take(text: str) -> None:
        name, is_one, value = text.partition("=")
        if not is_one or not name.strip():
            raise SelectionError(f"{shown(text)} is not of the form NAME=VALUE")
        if name.strip() in given:
            raise SelectionError(f"{shown(name.strip())} is given twice")
        given[name.strip()] = value

    _each(texts, take)
    return given


def rules_of_pack(text: str, parameters: Mapping[str, str] | None = None) -> list[ConfiguredRule]:
    """The rules of a conformance pack; its custom rules too, as they can only be named. Raises PackError."""
    pack = read_pack(text, parameters)
    managed = [
        configured(
            rule.identifier,
            rule.parameters,
            name=rule.name,
            scope=Scope(rule.types, rule.resource_id, rule.tag_key, rule.tag_value),
        )
        for rule in pack.rules
    ]
    return managed + [ConfiguredRule(name, name, custom=True) for name in pack.custom]


def all_rules() -> list[ConfiguredRule]:
    """Every managed rule that has logic and can run with the console's defaults."""
    chosen = []
    for identifier in logic():
        with contextlib.suppress(ValueError):
            defaults = dict(facts.rule_defaults(identifier))
            parse_parameters(identifier, defaults)
            chosen.append(configured(identifier, defaults))
    return chosen
