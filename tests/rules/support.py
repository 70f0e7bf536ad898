"""Fixtures of the rules: items as AWS Config writes them, changed as a case says, and a lookup over what is given."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from watchkeeper.items import from_aws
from watchkeeper.model import ConfigurationItem, Unavailable
from watchkeeper.rules import Indexed

HERE = Path(__file__).parent
NOW = datetime(2026, 9, 27, 8, tzinfo=UTC)


@functools.cache
def _base(name: str) -> str:
    return (HERE / "items" / f"{name}.json").read_text()


def raw_item(name: str, changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """The base item of that name with the changes applied; a change to None removes."""
    raw: dict[str, Any] = json.loads(_base(name))
    for path, value in (changes or {}).items():
        _change(raw, path.split("."), value)
    return raw


def _change(raw: dict[str, Any], path: list[str], value: Any) -> None:
    *way, last = path
    for step in way:
        raw = raw.setdefault(step, {})
    if value is None:
        raw.pop(last, None)
    else:
        raw[last] = copy.deepcopy(value)


def item(name: str, changes: dict[str, Any] | None = None) -> ConfigurationItem:
    """As :func:`raw_item`, parsed."""
    return from_aws(raw_item(name, changes))


class GivenLookup(Indexed):
    """Knows the items and facts of a case, and nothing else."""

    def __init__(self, given: dict[str, Any]) -> None:
        super().__init__()
        self._items = [item(e) if isinstance(e, str) else item(e["base"], e["set"]) for e in given.get("items", ())]
        self._types = {i.resource_type for i in self._items} | set(given.get("types", ()))
        self._facts = given.get("facts", {})

    def items_of_type(self, resource_type: str) -> Iterable[ConfigurationItem]:
        if resource_type not in self._types:
            raise Unavailable(f"no {resource_type} is given")
        return [i for i in self._items if i.resource_type == resource_type]

    def item(self, resource_type: str, resource_id: str) -> ConfigurationItem | None:
        found = self.items_of_type(resource_type)
        return next((i for i in found if resource_id in (i.resource_id, i.resource_name)), None)

    def account_fact(self, name: str) -> Any:
        if name not in self._facts:
            raise Unavailable(f"the fact {name} is not given")
        return self._facts[name]

    def now(self) -> datetime:
        return NOW


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Identifier and case, of every fixture file."""
    for path in sorted((HERE / "fixtures").glob("*.json")):
        for case in json.loads(path.read_text())["cases"]:
            yield path.stem, case
