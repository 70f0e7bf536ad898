"""Reading values that may be missing, unknown, nested or spelled in several ways. Nothing here raises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from watchkeeper.pulumi.graph import UNKNOWN
from watchkeeper.text import clean

DEPTH = 48
"""Levels of nesting that are read; what lies deeper is unknown."""
QUOTE_LIMIT = 160


def at(value: Any, *path: str) -> list[Any]:
    """Every value at a path, lists flattened on the way (``rule`` and ``[rule]`` are the same).

    UNKNOWN met on the way is given in place of what lies behind it; None is left out.
    """
    values = list(_flat(value))
    for key in path:
        values = [found for item in values for found in _flat(_child(item, key))]
    return values


def _child(item: Any, key: str) -> Any:
    if item is UNKNOWN:
        return UNKNOWN
    return item.get(key) if isinstance(item, Mapping) else None


def _flat(value: Any, depth: int = 0) -> Iterator[Any]:
    if value is None:
        return
    if isinstance(value, list | tuple):
        if depth < DEPTH:
            for item in value:
                yield from _flat(item, depth + 1)
        return
    yield value


def one(value: Any, *paths: tuple[str, ...]) -> Any:
    """The first value at any of the paths, or None. An UNKNOWN is given only when no path has a known value."""
    found = [item for path in paths for item in at(value, *path)]
    known = [item for item in found if item is not UNKNOWN]
    if known:
        return known[0]
    return UNKNOWN if found else None


def truth(value: Any) -> bool | None:
    """A setting as true or false, also from text ("true"); None when unknown. Missing is false."""
    if value is UNKNOWN:
        return None
    if isinstance(value, str):
        return value.strip().lower() in ("true", "enabled", "yes", "1")
    if isinstance(value, bool | int | float):
        return bool(value)
    return bool(value)


def any_of(answers: Iterable[bool | None]) -> bool | None:
    """Whether one of the answers is true; None when only an unknown one could be."""
    given = tuple(answers)
    if any(given):
        return True
    return None if None in given else False


def all_of(answers: Iterable[bool | None]) -> bool | None:
    """Whether every answer is true; None when an unknown one decides."""
    given = tuple(answers)
    if False in given:
        return False
    return None if None in given else True


def text(value: Any) -> str | None:
    """The value when it is text that says something, else None."""
    return value if isinstance(value, str) and value else None


def texts(value: Any, depth: int = 0, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text inside a value with its path, mapping keys included under the path ``<keys>``."""
    if depth > DEPTH:
        return
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts(item, depth + 1, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from texts(item, depth + 1, f"{path}[{index}]")


def has_unknown(value: Any, depth: int = 0) -> bool:
    """Whether a value is or holds an unknown."""
    if value is UNKNOWN:
        return True
    if depth > DEPTH:
        return True
    if isinstance(value, Mapping):
        return any(has_unknown(item, depth + 1) for item in value.values())
    if isinstance(value, list | tuple):
        return any(has_unknown(item, depth + 1) for item in value)
    return False


def quote(value: object) -> str:
    """A value for a message: cleaned, cut to a readable length, in double quotes."""
    shown = clean(value)
    return f'"{shown if len(shown) <= QUOTE_LIMIT else shown[: QUOTE_LIMIT - 1] + "…"}"'
