"""Amazon Redshift: clusters, their groups and snapshots.

Shapes: https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

from typing import Any

from watchkeeper.inventory.described import Ask, Edge, Row, described


def _redshift(
    kind: str, operation: str, result: str, id_: str, argument: str, missing: str, arn: str, **more: Any
) -> Row:
    return Row(
        *(f"AWS::Redshift::{kind}", "redshift", operation, result),
        id=id_,
        name=id_,
        arn=f"redshift:{arn}",
        narrow=Ask(operation, argument, result=result, absent=(missing, f"{missing}Fault")),
        **more,
    )


ROWS = (
    _redshift(
        *("Cluster", "describe_clusters", "Clusters", "ClusterIdentifier", "ClusterIdentifier", "ClusterNotFound"),
        "cluster:{ClusterIdentifier}",
        parts={
            "LoggingStatus": Ask(
                *("describe_logging_status", "ClusterIdentifier", "ClusterIdentifier"), absent=("ClusterNotFound",)
            )
        },
        edges=(
            Edge(
                *("Is associated with ClusterParameterGroup", "AWS::Redshift::ClusterParameterGroup"),
                "ClusterParameterGroups.ParameterGroupName",
            ),
            Edge(
                *("Is associated with ClusterSubnetGroup", "AWS::Redshift::ClusterSubnetGroup"),
                "ClusterSubnetGroupName",
            ),
            Edge(
                *("Is associated with SecurityGroup", "AWS::EC2::SecurityGroup"), "VpcSecurityGroups.VpcSecurityGroupId"
            ),
            Edge("Is associated with Vpc", "AWS::EC2::VPC", "VpcId"),
        ),
        created="ClusterCreateTime",
        zone_by="AvailabilityZone",
    ),
    _redshift(
        *("ClusterParameterGroup", "describe_cluster_parameter_groups", "ParameterGroups", "ParameterGroupName"),
        *("ParameterGroupName", "ClusterParameterGroupNotFound", "parametergroup:{ParameterGroupName}"),
    ),
    _redshift(
        *("ClusterSubnetGroup", "describe_cluster_subnet_groups", "ClusterSubnetGroups", "ClusterSubnetGroupName"),
        *("ClusterSubnetGroupName", "ClusterSubnetGroupNotFound", "subnetgroup:{ClusterSubnetGroupName}"),
        zone="Multiple Availability Zones",
    ),
    _redshift(
        *("ClusterSnapshot", "describe_cluster_snapshots", "Snapshots", "SnapshotIdentifier", "SnapshotIdentifier"),
        *("ClusterSnapshotNotFound", "snapshot:{ClusterIdentifier}/{SnapshotIdentifier}"),
        edges=(Edge("Is associated with Cluster", "AWS::Redshift::Cluster", "ClusterIdentifier"),),
        created="SnapshotCreateTime",
        zone_by="AvailabilityZone",
    ),
    _redshift(
        *("ClusterSecurityGroup", "describe_cluster_security_groups", "ClusterSecurityGroups"),
        *("ClusterSecurityGroupName", "ClusterSecurityGroupName", "ClusterSecurityGroupNotFound"),
        "securitygroup:{ClusterSecurityGroupName}",
        # They are of EC2-Classic: in a VPC there are none, and Redshift refuses the listing.
        none=("InvalidParameterValue",),
    ),
)

READERS = tuple(described(row) for row in ROWS)
