"""JSON with the lines of a template's resources, which the standard library's reader forgets."""

from __future__ import annotations

import re
from collections.abc import Callable
from json import JSONDecodeError, JSONDecoder
from typing import Any

_SPACE = re.compile(r"[ \t\n\r]*")
_decode = JSONDecoder().raw_decode
Decode = Callable[[str, int], tuple[Any, int]]
"""The value of a key that begins at an offset, and where it ends."""


def load_json(text: str, section: str = "Resources") -> tuple[dict[str, Any], dict[str, int]]:
    """The object that a text holds, and the lines of the keys in one section of it.

    Raises
    ------
    JSONDecodeError
        As json.loads does, whose answer this is otherwise.
    """
    lines: dict[str, int] = {}

    def value(key: str, start: int) -> tuple[Any, int]:
        if key != section or text[start : start + 1] != "{":
            return _decode(text, start)
        members, places, end = _members(text, start, lambda _, place: _decode(text, place))
        lines.update(_lines(text, places))
        return members, end

    document, _, end = _members(text, _after_space(text, 0), value)
    end = _after_space(text, end)
    if end != len(text):
        raise JSONDecodeError("Extra data", text, end)
    return document, lines


def _members(text: str, start: int, value: Decode) -> tuple[dict[str, Any], dict[str, int], int]:
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
