"""What the provider's SDK says of the resource types: properties, their types, which are required.

The table ``schema.json`` is generated from the installed ``pulumi_aws`` (see :mod:`.schema_source`).
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from watchkeeper.graph import UNKNOWN, Archive, Asset, Secret

_MAX_DEPTH = 40


@dataclass(frozen=True, slots=True)
class Schema:
    """One resource type: ``inputs`` by name (type, required), output names, nested object types by class name."""

    inputs: Mapping[str, Mapping[str, Any]]
    outputs: tuple[str, ...]
    objects: Mapping[str, Mapping[str, Mapping[str, Any]]]


@lru_cache(maxsize=1)
def _table() -> dict[str, Schema]:
    raw = json.loads(Path(__file__).with_name("schema.json").read_text())
    return {
        token: Schema(inputs=entry["inputs"], outputs=tuple(entry["outputs"]), objects=entry["objects"])
        for token, entry in raw["types"].items()
    }


def schema_of(token: str) -> Schema:
    """The schema of a type; raises ``KeyError`` for one that is not in the table."""
    return _table()[token]


def nearest(word: str, known: Mapping[str, Any]) -> str:
    """`` Did you mean X?``, or nothing when no known name is near."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean {found[0]}?" if found else ""


def problems(schema: Schema, inputs: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the shape of these inputs: unknown, missing and mistyped properties, one sentence each."""
    yield from _object_problems(schema, schema.inputs, inputs, "", 0)


def _object_problems(
    schema: Schema, fields: Mapping[str, Mapping[str, Any]], value: Mapping[str, Any], path: str, depth: int
) -> Iterator[str]:
    for name in value:
        if name not in fields and not name.startswith("__"):
            yield f"{path}{name} is not a property of it.{nearest(name, fields)}"
    for name, entry in fields.items():
        given = value.get(name)
        if given is None:
            if entry.get("required"):
                yield f"{path}{name} is required and missing"
            continue
        yield from _value_problems(schema, entry["type"], given, f"{path}{name}", depth + 1)


def _value_problems(schema: Schema, type_: Any, value: Any, path: str, depth: int) -> Iterator[str]:
    while isinstance(value, Secret):
        value = value.value
    if value is UNKNOWN or value is None or depth > _MAX_DEPTH:
        return
    if isinstance(type_, str):
        yield from _scalar_problems(type_, value, path)
        return
    if "list" in type_:
        if not isinstance(value, (list, tuple)):
            yield f"{path} takes a list, not {_kind(value)}"
            return
        for index, item in enumerate(value):
            yield from _value_problems(schema, type_["list"], item, f"{path}[{index}]", depth + 1)
        return
    if not isinstance(value, Mapping):
        yield f"{path} takes an object, not {_kind(value)}"
        return
    if "map" in type_:
        for key, item in value.items():
            yield from _value_problems(schema, type_["map"], item, f"{path}.{key}", depth + 1)
        return
    fields = schema.objects.get(type_["object"])
    if fields is not None:
        yield from _object_problems(schema, fields, value, f"{path}.", depth + 1)


def _scalar_problems(type_: str, value: Any, path: str) -> Iterator[str]:
    if type_ == "string" and isinstance(value, (list, tuple, Asset, Archive)):
        yield f"{path} takes a string, not {_kind(value)}"
    elif type_ == "boolean" and not isinstance(value, bool) and value not in ("true", "false"):
        yield f"{path} takes true or false, not {_kind(value)}"
    elif type_ in ("integer", "number") and not _is_number(value):
        yield f"{path} takes a number, not {_kind(value)}"
    elif type_ == "archive" and not isinstance(value, Archive):
        yield f"{path} takes an archive, not {_kind(value)}"
    elif type_ == "asset" and not isinstance(value, (Asset, Archive)):
        yield f"{path} takes an asset, not {_kind(value)}"


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, (int, float)):
        return True
    if not isinstance(value, str):
        return False
    try:
        float(value)
    except ValueError:
        return False
    return True


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return f"the string {value[:60]!r}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, Mapping):
        return "an object"
    return f"a {type(value).__name__.lower()}"
