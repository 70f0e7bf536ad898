"""Amazon ElastiCache: replication groups.

Shapes: https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watchkeeper.inventory.core import Context, Raw, plain
from watchkeeper.inventory.described import Ask, Row, described


def _replication_group(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
    """The description, with CloudFormation's names of two properties beside the API's states."""
    held: Mapping[str, Any] = plain(raw)
    return {
        **held,
        "AutomaticFailoverEnabled": raw.get("AutomaticFailover") in ("enabled", "enabling"),
        "MultiAZEnabled": raw.get("MultiAZ") == "enabled",
    }


ROWS = (
    Row(
        *("AWS::ElastiCache::ReplicationGroup", "elasticache", "describe_replication_groups", "ReplicationGroups"),
        id="ReplicationGroupId",
        arn="ARN",
        name="ReplicationGroupId",
        narrow=Ask(
            *("describe_replication_groups", "ReplicationGroupId"),
            result="ReplicationGroups",
            absent=("ReplicationGroupNotFoundFault",),
        ),
        shape=_replication_group,
        tags=Ask(
            *("list_tags_for_resource", "ResourceName"), result="TagList", absent=("ReplicationGroupNotFoundFault",)
        ),
        created="ReplicationGroupCreateTime",
    ),
)

READERS = tuple(described(row) for row in ROWS)
