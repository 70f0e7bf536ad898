"""Configuration items at the border: AWS's spellings in, :class:`~watchkeeper.model.ConfigurationItem` out, and back.

AWS Config spells one item in two ways. Events, custom rule invocations and the files in S3 say ``awsAccountId``,
``ARN``, ``configurationItemVersion`` and hold objects. The API says ``accountId``, ``arn``, ``version`` and holds JSON
in strings (``configuration``, and each value of ``supplementaryConfiguration``). ``AccessControlList`` is JSON in a
string in the first and that string encoded once more in the second. Old files say ``availibilityZone`` and
``configurationStateID``. :func:`from_aws` takes any of them; nothing inside the project sees them again.

Pages: https://docs.aws.amazon.com/config/latest/developerguide/config-item-table.html,
https://docs.aws.amazon.com/config/latest/developerguide/example-sns-notification.html,
https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigurationItem.html and API_BaseConfigurationItem.html.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from watchkeeper.model import EPOCH, UNAVAILABLE_KEY, ConfigurationItem, ItemStatus, Relationship

ITEM_VERSION = "1.3"
"""``configurationItemVersion`` of everything AWS writes today."""

_ENCODED_ONCE_MORE = frozenset({"AccessControlList"})
_STATUS = {status.value: status for status in ItemStatus}


class Edges(Sequence[Relationship]):
    """Relationships as AWS spells them, read when somebody looks: few rules do, and an item has many."""

    __slots__ = ("_raw",)

    def __init__(self, raw: Sequence[Mapping[str, Any]]) -> None:
        self._raw = raw

    def __len__(self) -> int:
        return len(self._raw)

    def __getitem__(self, index: Any) -> Any:
        return tuple(_relationship(edge) for edge in self._raw)[index]

    def __iter__(self) -> Iterator[Relationship]:
        return (_relationship(edge) for edge in self._raw)


class ItemError(ValueError):
    """What was given is not a configuration item; the message names the field and what it holds."""


def from_aws(raw: Mapping[str, Any]) -> ConfigurationItem:
    """The item in any of AWS's spellings: event, invocation, file, or API (timestamps as text, seconds or datetime).

    Raises ItemError for a missing type or id, an unknown status, or a value of the wrong kind.
    """
    if not isinstance(raw, Mapping):
        raise ItemError(f"a configuration item is an object, this is {_kind(raw)}")
    get = raw.get
    status = _status(get("configurationItemStatus"))
    return ConfigurationItem(
        resource_type=_required(raw, "resourceType"),
        resource_id=_required(raw, "resourceId"),
        account_id=_text(get("awsAccountId") or get("accountId")),
        region=_text(get("awsRegion")),
        resource_name=get("resourceName"),
        arn=_text(get("ARN") or get("arn")),
        status=status,
        capture_time=_time(get("configurationItemCaptureTime"), "configurationItemCaptureTime") or EPOCH,
        state_id=_text(get("configurationStateId", get("configurationStateID"))),
        availability_zone=_text(get("availabilityZone") or get("availibilityZone")) or "Not Applicable",
        creation_time=_time(get("resourceCreationTime"), "resourceCreationTime"),
        tags=_tags(get("tags")),
        relationships=tuple(_relationship(edge) for edge in _array(get("relationships"), "relationships")),
        configuration=_object(get("configuration"), "configuration"),
        supplementary=_supplementary(get("supplementaryConfiguration")) | unsaid(raw, status),
    )


def unsaid(raw: Mapping[str, Any], status: ItemStatus) -> dict[str, Any]:
    """What the item does not say, under :data:`UNAVAILABLE_KEY`: rules that look at it are not evaluated.

    An item of status ResourceNotRecorded has no configuration (API_ConfigurationItem), and one that
    BatchGetResourceConfig gives has no tags (API_BatchGetResourceConfig): neither means that the resource has none.
    """
    missing = {}
    if status is ItemStatus.NOT_RECORDED:
        missing["configuration"] = "AWS Config did not record it (ResourceNotRecorded)"
    if raw.get("tags") is None:
        missing["tags"] = "the item does not hold them"
    return {UNAVAILABLE_KEY: missing} if missing and not status.deleted else {}


def to_event(item: ConfigurationItem) -> dict[str, Any]:
    """The item as events, custom rule invocations and S3 files carry it: objects inside, times as text."""
    return {
        "relatedEvents": [],
        "relationships": [_edge(edge, "name") for edge in item.relationships],
        "configuration": dict(item.configuration) if not item.status.deleted else None,
        "supplementaryConfiguration": {
            key: _compact(value) if key in _ENCODED_ONCE_MORE and not isinstance(value, str) else value
            for key, value in item.supplementary.items()
            if key != UNAVAILABLE_KEY
        },
        "tags": dict(item.tags),
        "configurationItemVersion": ITEM_VERSION,
        "configurationItemCaptureTime": iso(item.capture_time),
        "configurationStateId": int(item.state_id)
        if item.state_id.isascii() and item.state_id.isdigit()
        else item.state_id,
        "awsAccountId": item.account_id,
        "configurationItemStatus": item.status.value,
        "resourceType": item.resource_type,
        "resourceId": item.resource_id,
        "resourceName": item.resource_name,
        "ARN": item.arn,
        "awsRegion": item.region,
        "availabilityZone": item.availability_zone,
        "configurationStateMd5Hash": "",
        "resourceCreationTime": iso(item.creation_time) if item.creation_time else None,
    }


to_snapshot = to_event
"""Snapshot and history files carry items in the spelling of the events."""


def to_base_api(item: ConfigurationItem) -> dict[str, Any]:
    """``BaseConfigurationItem`` (BatchGetResourceConfig, BatchGetAggregateResourceConfig): times in seconds since 1970,
    ``configuration`` and each supplementary value JSON in a string. What is not known is left out."""
    shape = {
        "version": ITEM_VERSION,
        "accountId": item.account_id,
        "configurationItemCaptureTime": item.capture_time.timestamp(),
        "configurationItemStatus": item.status.value,
        "configurationStateId": item.state_id,
        "arn": item.arn,
        "resourceType": item.resource_type,
        "resourceId": item.resource_id,
        "resourceName": item.resource_name,
        "awsRegion": item.region,
        "availabilityZone": item.availability_zone,
        "resourceCreationTime": item.creation_time.timestamp() if item.creation_time else None,
        "configuration": None if item.status.deleted else _compact(item.configuration),
        "supplementaryConfiguration": {
            key: _api_value(key, value) for key, value in item.supplementary.items() if key != UNAVAILABLE_KEY
        },
    }
    return {key: value for key, value in shape.items() if value not in (None, "")}


def to_api(item: ConfigurationItem) -> dict[str, Any]:
    """``ConfigurationItem`` (GetResourceConfigHistory, GetAggregateResourceConfig): the base shape with tags,
    relationships and the (always empty) hash beside it."""
    return to_base_api(item) | {
        "configurationItemMD5Hash": "",
        "tags": dict(item.tags),
        "relatedEvents": [],
        "relationships": [_edge(edge, "relationshipName") for edge in item.relationships],
    }


def fingerprint(item: ConfigurationItem) -> str:
    """What tells two states of one resource apart: a hash of everything but the capture (its time, its state id, and
    whether the item was a discovery). 32 hexadecimal digits."""
    state = (
        item.key,
        item.status.deleted,
        item.resource_name,
        item.arn,
        item.availability_zone,
        sorted(item.tags.items()),
        sorted((e.resource_type, e.resource_id, e.name, e.resource_name or "") for e in item.relationships),
        item.configuration,
        item.supplementary,
    )
    text = json.dumps(state, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def iso(moment: datetime) -> str:
    """``2026-09-27T08:00:00.000Z``: UTC with milliseconds, as Config writes times."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _api_value(key: str, value: Any) -> str:
    return _compact(_compact(value)) if key in _ENCODED_ONCE_MORE and not isinstance(value, str) else _compact(value)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)


