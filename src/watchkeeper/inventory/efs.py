"""Amazon EFS: file systems and access points.

Shapes: https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from watchkeeper.inventory.core import Context, Raw, Reader, listed, make_item, one_by_one, plain, tag_map
from watchkeeper.inventory.described import Ask, Edge, Row, described
from watchkeeper.model import ConfigurationItem

FILE_SYSTEM = "AWS::EFS::FileSystem"


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


def _access_point(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
    renamed = {"AccessPointArn": "Arn", "Tags": "AccessPointTags"}
    kept = ("AccessPointId", "AccessPointArn", "ClientToken", "FileSystemId", "PosixUser", "RootDirectory", "Tags")
    return {renamed.get(key, key): plain(raw[key]) for key in kept if key in raw}


ROWS = (
    Row(
        *("AWS::EFS::AccessPoint", "efs", "describe_access_points", "AccessPoints"),
        id="AccessPointId",
        arn="AccessPointArn",
        name="Name",
        narrow=Ask("describe_access_points", "AccessPointId", result="AccessPoints", absent=("AccessPointNotFound",)),
        shape=_access_point,
        edges=(Edge("Is contained in ", "AWS::EFS::FileSystem", "FileSystemId"),),
        left_out=lambda _ctx, raw: raw.get("LifeCycleState") == "deleted",
        zone="Regional",
    ),
)

READERS = (
    Reader(
        FILE_SYSTEM,
        "efs",
        all=listed("efs", "describe_file_systems", "FileSystems"),
        some=one_by_one("efs", "describe_file_systems", "FileSystems", "FileSystemId", ("FileSystemNotFound",)),
        item=_file_system,
        calls=True,
    ),
    *(described(row) for row in ROWS),
)
