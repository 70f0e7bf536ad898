"""``Fn::ForEach`` of a CloudFormation template written out, as the transform AWS::LanguageExtensions does.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-foreach.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.preflight.meaning.values import DEPTH

LOOP = "Fn::ForEach::"
MOST = 5_000
"""Iterations of one template."""


class Unrolled:
    """A template's sections without loops; ``origin`` has the loop's key for what a loop made in Resources."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.unread: list[str] = []
        self.origin: dict[str, str] = {}
        self._parameters = document.get("Parameters")
        self._left = MOST
        self.document = {
            key: self._value(value, key == "Resources")
            if key in ("Resources", "Conditions", "Outputs") and _loops(value)
            else value
            for key, value in document.items()
        }

    def _value(self, value: Any, resources: bool = False, depth: int = 0) -> Any:
        if depth > DEPTH:
            return value
        if isinstance(value, list):
            return [self._value(item, depth=depth + 1) for item in value]
        if not isinstance(value, Mapping):
            return value
        made: dict[Any, Any] = {}
        for key, item in value.items():
            if isinstance(key, str) and key.startswith(LOOP):
                for name, body in self._loop(key, item):
                    made[name] = self._value(body, depth=depth + 1)
                    if resources:
                        self.origin[name] = key
            else:
                made[key] = self._value(item, depth=depth + 1)
        return made

    def _loop(self, key: str, loop: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
        """The entries that a loop makes, nested loops among them written out."""
        values = self._collection(loop[1]) if isinstance(loop, list) and len(loop) == 3 else None
        if values is None or not isinstance(loop[0], str) or not isinstance(loop[2], Mapping) or depth > DEPTH:
            self.unread.append(f"what {key} makes was not read: its collection is known only at the deployment")
            return
        for value in values:
            self._left -= 1
            if self._left < 0:
                self.unread.append(f"{key} makes more than {MOST} entries; the rest was not read")
                return
            for name, body in _put(loop[2], loop[0], value).items():
                if name.startswith(LOOP):
                    yield from self._loop(name, body, depth + 1)
                else:
                    yield name, body

    def _collection(self, raw: Any) -> list[str] | None:
        if isinstance(raw, list) and all(isinstance(item, str | int) for item in raw):
            return [str(item) for item in raw]
        name = raw.get("Ref") if isinstance(raw, Mapping) else None
        parameter = self._parameters.get(name) if isinstance(self._parameters, Mapping) else None
        default = parameter.get("Default") if isinstance(parameter, Mapping) else None
        return [item.strip() for item in default.split(",")] if isinstance(default, str) else None


def _loops(value: Any, depth: int = 0) -> bool:
    if depth > DEPTH:
        return False
    if isinstance(value, list):
        return any(_loops(item, depth + 1) for item in value)
    return isinstance(value, Mapping) and any(
        (isinstance(key, str) and key.startswith(LOOP)) or _loops(item, depth + 1) for key, item in value.items()
    )


def _put(value: Any, identifier: str, given: str, depth: int = 0) -> Any:
    """A loop's body for one value: ``${Identifier}`` and, without what no logical id may hold, ``&{Identifier}``."""
    if depth > DEPTH:
        return value
    if isinstance(value, str):
        plain = re.sub(r"[^A-Za-z0-9]", "", given)
        return value.replace(f"${{{identifier}}}", given).replace(f"&{{{identifier}}}", plain)
    if isinstance(value, list):
        return [_put(item, identifier, given, depth + 1) for item in value]
    if isinstance(value, Mapping):
        if len(value) == 1 and value.get("Ref") == identifier:
            return given
        return {
            _put(str(key), identifier, given, depth + 1): _put(item, identifier, given, depth + 1)
            for key, item in value.items()
        }
    return value
