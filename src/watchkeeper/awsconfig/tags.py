"""Tags of Config's own resources: rules, aggregators, authorizations, packs, stored queries, recorders.

https://docs.aws.amazon.com/config/latest/developerguide/tagging.html : 50 a resource.
"""

from __future__ import annotations

from typing import Any

from watchkeeper.awsconfig.context import Call
from watchkeeper.awsconfig.errors import ConfigError

KIND = "tags"
LIMIT = 50


def keep_tags(call: Call, arn: str, tags: list[dict[str, str]] | None) -> None:
    """Remember a new resource's tags, so that it can be tagged later as well."""
    call.put(KIND, arn, _as_map(tags or []))


def forget_tags(call: Call, arn: str) -> None:
    """Drop the tags of a deleted resource."""
    call.remove(KIND, arn)


def tag_resource(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    arn = request["ResourceArn"]
    tags = _require(call, arn) | _as_map(request["Tags"])
    if len(tags) > LIMIT:
        raise ConfigError("TooManyTagsException", f"The resource would have {len(tags)} tags; {LIMIT} are allowed.")
    call.put(KIND, arn, tags)
    return {}


def untag_resource(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    arn = request["ResourceArn"]
    gone = set(request["TagKeys"])
    call.put(KIND, arn, {key: value for key, value in _require(call, arn).items() if key not in gone})
    return {}


def list_tags_for_resource(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    tags = _require(call, request["ResourceArn"])
    rows = [((key,), {"Key": key, "Value": tags[key]}) for key in sorted(tags)]
    page, token = call.page_of(request, rows, default=LIMIT)
    return {"Tags": page, **token}


def _as_map(tags: list[dict[str, str]]) -> dict[str, str]:
    if not all(tag.get("Key") for tag in tags):
        raise ConfigError("ValidationException", "A tag needs a Key.")
    return {tag["Key"]: tag.get("Value") or "" for tag in tags}


def _require(call: Call, arn: str) -> dict[str, str]:
    tags = call.get(KIND, arn)
    if tags is None:
        raise ConfigError("ResourceNotFoundException", f"ResourceArn '{arn}' does not exist.")
    return tags
