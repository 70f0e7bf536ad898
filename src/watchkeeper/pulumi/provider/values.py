"""Pulumi property values: cleaned, compared by meaning, turned into AWS shapes and back."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from watchkeeper.pulumi.graph import UNKNOWN, Secret

Values = dict[str, Any]


def clean(value: Any) -> Any:
    """The value without nulls and secrets' wrappers, at any depth; tuples become lists."""
    if isinstance(value, Secret):
        return clean(value.value)
    if isinstance(value, Mapping):
        return {key: clean(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [clean(item) for item in value]
    return value


def has_unknown(value: Any) -> bool:
    """Whether something inside is known after the deployment only."""
    if value is UNKNOWN:
        return True
    if isinstance(value, Secret):
        return has_unknown(value.value)
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(has_unknown(item) for item in value)
    return False


def document(value: Any) -> Any:
    """A JSON text parsed, where the text is a JSON object or list; anything else as it is."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def json_text(value: Any) -> str:
    """A document property as the text that AWS takes: objects are dumped, text stays as it is."""
    return value if isinstance(value, str) else json.dumps(value)


def _sort_key(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=repr)


def canonical(value: Any, *, ordered: bool = False) -> Any:
    """What two equal values have in common: documents parsed, lists sorted (unless ordered), a list of one string and
    the string alone the same inside a policy document, numbers and booleans apart from their spelling."""
    parsed = document(value)
    if isinstance(parsed, Mapping):
        inside_policy = "Statement" in parsed
        return {key: _canonical_member(item, inside_policy, ordered) for key, item in parsed.items()}
    if isinstance(parsed, (list, tuple)):
        items = [canonical(item, ordered=ordered) for item in parsed]
        return items if ordered else sorted(items, key=_sort_key)
    if isinstance(parsed, bool):
        return "true" if parsed else "false"
    if isinstance(parsed, float) and parsed.is_integer():
        return str(int(parsed))
    if isinstance(parsed, (int, float)):
        return str(parsed)
    return parsed


def _canonical_member(value: Any, policy: bool, ordered: bool) -> Any:
    if not policy:
        return canonical(value, ordered=ordered)
    if isinstance(value, Mapping):
        return {key: _canonical_member(item, True, ordered) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = sorted((_canonical_member(item, True, ordered) for item in value), key=_sort_key)
        return items[0] if len(items) == 1 else items
    return canonical(value, ordered=ordered)


def same(left: Any, right: Any, *, ordered: bool = False) -> bool:
    """Whether two values mean the same."""
    return bool(canonical(left, ordered=ordered) == canonical(right, ordered=ordered))


def covers(actual: Any, wanted: Any) -> bool:
    """Whether what exists is what was asked for: AWS may have added members to objects, nothing else."""
    return _covers(canonical(actual), canonical(wanted))


def _covers(actual: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict) and isinstance(actual, dict):
        return all(_covers(actual.get(key), item) for key, item in wanted.items())
    if isinstance(wanted, list) and isinstance(actual, list):
        if len(actual) != len(wanted):
            return False
        left = list(actual)
        for item in wanted:
            match = next((index for index, other in enumerate(left) if _covers(other, item)), None)
            if match is None:
                return False
            left.pop(match)
        return True
    if wanted in ("", "false", [], {}, None) and actual in ("", "false", [], {}, None):
        return True
    return bool(actual == wanted)


# Pulumi's spelling to the API's and back, led by botocore's shapes.


def stem(name: str) -> str:
    """A member's name without case and plural: ``recordingStrategies`` and ``recordingStrategy`` meet."""
    word = name.lower()
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def to_api(shape: Any, value: Any, rename: Mapping[str, str] | None = None) -> Any:
    """A Pulumi value as the botocore shape takes it. ``rename``: AWS member → Pulumi property, at any depth."""
    kind = shape.type_name
    if kind == "structure":
        return _structure(shape, value, rename or {})
    if kind == "list":
        items = value if isinstance(value, (list, tuple)) else [value]
        return [to_api(shape.member, item, rename) for item in items]
    if kind == "map":
        return {key: to_api(shape.value, item, rename) for key, item in dict(value).items()}
    if kind in ("integer", "long"):
        return int(value)
    if kind in ("float", "double"):
        return float(value)
    if kind == "boolean":
        return value is True or value == "true"
    if kind == "string":
        return _text(value)
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, (dict, list)) else str(value)


def _structure(shape: Any, value: Any, rename: Mapping[str, str]) -> dict[str, Any]:
    if isinstance(value, (list, tuple)):
        value = value[0] if value else {}
    by_stem = {stem(key): key for key in value}
    found: dict[str, Any] = {}
    for member, inner in shape.members.items():
        key = rename.get(member) or by_stem.get(stem(member))
        if key is not None and value.get(key) is not None:
            found[member] = to_api(inner, value[key], rename)
    return found


def request(client: Any, operation: str, values: Mapping[str, Any], rename: Mapping[str, str] | None = None) -> Values:
    """The parameters of an API operation that these properties give."""
    shape = client.meta.service_model.operation_model(operation).input_shape
    return dict(_structure(shape, dict(values), rename or {}))


def from_api(
    value: Any, type_: Any, objects: Mapping[str, Mapping[str, Any]], rename: Mapping[str, str] | None = None
) -> Any:
    """An API value as the Pulumi type of the schema has it; ``rename`` as in :func:`to_api`."""
    if value is None:
        return None
    if isinstance(type_, str):
        return _scalar(value, type_)
    if "list" in type_:
        items = value if isinstance(value, (list, tuple)) else [value]
        return [from_api(item, type_["list"], objects, rename) for item in items]
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], Mapping):
        value = value[0]
    if not isinstance(value, Mapping):
        return value
    if "map" in type_:
        return {key: from_api(item, type_["map"], objects, rename) for key, item in value.items()}
    fields = objects.get(type_["object"])
    return dict(value) if fields is None else fields_from_api(value, fields, objects, rename)


