"""JSON with the lines of a template's resources, which the standard library's reader forgets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from json import JSONDecodeError, JSONDecoder
from typing import Any

_decode = JSONDecoder().raw_decode
_SPACE = re.compile(r"[ \t\n\r]*")
Decode = Callable[[str, int], tuple[Any, int]]
"""The value of a key that begins at an offset, and where it ends."""
Twice = Callable[[str], None]
"""Told of each key that stands twice in one object."""


def load_json(
    text: str, section: str = "Resources", twice: Twice = lambda _: None
) -> tuple[dict[str, Any], dict[str, int]]:
    """The object that a text holds, and the lines of the keys in one section of it. Of a key that stands twice the last
    is taken, and ``twice`` told.

    Raises
    ------
    JSONDecodeError
        As json.loads does, whose answer this is otherwise; for NaN and Infinity too, which are no JSON.
    """
    lines: dict[str, int] = {}

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(items)
        if len(made) < len(items):
            for key, count in Counter(key for key, _ in items).items():
                if count > 1:
                    twice(key)
        return made

    def refuse(constant: str) -> Any:
        raise JSONDecodeError(f"{constant} is not a JSON value", text, max(text.find(constant), 0))

    decode = JSONDecoder(object_pairs_hook=pairs, parse_constant=refuse).raw_decode

    def value(key: str, start: int) -> tuple[Any, int]:
        if key != section or text[start : start + 1] != "{":
            return decode(text, start)
        members, places, end = _members(text, start, lambda _, place: decode(text, place), twice)
        lines.update(_lines(text, places))
        return members, end

    document, _, end = _members(text, _after_space(text, 0), value, twice)
    end = _after_space(text, end)
    if end != len(text):
        raise JSONDecodeError("Extra data", text, end)
    return document, lines


def _members(text: str, start: int, value: Decode, twice: Twice) -> tuple[dict[str, Any], dict[str, int], int]:
    """The object at an offset, where each of its keys stands, and where it ends."""
    found: dict[str, Any] = {}
    places: dict[str, int] = {}
    _expect(text, start, "{")
    end = _after_space(text, start + 1)
    if text[end : end + 1] == "}":
        return found, places, end + 1
    while True:
        place = end
        _expect(text, place, '"')
        key, end = _decode(text, place)
        end = _after_space(text, end)
        _expect(text, end, ":")
        if key in found:
            twice(key)
        found[key], end = value(key, _after_space(text, end + 1))
        places[key] = place
        end = _after_space(text, end)
        if text[end : end + 1] == "}":
            return found, places, end + 1
        _expect(text, end, ",")
        end = _after_space(text, end + 1)


def _expect(text: str, place: int, mark: str) -> None:
    if text[place : place + 1] != mark:
        raise JSONDecodeError(f"Expecting {mark!r}", text, place)


def _after_space(text: str, start: int) -> int:
    return _SPACE.match(text, start).end()  # type: ignore[union-attr]


def _lines(text: str, places: dict[str, int]) -> dict[str, int]:
    """1-based lines of offsets that grow, each newline counted once."""
    found: dict[str, int] = {}
    line, last = 1, 0
    for key, place in sorted(places.items(), key=lambda item: item[1]):
        line, last = line + text.count("\n", last, place), place
        found[key] = line
    return found