def _edge(edge: Relationship, name_key: str) -> dict[str, str]:
    shape = {"resourceType": edge.resource_type, "resourceId": edge.resource_id, name_key: edge.name}
    return shape | ({"resourceName": edge.resource_name} if edge.resource_name else {})


def _relationship(raw: Any) -> Relationship:
    if not isinstance(raw, Mapping):
        raise ItemError(f"relationships: an entry is {_kind(raw)} instead of an object")
    return Relationship(
        resource_type=_text(raw.get("resourceType")),
        resource_id=_text(raw.get("resourceId")),
        name=_text(raw.get("relationshipName") or raw.get("name")),
        resource_name=raw.get("resourceName"),
    )


def _required(raw: Mapping[str, Any], key: str) -> str:
    value = raw.get(key)
    if not isinstance(value, str) or not value:
        raise ItemError(f"{key}: {'missing' if value is None else f'{_kind(value)} instead of text'}")
    return value


def _status(raw: Any) -> ItemStatus:
    if raw is None:
        return ItemStatus.OK
    status = _STATUS.get(raw) if isinstance(raw, str) else None
    if status is None:
        raise ItemError(f"configurationItemStatus: {raw!r:.60} is none of {', '.join(_STATUS)}")
    return status


def _time(raw: Any, field: str) -> datetime | None:
    if raw is None or raw == "":
        return None
    try:
        if isinstance(raw, str):
            moment = datetime.fromisoformat(raw)
        elif isinstance(raw, datetime):
            moment = raw
        elif isinstance(raw, int | float) and not isinstance(raw, bool):
            return datetime.fromtimestamp(raw, UTC)
        else:
            raise ItemError(f"{field}: {_kind(raw)} instead of a time")
    except (ValueError, OverflowError, OSError) as error:
        if isinstance(error, ItemError):
            raise
        raise ItemError(f"{field}: {raw!r:.60} is not a time") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _tags(raw: Any) -> dict[str, str]:
    """A map; old files also hold a list of ``{key, value}``."""
    if not raw:
        return {}
    if isinstance(raw, Mapping):
        return {str(key): _text(value) for key, value in raw.items()}
    if isinstance(raw, list) and all(isinstance(tag, Mapping) and "key" in tag for tag in raw):
        return {str(tag["key"]): _text(tag.get("value")) for tag in raw}
    raise ItemError(f"tags: {_kind(raw)} instead of an object")


