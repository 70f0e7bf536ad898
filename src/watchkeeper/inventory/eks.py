"""Amazon EKS: clusters.

A type that Config takes from CloudFormation's registry: the API spells the same properties with a lower first letter.
Shapes: https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watchkeeper.inventory.core import Context, Raw
from watchkeeper.inventory.described import Ask, Edge, Row, described
from watchkeeper.inventory.ecs import registry


def _eks_cluster(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
    """The properties of CloudFormation: enabled log types in a list, and no state."""
    kept = (
        *("name", "arn", "version", "roleArn", "endpoint", "resourcesVpcConfig", "kubernetesNetworkConfig"),
        *("encryptionConfig", "accessConfig", "upgradePolicy", "zonalShiftConfig", "deletionProtection", "tags"),
    )
    logging = (raw.get("logging") or {}).get("clusterLogging") or ()
    enabled = [{"Type": kind} for entry in logging if entry.get("enabled") for kind in entry.get("types", ())]
    spelled: dict[str, Any] = registry({key: raw[key] for key in kept if raw.get(key) is not None})
    return spelled | {"Logging": {"ClusterLogging": {"EnabledTypes": enabled}}}


ROWS = (
    Row(
        *("AWS::EKS::Cluster", "eks", "list_clusters", "clusters"),
        id="name",
        arn="arn",
        name="name",
        detail=Ask("describe_cluster", "name", result="cluster", absent=("ResourceNotFoundException",)),
        shape=_eks_cluster,
        tags="tags",
        edges=(
            Edge("Is contained in ", "AWS::EC2::Subnet", "resourcesVpcConfig.subnetIds"),
            Edge("Is associated with ", "AWS::EC2::SecurityGroup", "resourcesVpcConfig.securityGroupIds"),
            Edge("Is contained in ", "AWS::EC2::VPC", "resourcesVpcConfig.vpcId"),
        ),
        created="createdAt",
        zone="Regional",
    ),
)

READERS = tuple(described(row) for row in ROWS)
