"""What it takes to get from a deployed resource to the one that a program wants."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from watchkeeper.pulumi.engine import assets, wire
from watchkeeper.pulumi.engine.monitor import Registration
from watchkeeper.pulumi.engine.provider import Change, Diff, Provider, State
from watchkeeper.pulumi.engine.state import ResourceState
from watchkeeper.pulumi.graph import UNKNOWN, Archive, Asset, Reference, Unknown

STEP = re.compile(r"""\[(?:"([^"]*)"|(\d+))\]|([^.\[\]]+)""")


@dataclass(frozen=True)
class Wanted:
    """A registration against what is deployed: the inputs to give the provider, and the change."""

    diff: Diff
    inputs: Mapping[str, Any]
    """Without secrets, ignored changes taken from the old."""
    old_inputs: Mapping[str, Any]
    """Without secrets, assets as they were deployed."""


def compare(provider: Provider, old: ResourceState, new: Registration, replaced: Collection[str] = ()) -> Wanted:
    """The change from ``old`` to ``new``; ``replaced`` are the URNs replaced in this run (for ``replaceWith``)."""
    before = wire.without_secrets(old.inputs)
    after = with_ignored(plain(new.inputs), before, new.ignore_changes)
    before = assets.as_deployed(before, old.hashes, after)
    diff = provider.diff(new.type, State(old.id, wire.without_secrets(old.outputs)), before, after)
    return Wanted(_stricter(diff, old, new, before, after, replaced), after, before)


def plain(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs as a provider takes them: no secrets, a reference is unknown."""
    result: dict[str, Any] = wire.map_values(wire.without_secrets(inputs), _unknown)
    return result


def with_ignored(new: Mapping[str, Any], old: Mapping[str, Any], paths: Collection[str]) -> dict[str, Any]:
    """The new inputs with the old values at the paths: ``tags``, ``rules[0].name``, ``tags["a.b"]``, ``*``."""
    result: Any = dict(new)
    for path in paths:
        steps = [quoted or (int(index) if index else key) for quoted, index, key in STEP.findall(path)]
        if steps == ["*"]:
            return dict(old)
        result = _copy_at(result, old, steps)
    return dict(result)


def _stricter(
    diff: Diff,
    old: ResourceState,
    new: Registration,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    replaced: Collection[str],
) -> Diff:
    shipped = tuple(key for key in after if _ships(after[key]) and after[key] != before.get(key))
    change = diff.change
    if change is Change.NONE and (shipped or old.tainted):
        change = Change.UPDATE
    properties = tuple(dict.fromkeys((*diff.properties, *shipped)))
    touched = {property_.split(".")[0].split("[")[0] for property_ in properties}
    asked = {path.split(".")[0].split("[")[0] for path in new.replace_on_changes}
    triggered = not isinstance(new.replacement_trigger, Unknown) and new.replacement_trigger != old.replacement_trigger
    forced = bool(touched & asked) or (bool(touched) and "*" in asked)
    if forced or triggered or set(new.replace_with) & set(replaced):
        change = Change.REPLACE
    first = new.delete_before_replace
    return Diff(change, properties, diff.delete_before_replace if first is None else first)


def _ships(value: Any) -> bool:
    return any(isinstance(item, (Asset, Archive)) for item in wire.walk(value))


def _copy_at(new: Any, old: Any, steps: list[Any]) -> Any:
    """``new`` with the value of ``old`` at the steps; a place that neither has is left alone."""
    step, *rest = steps
    if isinstance(step, int):
        if not (isinstance(new, list) and isinstance(old, list) and step < len(new) and step < len(old)):
            return new
        value = _copy_at(new[step], old[step], rest) if rest else old[step]
        return [*new[:step], value, *new[step + 1 :]]
    if not isinstance(new, Mapping) or not isinstance(old, Mapping):
        return new
    if step not in old:
        return new if rest else {key: item for key, item in new.items() if key != step}
    return {**new, step: _copy_at(new.get(step), old[step], rest) if rest else old[step]}


def _unknown(value: Any) -> Any:
    return UNKNOWN if isinstance(value, Reference) else value