def _supplementary(raw: Any) -> dict[str, Any]:
    return {key: _decoded(value) for key, value in _object(raw, "supplementaryConfiguration").items()}


def _decoded(value: Any) -> Any:
    """The value, however often it was encoded; text that is not an encoded object stays text."""
    for _ in range(3):
        if not isinstance(value, str) or (value[:1] not in ("{", "[", '"') and value not in ("null", "true", "false")):
            return value
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _object(raw: Any, field: str) -> dict[str, Any]:
    if isinstance(raw, dict):
        return raw
    if raw is None or raw in ("", "null"):
        return {}
    if isinstance(raw, str):
        try:
            value = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise ItemError(f"{field}: text that is not JSON") from error
        return _object(value, field) if not isinstance(value, str) else _not_an_object(value, field)
    if isinstance(raw, Mapping):
        return dict(raw)
    return _not_an_object(raw, field)


def _not_an_object(raw: Any, field: str) -> dict[str, Any]:
    raise ItemError(f"{field}: {_kind(raw)} instead of an object")


def _array(raw: Any, field: str) -> list[Any]:
    if raw is None:
        return []
    if isinstance(raw, list | tuple):
        return list(raw)
    raise ItemError(f"{field}: {_kind(raw)} instead of a list")


def _text(raw: Any) -> str:
    if isinstance(raw, str):
        return raw
    if raw is None:
        return ""
    return str(raw)


def _kind(value: Any) -> str:
    return {"NoneType": "nothing", "str": "text", "list": "a list", "dict": "an object", "bool": "true or false"}.get(
        type(value).__name__, "a number" if isinstance(value, int | float) else type(value).__name__
    )
