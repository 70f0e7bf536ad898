"""AWS Database Migration Service: replication instances.

Shapes: https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watchkeeper.inventory.core import Context, Raw, plain
from watchkeeper.inventory.described import Ask, Row, described


def _replication_instance(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
    kept = (
        *("AllocatedStorage", "AutoMinorVersionUpgrade", "AvailabilityZone", "EngineVersion", "KmsKeyId", "MultiAZ"),
        *("PreferredMaintenanceWindow", "PubliclyAccessible", "ReplicationInstanceClass"),
        *("ReplicationInstanceIdentifier", "ReplicationInstancePrivateIpAddresses"),
        "ReplicationInstancePublicIpAddresses",
    )
    return {"Id": raw["ReplicationInstanceArn"], **{key: plain(raw[key]) for key in kept if key in raw}}


ROWS = (
    Row(
        *("AWS::DMS::ReplicationInstance", "dms", "describe_replication_instances", "ReplicationInstances"),
        id="ReplicationInstanceArn",
        arn="ReplicationInstanceArn",
        name="ReplicationInstanceIdentifier",
        none=("ResourceNotFoundFault",),
        filter="replication-instance-arn",
        shape=_replication_instance,
        tags=Ask("list_tags_for_resource", "ResourceArn", result="TagList", absent=("ResourceNotFoundFault",)),
        created="InstanceCreateTime",
        zone_by="AvailabilityZone",
    ),
)

READERS = tuple(described(row) for row in ROWS)
