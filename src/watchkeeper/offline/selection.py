"""Which rules to evaluate, as somebody names them: identifiers with parameters, a conformance pack, all of them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping

from watchkeeper import catalog
from watchkeeper.evaluation import ConfiguredRule, Scope, configured
from watchkeeper.rules import logic, parse_parameters
from watchkeeper.rules.base import shown
from watchkeeper.rules.pack import read_pack


class SelectionError(ValueError):
    """A rule that was asked for is none, or its parameters are wrong; the message lists everything."""


def select_rules(chosen: Iterable[str]) -> list[ConfiguredRule]:
    """``ID``, ``console-name`` or ``ID:param=value,other=value`` to configured rules, defaults filled in as the console
    does. A comma belongs to the value unless ``name=`` follows. Raises SelectionError listing every problem."""
    rules, problems = [], []
    for text in chosen:
        try:
            rules.append(_select(text))
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise SelectionError("; ".join(problems))
    return rules


def _select(text: str) -> ConfiguredRule:
    name, _, given = text.strip().partition(":")
    managed = catalog.managed_rule_by_name(name)
    parts = re.split(r",(?=[A-Za-z0-9_]+=)", given) if given else []
    broken = [part for part in parts if "=" not in part]
    if broken:
        raise SelectionError(f"{shown(broken[0])} is not of the form parameter=value")
    raw = {part.partition("=")[0].strip(): part.partition("=")[2] for part in parts}
    identifier = managed.identifier if managed else name
    parse_parameters(identifier, raw, fill_defaults=True)
    return configured(identifier, dict(catalog.rule_defaults(identifier)) | raw)


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
            defaults = dict(catalog.rule_defaults(identifier))
            parse_parameters(identifier, defaults)
            chosen.append(configured(identifier, defaults))
    return chosen