def fields_from_api(
    value: Mapping[str, Any],
    fields: Mapping[str, Mapping[str, Any]],
    objects: Mapping[str, Mapping[str, Any]],
    rename: Mapping[str, str] | None = None,
) -> Values:
    """The members of an AWS structure that the schema has fields for, in Pulumi's spelling."""
    to_member = {pulumi: member for member, pulumi in (rename or {}).items()}
    by_stem = {stem(member): member for member in value}
    found: Values = {}
    for name, entry in fields.items():
        member = to_member.get(name) or by_stem.get(stem(name))
        if member is None or value.get(member) is None:
            continue
        found[name] = from_api(value[member], entry["type"], objects, rename)
    return found


def _scalar(value: Any, type_: str) -> Any:
    if isinstance(value, datetime):
        return moment(value)
    if type_ == "string":
        return value.decode() if isinstance(value, bytes) else _text(value)
    if type_ == "boolean":
        return value is True or value == "true"
    if type_ == "integer" and isinstance(value, (int, float, str)):
        return int(float(value))
    if type_ == "number" and isinstance(value, (int, float, str)):
        return float(value)
    return value


def moment(value: datetime) -> str:
    """RFC 3339 in UTC, whole seconds: how the provider gives times."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def tag_list(tags: Mapping[str, str] | None, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as the list of objects that most services take."""
    return [{key: name, value: str(text)} for name, text in sorted((tags or {}).items())]


def tag_map(tags: Iterable[Mapping[str, str]] | None, key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Tags as Pulumi has them; AWS's own (``aws:…``) are left out."""
    pairs = {tag[key]: tag.get(value, "") for tag in tags or ()}
    return {name: text for name, text in pairs.items() if not name.startswith("aws:")}


def tag_changes(old: Mapping[str, str] | None, new: Mapping[str, str] | None) -> tuple[dict[str, str], list[str]]:
    """What to set and what to remove to get from the old tags to the new ones."""
    before, after = dict(old or {}), dict(new or {})
    added = {key: str(value) for key, value in after.items() if before.get(key) != value}
    return added, sorted(before.keys() - after.keys())


def base64_text(data: bytes) -> str:
    """Bytes in base64, as text."""
    return base64.b64encode(data).decode()
