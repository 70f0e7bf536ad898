"""AWS KMS: keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from watchkeeper.inventory.core import Context, Reader, config_spelling, make_item, tag_map
from watchkeeper.model import ConfigurationItem

KEY = "AWS::KMS::Key"


def _key_ids(ctx: Context) -> Iterator[str]:
    return (key["KeyId"] for key in ctx.pages("kms", "list_keys", "Keys"))


def _key(ctx: Context, key_id: str) -> ConfigurationItem | None:
    found: Any = ctx.ask("kms", "describe_key", KeyId=key_id, absent=("NotFoundException",)).get("KeyMetadata")
    if not found:
        return None
    ours = found.get("KeyManager") == "CUSTOMER"
    supplementary: dict[str, Any] = {}
    # Rotation and policy of a key that is going to be deleted, and of AWS's own, can't always be asked for.
    refused = ("NotFoundException", "KMSInvalidStateException", "UnsupportedOperationException")
    if ctx.wants(KEY, "KeyRotationStatus") and ours:
        rotation = ctx.ask("kms", "get_key_rotation_status", KeyId=key_id, absent=refused)
        if rotation:
            supplementary["KeyRotationStatus"] = bool(rotation.get("KeyRotationEnabled"))
    if ctx.wants(KEY, "Policy"):
        policy = ctx.ask("kms", "get_key_policy", KeyId=key_id, PolicyName="default", absent=refused).get("Policy")
        if policy is not None:
            supplementary["Policy"] = policy
    tags: list[Any] = []
    if ctx.wants(KEY, "tags"):
        tags = ctx.ask("kms", "list_resource_tags", KeyId=key_id, absent=refused).get("Tags", [])
        supplementary["Tags"] = config_spelling(tags)
    configuration = config_spelling({k: v for k, v in found.items() if k != "AWSAccountId"})
    return make_item(
        ctx,
        KEY,
        found["KeyId"],
        name=found["KeyId"],
        arn=found["Arn"],
        configuration=configuration | {"awsaccountId": found.get("AWSAccountId", ctx.account)},
        supplementary=supplementary,
        tags=tag_map(tags, "TagKey", "TagValue"),
        created=found.get("CreationDate"),
    )


READERS = (
    Reader(
        KEY,
        "kms",
        all=_key_ids,
        some=lambda _ctx, keys: iter(keys),
        item=_key,
        aspects=frozenset({"KeyRotationStatus", "Policy", "tags"}),
        calls=True,
    ),
)
