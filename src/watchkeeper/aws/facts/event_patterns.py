"""EventBridge event patterns: whether PutRule would accept one.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OPERATORS = frozenset(
    {
        "prefix",
        "suffix",
        "anything-but",
        "numeric",
        "exists",
        "cidr",
        "equals-ignore-case",
        "wildcard",
    }
)
ENVELOPE = ("source", "detail-type", "detail", "account", "region", "resources", "time", "id", "version")
LIMIT = 4096
"""Characters of a pattern."""
DEEPEST = 40


def problem(pattern: Any) -> str:
    """What is wrong with a pattern that is an object already; empty when nothing is."""
    if not isinstance(pattern, Mapping):
        return "a pattern is a JSON object"
    if not pattern:
        return "the pattern is empty"
    return _object(pattern, "", 0)


def _object(value: Mapping[Any, Any], path: str, depth: int) -> str:
    if depth > DEEPEST:
        return f"{path} is nested too deeply"
    for key, item in value.items():
        here = f"{path}.{key}" if path else str(key)
        if key == "$or":
            found = _alternatives(item, here, depth)
        elif isinstance(item, Mapping):
            found = _object(item, here, depth + 1) if item else f"{here} is an empty object"
        elif isinstance(item, list):
            found = _values(item, here)
        else:
            found = f"{here} is {_kind(item)}; a pattern has a list there, such as [{_shown(item)}]"
        if found:
            return found
    return ""


def _alternatives(item: Any, path: str, depth: int) -> str:
    if not isinstance(item, list) or len(item) < 2 or not all(isinstance(part, Mapping) for part in item):
        return f"{path} is a list of at least two objects"
    return next((found for part in item if (found := _object(part, path, depth + 1))), "")


def _values(items: list[Any], path: str) -> str:
    if not items:
        return f"{path} is an empty list, which matches nothing"
    for item in items:
        if isinstance(item, list):
            return f"{path} has a list in a list"
        if isinstance(item, Mapping):
            if len(item) != 1:
                return f"{path} has an object with {len(item)} operators; there is one in each"
            operator = str(next(iter(item)))
            if operator not in OPERATORS:
                return f'{path} has the operator "{operator}"; there are {", ".join(sorted(OPERATORS))}'
    return ""


def _kind(item: Any) -> str:
    return {str: "text", bool: "a boolean", int: "a number", float: "a number", type(None): "null"}.get(
        type(item), "no list"
    )


def _shown(item: Any) -> str:
    return f'"{item}"' if isinstance(item, str) else str(item)
