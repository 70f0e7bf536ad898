"""Reads of recorded resources: what was discovered, what they are, what they were; and third-party resources.

https://docs.aws.amazon.com/config/latest/developerguide/looking-up-discovered-resources.html and
https://docs.aws.amazon.com/config/latest/developerguide/customresources.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from watchkeeper import items
from watchkeeper.awsconfig.context import Call, present, to_seconds
from watchkeeper.awsconfig.errors import ConfigError
from watchkeeper.awsconfig.paging import Key
from watchkeeper.awsconfig.recorders import frequency_of, require_recorder, require_running, running_recorder
from watchkeeper.awsconfig.recording import record_items
from watchkeeper.awsconfig.states import current_item, unpack
from watchkeeper.awsconfig.store import Session
from watchkeeper.model import ConfigurationItem, ItemStatus

_FOREVER = 253402300799.0
"""The end of the year 9999, in seconds."""


def list_discovered_resources(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    require_recorder(call, "list discovered resources")
    ids, name = request.get("resourceIds"), request.get("resourceName")
    if ids and name:
        raise ConfigError("ValidationException", "Provide either resourceIds or resourceName, not both.")
    deleted = request.get("includeDeletedResources", False)
    where, parameters = _resource_filter(request["resourceType"], ids, name, deleted)

    def fetch(after: Key | None, limit: int) -> list[tuple[Key, dict[str, Any]]]:
        return [
            ((row[0],), present({"resourceType": request["resourceType"], "resourceId": row[0], "resourceName": row[1]})
             | ({"resourceDeletionTime": row[3]} if row[2] else {}))
            for row in call.db.rows(
                f"SELECT resource, name, deleted, captured FROM resource WHERE account=? AND region=? AND {where} "  # noqa: S608
                "AND resource>? ORDER BY resource LIMIT ?",
                [call.account, call.region, *parameters, (after or ("",))[0], limit],
            )
        ]  # fmt: skip

    page, token = call.page(request, fetch, default=100)
    return {"resourceIdentifiers": page, **token}


def get_discovered_resource_counts(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    wanted = set(request.get("resourceTypes") or [])
    counts = {t: n for t, n in type_counts(call.db, call.account, call.region).items() if not wanted or t in wanted}
    rows = [((-n, t), {"resourceType": t, "count": n}) for t, n in counts.items()]
    page, token = call.page_of(request, sorted(rows, key=lambda row: row[0]), default=100)
    return {"totalDiscoveredResources": sum(counts.values()), "resourceCounts": page, **token}


def get_resource_config_history(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    require_recorder(call, "get resource history")
    resource_type, resource_id = request["resourceType"], request["resourceId"]
    earliest = to_seconds(request["earlierTime"]) if request.get("earlierTime") is not None else 0.0
    latest = to_seconds(request["laterTime"]) if request.get("laterTime") is not None else _FOREVER
    if earliest > latest:
        raise ConfigError("InvalidTimeRangeException", "The earlier time is after the later time: swap them.")
    if current_item(call.db, call.account, call.region, resource_type, resource_id) is None:
        raise not_discovered(resource_type, resource_id)
    forward = request.get("chronologicalOrder") == "Forward"
    beyond, order = (">", "ASC") if forward else ("<", "DESC")
    start = (-1.0, -1) if forward else (_FOREVER, 2**62)
    frequency = recorded_how(call.db, call.account, call.region, resource_type)

    def fetch(after: Key | None, limit: int) -> list[tuple[Key, dict[str, Any]]]:
        rows = call.db.rows(
            "SELECT captured, id, body FROM state WHERE account=? AND region=? AND type=? AND resource=? "  # noqa: S608
            f"AND captured BETWEEN ? AND ? AND (captured, id){beyond}(?,?) "
            f"ORDER BY captured {order}, id {order} LIMIT ?",
            (call.account, call.region, resource_type, resource_id, earliest, latest, *(after or start), limit),
        )
        return [((row[0], row[1]), items.to_api(unpack(row[2])) | frequency) for row in rows]

    page, token = call.page(request, fetch, default=10)
    return {"configurationItems": page, **token}


def batch_get_resource_config(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    require_recorder(call, "get resource configurations")
    found, missing = [], []
    for key in request["resourceKeys"]:
        item = current_item(call.db, call.account, call.region, key["resourceType"], key["resourceId"])
        if item is None:
            missing.append(key)
            continue
        found.append(items.to_base_api(item) | recorded_how(call.db, call.account, call.region, item.resource_type))
    return {"baseConfigurationItems": found, "unprocessedResourceKeys": missing}


def put_resource_config(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    require_running(call, "put resource config")
    item = ConfigurationItem(
        resource_type=_third_party(request["ResourceType"]),
        resource_id=request["ResourceId"],
        account_id=call.account,
        region=call.region,
        resource_name=request.get("ResourceName"),
        capture_time=datetime.fromtimestamp(call.now, UTC),
        tags=request.get("Tags") or {},
        configuration=_configuration(request["Configuration"]),
    )
    record_items(call.db, call.services, [item], call.now)
    return {}


def delete_resource_config(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    require_running(call, "delete resource config")
    item = ConfigurationItem(
        resource_type=_third_party(request["ResourceType"]),
        resource_id=request["ResourceId"],
        account_id=call.account,
        region=call.region,
        capture_time=datetime.fromtimestamp(call.now, UTC),
        status=ItemStatus.DELETED,
    )
    record_items(call.db, call.services, [item], call.now)
    return {}


def type_counts(db: Session, account: str, region: str) -> dict[str, int]:
    """Resource type to the number of its resources that exist."""
    rows = db.rows(
        "SELECT type, COUNT(*) FROM resource WHERE account=? AND region=? AND deleted=0 GROUP BY type",
        (account, region),
    )
    return {row[0]: row[1] for row in rows}


def recorded_how(db: Session, account: str, region: str, resource_type: str) -> dict[str, str]:
    """``recordingFrequency`` of a type, as items carry it."""
    recorder = running_recorder(db, account, region)
    return {"recordingFrequency": frequency_of(recorder, resource_type)} if recorder else {}


def not_discovered(resource_type: str, resource_id: str) -> ConfigError:
    """ResourceNotDiscoveredException."""
    return ConfigError(
        "ResourceNotDiscoveredException",
        f"Resource {resource_id} of resourceType:{resource_type} is unknown or has not been discovered",
    )


def _resource_filter(
    resource_type: str, ids: list[str] | None, name: str | None, deleted: bool
) -> tuple[str, list[Any]]:
    where, parameters = "type=?", [resource_type]
    if not deleted:
        where += " AND deleted=0"
    if ids:
        where, parameters = f"{where} AND resource IN ({','.join('?' * len(ids))})", [*parameters, *ids]
    if name:
        where, parameters = f"{where} AND name=?", [*parameters, name]
    return where, parameters


def _third_party(resource_type: str) -> str:
    """A type that its owner registered; AWS's own types are recorded by Config itself."""
    if resource_type.split("::")[0].upper() in ("AWS", "AMZN", "AMAZON", "ALEXA") or resource_type.count("::") != 2:
        raise ConfigError(
            "ValidationException",
            f"The resource type {resource_type} is not a third-party type: write Organization::Service::Resource.",
        )
    return resource_type


def _configuration(text: str) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ConfigError("ValidationException", "The configuration is not valid JSON.") from error
    if not isinstance(value, dict):
        raise ConfigError("ValidationException", "The configuration has to be a JSON object.")
    return value
