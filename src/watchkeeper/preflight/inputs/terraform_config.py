"""The configuration in a Terraform plan: which planned resources an expression refers to, through modules, variables,
outputs and data sources.

A plan names what an expression refers to, not how the value is composed; local values are not in it at all.
https://developer.hashicorp.com/terraform/internals/json-format#configuration-representation
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from watchkeeper.preflight.meaning.values import DEPTH

_INDEX = re.compile(r'\[(?:"(?:[^"\\]|\\.)*"|[^\]]*)\]')
_ITERATION = ("each.", "count.", "path.", "terraform.", "self.")


def without_index(address: str) -> str:
    """``module.a["x"].aws_s3_bucket.b[0]`` to ``module.a.aws_s3_bucket.b``."""
    return _INDEX.sub("", address)


def dig(value: Any, *keys: str) -> Any:
    """What lies at a path of keys, or None."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    """The objects of a list; anything else is left out."""
    for item in value if isinstance(value, list) else ():
        if isinstance(item, Mapping):
            yield item


def texts_of(value: Any) -> list[str]:
    """The texts of a list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression stands: the module's address with its instance key, and the instance key of the resource."""

    module: str = ""
    index: str | int | None = None

    @property
    def scope(self) -> str:
        """The module as the configuration knows it, without instance keys."""
        return without_index(self.module)

    def inside(self, name: str) -> Place:
        """The place inside a module that is called here."""
        return Place(f"{self.module}.module.{name}" if self.module else f"module.{name}")

    def outside(self) -> tuple[Place, str]:
        """The place of the call of this module, and the module's name."""
        head, _, name = self.scope.rpartition("module.")
        return Place(_parent(self.module, head.removesuffix("."))), name


def _parent(module: str, scope: str) -> str:
    """The module's address up to the scope, with its instance keys."""
    for end in range(len(module) - 1, 0, -1):
        if without_index(module[:end]) == scope:
            return module[:end]
    return ""


@dataclass(frozen=True, slots=True)
class Instance:
    """One planned resource: its address, where it stands, ``type.name`` there, and what the plan says of it."""

    address: str
    place: Place
    local: str
    item: Mapping[str, Any]


@dataclass
class Configuration:
    """The configured blocks by module and name, and the planned resources that they stand for."""

    root: Any
    instances: list[Instance]
    _modules: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _blocks: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    _found: dict[tuple[Place, str, bool], list[str]] = field(default_factory=dict)
    _by_local: dict[tuple[str, str], list[Instance]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for scope, module in _modules(self.root, ""):
            self._modules[scope] = module
            for block in mappings(module.get("resources")):
                self._blocks[scope, str(block.get("address"))] = block
        for instance in self.instances:
            self._by_local.setdefault((instance.place.scope, instance.local), []).append(instance)

    def block(self, place: Place, local: str) -> Mapping[str, Any]:
        """The configured block of a resource or, with ``data.`` before it, of a data source; empty without one."""
        return self._blocks.get((place.scope, local), {})

    def call(self, place: Place, name: str) -> Mapping[str, Any]:
        """The call of a module."""
        found = dig(self._modules.get(place.scope), "module_calls", name)
        return found if isinstance(found, Mapping) else {}

    def output(self, place: Place, name: str) -> Any:
        """The expression of a module's output."""
        return dig(self._modules.get(place.scope), "outputs", name, "expression")

    def named(self, place: Place, reference: str) -> list[Instance]:
        """The planned resources that ``type.name`` means here: one instance where a key, or the same key, says so."""
        local = ".".join(without_index(reference).split(".")[:2])
        found = [item for item in self._by_local.get((place.scope, local), ()) if item.place.module == place.module]
        key = _INDEX.search(reference)
        if key is not None and len(found) > 1:
            return [item for item in found if item.address.endswith(key.group())] or found
        return found

    def dependencies(self, place: Place, block: Mapping[str, Any]) -> tuple[str, ...]:
        """What a block waits for by ``depends_on``, and what the modules around it wait for."""
        found = [urn for name in texts_of(block.get("depends_on")) for urn in self.addresses(place, name)]
        while place.module:
            place, name = place.outside()
            for reference in texts_of(self.call(place, name).get("depends_on")):
                found += self.addresses(place, reference)
        return tuple(dict.fromkeys(found))

    def referred(self, place: Place, expression: Any) -> tuple[str, ...]:
        """The planned resources that an expression's value comes from."""
        names = list(references(expression))
        same_key = any(name.startswith(("each.", "count.")) for name in names)
        found = [urn for name in names for urn in self.addresses(place, name, same_key=same_key)]
        return tuple(dict.fromkeys(found))

    def addresses(self, place: Place, name: str, depth: int = 0, *, same_key: bool = False) -> list[str]:
        """The planned resources that a reference leads to, through variables, outputs and data sources."""
        key = (place, name, same_key)
        if key not in self._found:
            self._found[key] = []  # where a reference leads back to itself
            self._found[key] = self._addresses(place, name, depth, same_key)
        return self._found[key]

    def _addresses(self, place: Place, name: str, depth: int, same_key: bool) -> list[str]:
        parts = without_index(name).split(".")
        if depth > DEPTH or len(parts) < 2 or name.startswith(_ITERATION):
            return []
        if parts[0] == "module":
            return self._of_module(place.inside(parts[1]), parts[2:], depth)
        if parts[0] == "var":
            outside, module = place.outside()
            expression = dig(self.call(outside, module), "expressions", parts[1]) if module else None
            return self._all(outside, references(expression), depth)
        if parts[0] == "data" and len(parts) > 2:
            block = self.block(place, ".".join(parts[:3]))
            return self._all(place, [*references(block.get("expressions")), *texts_of(block.get("depends_on"))], depth)
        found = self.named(place, name)
        if same_key and place.index is not None:
            found = [item for item in found if item.place.index == place.index] or found
        return [item.address for item in found]

    def _all(self, place: Place, names: Any, depth: int) -> list[str]:
        return [urn for name in names for urn in self.addresses(place, name, depth + 1)]

    def _of_module(self, inside: Place, rest: list[str], depth: int) -> list[str]:
        """What one output comes from, or all that stands in the module."""
        expression = self.output(inside, rest[0]) if rest else None
        if expression is not None:
            return self._all(inside, references(expression), depth)
        scope = inside.scope
        return [item.address for item in self.instances if f"{item.place.scope}.".startswith(f"{scope}.")]


def _modules(module: Any, scope: str, depth: int = 0) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if not isinstance(module, Mapping) or depth > DEPTH:
        return
    yield scope, module
    calls = module.get("module_calls")
    for name, call in calls.items() if isinstance(calls, Mapping) else ():
        inner = f"{scope}.module.{name}" if scope else f"module.{name}"
        yield from _modules(dig(call, "module"), inner, depth + 1)


def references(expression: Any, depth: int = 0) -> Iterator[str]:
    """Every name that an expression, or the blocks inside it, refers to."""
    if depth > DEPTH:
        return
    if isinstance(expression, Mapping):
        names = expression.get("references")
        if isinstance(names, list):
            yield from texts_of(names)
            return
        expression = list(expression.values())
    for item in expression if isinstance(expression, list) else ():
        yield from references(item, depth + 1)


def primary(expression: Any) -> list[str]:
    """The most specific names: ``aws_s3_bucket.b.arn`` stands beside ``aws_s3_bucket.b`` for one reference."""
    names = texts_of(dig(expression, "references"))
    return [
        name
        for name in dict.fromkeys(names)
        if not any(other != name and other.startswith((f"{name}.", f"{name}[")) for other in names)
    ]
