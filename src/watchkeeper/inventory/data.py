"""KMS keys, secrets, DynamoDB tables, EFS file systems."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from watchkeeper.inventory.core import (
    Context,
    Raw,
    Reader,
    config_spelling,
    edges,
    listed,
    make_item,
    one_by_one,
    plain,
    tag_map,
)
from watchkeeper.model import ConfigurationItem

KEY, SECRET = "AWS::KMS::Key", "AWS::SecretsManager::Secret"
TABLE, FILE_SYSTEM = "AWS::DynamoDB::Table", "AWS::EFS::FileSystem"


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


def _secret(ctx: Context, raw: Raw) -> ConfigurationItem | None:
    if raw.get("DeletedDate"):
        return None
    tags = raw.get("Tags") or []
    volatile = ("LastAccessedDate", "ResponseMetadata", "SecretVersionsToStages", "VersionIdsToStages")
    return make_item(
        ctx,
        SECRET,
        raw["ARN"],
        name=raw.get("Name"),
        arn=raw["ARN"],
        # The CloudFormation shape, as Config records types of its registry; what rules look at beside it.
        configuration=plain({key: value for key, value in raw.items() if key not in volatile}) | {"Id": raw["ARN"]},
        relationships=edges("Is encrypted with ", KEY, [str(raw.get("KmsKeyId") or "").rpartition("/")[2]]),
        tags=tag_map(tags),
        created=raw.get("CreatedDate"),
    )


def _some_secrets(ctx: Context, keys: Sequence[str]) -> Iterator[Raw]:
    for key in keys:
        found = ctx.ask("secretsmanager", "describe_secret", SecretId=key, absent=("ResourceNotFoundException",))
        if found:
            yield found


def _table_names(ctx: Context) -> Iterator[str]:
    return ctx.pages("dynamodb", "list_tables", "TableNames")


def _table(ctx: Context, name: str) -> ConfigurationItem | None:
    gone = ("ResourceNotFoundException", "TableNotFoundException")
    found: Any = ctx.ask("dynamodb", "describe_table", TableName=name, absent=gone).get("Table")
    if not found:
        return None
    supplementary: dict[str, Any] = {}
    if ctx.wants(TABLE, "ContinuousBackupsDescription"):
        backups = ctx.ask("dynamodb", "describe_continuous_backups", TableName=name, absent=gone)
        supplementary["ContinuousBackupsDescription"] = config_spelling(backups.get("ContinuousBackupsDescription"))
    tags: list[Any] = []
    if ctx.wants(TABLE, "tags"):
        answer = ctx.ask("dynamodb", "list_tags_of_resource", ResourceArn=found["TableArn"], absent=gone)
        tags = answer.get("Tags") or []
        supplementary["Tags"] = config_spelling(tags)
    # Counters move without the configuration changing.
    counters = ("ItemCount", "TableSizeBytes")
    return make_item(
        ctx,
        TABLE,
        name,
        name=name,
        arn=found["TableArn"],
        configuration=config_spelling({key: value for key, value in found.items() if key not in counters}),
        supplementary=supplementary,
        tags=tag_map(tags),
        created=found.get("CreationDateTime"),
    )


def _file_system(ctx: Context, raw: Raw) -> ConfigurationItem:
    id_ = raw["FileSystemId"]
    gone = ("FileSystemNotFound", "PolicyNotFound")
    shape: dict[str, Any] = {
        "FileSystemId": id_,
        "Arn": raw.get("FileSystemArn"),
        "Encrypted": raw.get("Encrypted"),
        "KmsKeyId": raw.get("KmsKeyId"),
        "PerformanceMode": raw.get("PerformanceMode"),
        "ThroughputMode": raw.get("ThroughputMode"),
        "FileSystemTags": plain(raw.get("Tags") or []),
    }
    backup = ctx.ask("efs", "describe_backup_policy", FileSystemId=id_, absent=gone).get("BackupPolicy")
    shape["BackupPolicy"] = {"Status": (backup or {}).get("Status", "DISABLED")}
    lifecycle = ctx.ask("efs", "describe_lifecycle_configuration", FileSystemId=id_, absent=gone)
    shape["LifecyclePolicies"] = plain(lifecycle.get("LifecyclePolicies") or [])
    policy = ctx.ask("efs", "describe_file_system_policy", FileSystemId=id_, absent=gone).get("Policy")
    if policy:
        shape["FileSystemPolicy"] = json.loads(policy)
    return make_item(
        ctx,
        FILE_SYSTEM,
        id_,
        name=raw.get("Name") or id_,
        arn=raw.get("FileSystemArn") or ctx.arn("elasticfilesystem", f"file-system/{id_}"),
        configuration=shape,
        tags=tag_map(raw.get("Tags")),
        created=raw.get("CreationTime"),
        zone="Regional",
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
    Reader(
        SECRET,
        "secretsmanager",
        all=listed("secretsmanager", "list_secrets", "SecretList"),
        some=_some_secrets,
        item=_secret,
    ),
    Reader(
        TABLE,
        "dynamodb",
        all=_table_names,
        some=lambda _ctx, keys: iter(keys),
        item=_table,
        aspects=frozenset({"ContinuousBackupsDescription", "tags"}),
        calls=True,
    ),
    Reader(
        FILE_SYSTEM,
        "efs",
        all=listed("efs", "describe_file_systems", "FileSystems"),
        some=one_by_one("efs", "describe_file_systems", "FileSystems", "FileSystemId", ("FileSystemNotFound",)),
        item=_file_system,
        calls=True,
    ),
)
