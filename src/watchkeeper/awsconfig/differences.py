"""What changed between two states of a resource: ``configurationItemDiff`` of an item change event.

https://docs.aws.amazon.com/config/latest/developerguide/example-sns-notification.html : keys like
``Configuration.InstanceType``, ``Configuration.SecurityGroups.0``, ``Relationships.0``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.model import ConfigurationItem, Relationship

_ABSENT = object()


def difference(before: ConfigurationItem | None, after: ConfigurationItem) -> dict[str, Any]:
    """``{"changedProperties": {path: {previousValue, updatedValue, changeType}}, "changeType": …}``."""
    if after.status.deleted:
        change = "DELETE"
    elif before is None or before.status.deleted:
        change = "CREATE"
    else:
        change = "UPDATE"
    if change == "CREATE":
        return {"changedProperties": {}, "changeType": change}
    parts = _parts(before), _parts(after)
    changed = {path: entry for name in parts[1] for path, entry in _walk(name, parts[0].get(name), parts[1][name])}
    return {"changedProperties": changed, "changeType": change}


def _parts(item: ConfigurationItem | None) -> dict[str, Any]:
    if item is None:
        return {}
    return {
        "Configuration": item.configuration,
        "SupplementaryConfiguration": item.supplementary,
        "Tags": item.tags,
        "Relationships": [_edge(edge) for edge in item.relationships],
    }


def _edge(edge: Relationship) -> dict[str, Any]:
    return {
        "resourceId": edge.resource_id,
        "resourceName": edge.resource_name,
        "resourceType": edge.resource_type,
        "name": edge.name,
    }


def _walk(path: str, before: Any, after: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in {**before, **after}:
            yield from _walk(f"{path}.{_capital(str(key))}", before.get(key, _ABSENT), after.get(key, _ABSENT))
        return
    if isinstance(before, list) and isinstance(after, list):
        yield from _lists(path, before, after)
        return
    yield path, _entry(before, after)


def _lists(path: str, before: list[Any], after: list[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """AWS compares lists as bags: what is in only one of them was removed or added."""
    gone = [value for value in before if value not in after]
    new = [value for value in after if value not in before]
    entries = [_entry(value, _ABSENT) for value in gone] + [_entry(_ABSENT, value) for value in new]
    yield from ((f"{path}.{position}", entry) for position, entry in enumerate(entries))


def _entry(before: Any, after: Any) -> dict[str, Any]:
    kind = "CREATE" if before is _ABSENT else "DELETE" if after is _ABSENT else "UPDATE"
    return {
        "previousValue": None if before is _ABSENT else before,
        "updatedValue": None if after is _ABSENT else after,
        "changeType": kind,
    }


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]
