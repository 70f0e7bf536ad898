"""Amazon MSK: provisioned clusters.

Shapes: https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watchkeeper.inventory.core import Context, Raw, plain
from watchkeeper.inventory.described import Ask, Row, described


def _broker_cluster(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
    held: Mapping[str, Any] = plain(
        {"Arn": raw["ClusterArn"], "ClusterName": raw["ClusterName"], **(raw.get("Provisioned") or {})}
    )
    return held


ROWS = (
    Row(
        *("AWS::MSK::Cluster", "kafka", "list_clusters_v2", "ClusterInfoList"),
        arguments={"ClusterTypeFilter": "PROVISIONED"},
        id="ClusterArn",
        arn="ClusterArn",
        name="ClusterName",
        narrow=Ask("describe_cluster_v2", "ClusterArn", result="ClusterInfo", absent=("NotFoundException",)),
        shape=_broker_cluster,
        created="CreationTime",
        zone="Regional",
    ),
)

READERS = tuple(described(row) for row in ROWS)
