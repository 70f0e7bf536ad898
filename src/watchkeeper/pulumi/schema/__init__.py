"""What the provider's SDK says of the resource types: properties, their types, which are required.

The table is generated from the installed ``pulumi_aws`` (see :mod:`.source`).
"""

from __future__ import annotations

import difflib
import gzip
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from watchkeeper.pulumi.graph import UNKNOWN, Archive, Asset, Secret

TABLE: Final = Path(__file__).with_name("pulumi_aws.json.gz")
UNKNOWN_NAME, MISSING, MISTYPED = "unknown", "missing", "mistyped"
_MAX_DEPTH = 40


@dataclass(frozen=True, slots=True)
class Schema:
    """One resource type: ``inputs`` by name (type, required), output names, nested object types by class name."""

    inputs: Mapping[str, Mapping[str, Any]]
    outputs: tuple[str, ...]
    objects: Mapping[str, Mapping[str, Mapping[str, Any]]]


class Unfit(NamedTuple):
    """One thing wrong with the shape of inputs: where (``source.owner``), what, and the name that was meant."""

    path: str
    says: str
    meant: str = ""
    kind: str = MISTYPED
    """UNKNOWN_NAME, MISSING or MISTYPED."""

    def __str__(self) -> str:
        return f"{self.path} {self.says}" + (f" Did you mean {self.meant}?" if self.meant else "")


@lru_cache(maxsize=1)
def _table() -> Mapping[str, Any]:
    table: Mapping[str, Any] = orjson.loads(gzip.decompress(TABLE.read_bytes()))
    return table


def version() -> str:
    """The version of the SDK that the table was made from, e.g. ``7.51.1``."""
    return str(_table()["version"])


@cache
def schema_of(token: str) -> Schema:
    """The schema of a type; raises ``KeyError`` for one that is not in the table."""
    entry = _table()["types"][token]
    return Schema(inputs=entry["inputs"], outputs=tuple(entry["outputs"]), objects=entry["objects"])


def known(token: str) -> bool:
    """Whether the table has the type."""
    return token in _table()["types"]


def nearest(word: str, names: Iterable[str]) -> str:
    """The name that was meant; empty when none is near."""
    found = difflib.get_close_matches(word, list(names), n=1, cutoff=0.6)
    return found[0] if found else ""


def problems(schema: Schema, inputs: Mapping[str, Any]) -> Iterator[Unfit]:
    """What is wrong with the shape of these inputs: unknown, missing and mistyped properties."""
    yield from _object_problems(schema, schema.inputs, inputs, "", 0)


def _object_problems(
    schema: Schema, fields: Mapping[str, Mapping[str, Any]], value: Mapping[str, Any], path: str, depth: int
) -> Iterator[Unfit]:
    for name in value:
        if name not in fields and not name.startswith("__"):
            yield Unfit(f"{path}{name}", "is not a property of it.", nearest(name, fields), UNKNOWN_NAME)
    for name, entry in fields.items():
        given = value.get(name)
        if given is None:
            if entry.get("required"):
                yield Unfit(f"{path}{name}", "is required and missing.", kind=MISSING)
            continue
        yield from _value_problems(schema, entry["type"], given, f"{path}{name}", depth + 1)


def _value_problems(schema: Schema, type_: Any, value: Any, path: str, depth: int) -> Iterator[Unfit]:
    while isinstance(value, Secret):
        value = value.value
    if value is UNKNOWN or value is None or depth > _MAX_DEPTH:
        return
    if isinstance(type_, str):
        yield from _scalar_problems(type_, value, path)
        return
    if "list" in type_:
        if not isinstance(value, (list, tuple)):
            yield Unfit(path, f"takes a list, not {_kind(value)}.")
            return
        for index, item in enumerate(value):
            yield from _value_problems(schema, type_["list"], item, f"{path}[{index}]", depth + 1)
        return
    if not isinstance(value, Mapping):
        yield Unfit(path, f"takes an object, not {_kind(value)}.")
        return
    if "map" in type_:
        for key, item in value.items():
            yield from _value_problems(schema, type_["map"], item, f"{path}.{key}", depth + 1)
        return
    fields = schema.objects.get(type_["object"])
    if fields is not None:
        yield from _object_problems(schema, fields, value, f"{path}.", depth + 1)


def _scalar_problems(type_: str, value: Any, path: str) -> Iterator[Unfit]:
    if type_ == "string" and isinstance(value, (list, tuple, Asset, Archive)):
        yield Unfit(path, f"takes a string, not {_kind(value)}.")
    elif type_ == "boolean" and not isinstance(value, bool) and value not in ("true", "false"):
        yield Unfit(path, f"takes true or false, not {_kind(value)}.")
    elif type_ in ("integer", "number") and not _is_number(value):
        yield Unfit(path, f"takes a number, not {_kind(value)}.")
    elif type_ == "archive" and not isinstance(value, Archive):
        yield Unfit(path, f"takes an archive, not {_kind(value)}.")
    elif type_ == "asset" and not isinstance(value, (Asset, Archive)):
        yield Unfit(path, f"takes an asset, not {_kind(value)}.")


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
