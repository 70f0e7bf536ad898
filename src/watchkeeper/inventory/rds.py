"""RDS: database instances, clusters, snapshots.

Instances and clusters take one describe call per page; what a snapshot is shared with takes one more per snapshot.
Config knows an instance by its ``DbiResourceId`` and the API by its identifier, which is the item's resource name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watchkeeper.inventory.core import (
    Context,
    Raw,
    Reader,
    bean_spelling,
    config_spelling,
    edges,
    edges_by_name,
    listed,
    make_item,
    one_by_one,
    plain,
    tag_map,
)
from watchkeeper.inventory.described import Ask, Edge, Row, described
from watchkeeper.model import ConfigurationItem

CLUSTER = "AWS::RDS::DBCluster"
INSTANCE = "AWS::RDS::DBInstance"
SNAPSHOT = "AWS::RDS::DBSnapshot"
_SECURITY_GROUP = "AWS::EC2::SecurityGroup"
_SUBNET_GROUP = "AWS::RDS::DBSubnetGroup"
_KEY = "AWS::KMS::Key"


def _name(item: ConfigurationItem) -> str:
    return item.resource_name or item.resource_id


def _instance(ctx: Context, raw: Raw) -> ConfigurationItem:
    name = raw["DBInstanceIdentifier"]
    tags = raw.get("TagList") or []
    several = bool(raw.get("MultiAZ"))
    return make_item(
        ctx,
        INSTANCE,
        raw.get("DbiResourceId") or name,
        name=name,
        arn=raw.get("DBInstanceArn") or ctx.arn("rds", f"db:{name}"),
        configuration=config_spelling(raw),
        supplementary={"Tags": config_spelling(tags)},
        relationships=(
            *edges(
                "Is associated with DBSubnetGroup",
                _SUBNET_GROUP,
                [(raw.get("DBSubnetGroup") or {}).get("DBSubnetGroupName")],
            ),
            *edges(
                "Is associated with SecurityGroup",
                _SECURITY_GROUP,
                (group.get("VpcSecurityGroupId") for group in raw.get("VpcSecurityGroups", ())),
            ),
            *edges_by_name("Is contained in DBCluster", CLUSTER, [raw.get("DBClusterIdentifier")]),
        ),
        tags=tag_map(tags),
        created=raw.get("InstanceCreateTime"),
        zone="Multiple Availability Zones" if several else raw.get("AvailabilityZone") or "Not Applicable",
    )


def _cluster(ctx: Context, raw: Raw) -> ConfigurationItem:
    name = raw["DBClusterIdentifier"]
    tags = raw.get("TagList") or []
    return make_item(
        ctx,
        CLUSTER,
        raw.get("DbClusterResourceId") or name,
        name=name,
        arn=raw.get("DBClusterArn") or ctx.arn("rds", f"cluster:{name}"),
        configuration=bean_spelling(raw),
        supplementary={"Tags": config_spelling(tags)},
        relationships=(
            *edges_by_name("Is associated with ", _SUBNET_GROUP, [raw.get("DBSubnetGroup")]),
            *edges(
                "Is associated with ",
                _SECURITY_GROUP,
                (group.get("VpcSecurityGroupId") for group in raw.get("VpcSecurityGroups", ())),
            ),
            *edges_by_name(
                "Contains ",
                INSTANCE,
                (member.get("DBInstanceIdentifier") for member in raw.get("DBClusterMembers", ())),
            ),
        ),
        tags=tag_map(tags),
        created=raw.get("ClusterCreateTime"),
        zone="Multiple Availability Zones",
    )


def _snapshot(ctx: Context, raw: Raw) -> ConfigurationItem:
    name = raw["DBSnapshotIdentifier"]
    tags = raw.get("TagList") or []
    supplementary: dict[str, Any] = {"Tags": config_spelling(tags)}
    if ctx.wants(SNAPSHOT, "DBSnapshotAttributes"):
        answer = ctx.ask("rds", "describe_db_snapshot_attributes", DBSnapshotIdentifier=name)
        attributes = answer.get("DBSnapshotAttributesResult", {}).get("DBSnapshotAttributes", [])
        supplementary["DBSnapshotAttributes"] = config_spelling(attributes)
    return make_item(
        ctx,
        SNAPSHOT,
        name,
        name=name,
        arn=raw.get("DBSnapshotArn") or ctx.arn("rds", f"snapshot:{name}"),
        configuration=config_spelling(raw),
        supplementary=supplementary,
        relationships=edges("Is associated with Vpc", "AWS::EC2::VPC", [raw.get("VpcId")]),
        tags=tag_map(tags),
        created=raw.get("SnapshotCreateTime"),
        zone=raw.get("AvailabilityZone") or "Not Applicable",
    )


def _resource_tags(*absent: str) -> Ask:
    return Ask("list_tags_for_resource", "ResourceName", result="TagList", absent=absent)


def _global_cluster(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
    kept = ("GlobalClusterIdentifier", "Engine", "EngineVersion", "StorageEncrypted", "DeletionProtection")
    return {key: raw[key] for key in kept if key in raw} | {"Tags": plain(raw.get("TagList") or [])}


ROWS = (
    Row(
        *("AWS::RDS::DBClusterSnapshot", "rds", "describe_db_cluster_snapshots", "DBClusterSnapshots"),
        id="DBClusterSnapshotIdentifier",
        arn="DBClusterSnapshotArn",
        name="DBClusterSnapshotIdentifier",
        narrow=Ask(
            *("describe_db_cluster_snapshots", "DBClusterSnapshotIdentifier"),
            result="DBClusterSnapshots",
            absent=("DBClusterSnapshotNotFoundFault",),
        ),
        spelling=bean_spelling,
        tags="TagList",
        tags_beside=True,
        parts={
            "DBClusterSnapshotAttributes": Ask(
                *("describe_db_cluster_snapshot_attributes", "DBClusterSnapshotIdentifier"),
                "DBClusterSnapshotIdentifier",
                result="DBClusterSnapshotAttributesResult.DBClusterSnapshotAttributes",
                absent=("DBClusterSnapshotNotFoundFault",),
            )
        },
        edges=(
            Edge("Is associated with ", "AWS::EC2::VPC", "VpcId"),
            Edge("Is associated with ", CLUSTER, "DBClusterIdentifier", by_name=True),
        ),
        created="SnapshotCreateTime",
        zone="Multiple Availability Zones",
    ),
    Row(
        *("AWS::RDS::GlobalCluster", "rds", "describe_global_clusters", "GlobalClusters"),
        id="GlobalClusterIdentifier",
        arn="GlobalClusterArn",
        name="GlobalClusterIdentifier",
        narrow=Ask(
            *("describe_global_clusters", "GlobalClusterIdentifier"),
            result="GlobalClusters",
            absent=("GlobalClusterNotFoundFault",),
        ),
        shape=_global_cluster,
        tags="TagList",
    ),
    Row(
        *("AWS::RDS::DBSecurityGroup", "rds", "describe_db_security_groups", "DBSecurityGroups"),
        id="DBSecurityGroupName",
        arn="rds:secgrp:{DBSecurityGroupName}",
        name="DBSecurityGroupName",
        narrow=Ask(
            *("describe_db_security_groups", "DBSecurityGroupName"),
            result="DBSecurityGroups",
            absent=("DBSecurityGroupNotFound", "DBSecurityGroupNotFoundFault"),
        ),
        tags=_resource_tags("DBSecurityGroupNotFound"),
        tags_beside=True,
    ),
    Row(
        *(_SUBNET_GROUP, "rds", "describe_db_subnet_groups", "DBSubnetGroups"),
        id="DBSubnetGroupName",
        arn="DBSubnetGroupArn",
        name="DBSubnetGroupName",
        narrow=Ask(
            *("describe_db_subnet_groups", "DBSubnetGroupName"),
            result="DBSubnetGroups",
            absent=("DBSubnetGroupNotFoundFault", "DBSubnetGroupNotFound"),
        ),
        tags=_resource_tags("DBSubnetGroupNotFoundFault"),
        tags_beside=True,
        edges=(
            Edge("Is associated with Subnet", "AWS::EC2::Subnet", "Subnets.SubnetIdentifier"),
            Edge("Is contained in Vpc", "AWS::EC2::VPC", "VpcId"),
        ),
        zone="Multiple Availability Zones",
    ),
    Row(
        *("AWS::RDS::EventSubscription", "rds", "describe_event_subscriptions", "EventSubscriptionsList"),
        id="CustSubscriptionId",
        arn="EventSubscriptionArn",
        name="CustSubscriptionId",
        narrow=Ask(
            *("describe_event_subscriptions", "SubscriptionName"),
            result="EventSubscriptionsList",
            absent=("SubscriptionNotFound", "SubscriptionNotFoundFault"),
        ),
        tags=_resource_tags("SubscriptionNotFound"),
        tags_beside=True,
    ),
)

READERS = (
    Reader(
        INSTANCE,
        "rds",
        all=listed("rds", "describe_db_instances", "DBInstances"),
        some=one_by_one(
            "rds",
            "describe_db_instances",
            "DBInstances",
            "DBInstanceIdentifier",
            ("DBInstanceNotFound", "DBInstanceNotFoundFault"),
        ),
        item=_instance,
        key=_name,
    ),
    Reader(
        CLUSTER,
        "rds",
        all=listed("rds", "describe_db_clusters", "DBClusters"),
        some=one_by_one(
            "rds", "describe_db_clusters", "DBClusters", "DBClusterIdentifier", ("DBClusterNotFoundFault",)
        ),
        item=_cluster,
        key=_name,
    ),
    Reader(
        SNAPSHOT,
        "rds",
        all=listed("rds", "describe_db_snapshots", "DBSnapshots"),
        some=one_by_one(
            "rds",
            "describe_db_snapshots",
            "DBSnapshots",
            "DBSnapshotIdentifier",
            ("DBSnapshotNotFound", "DBSnapshotNotFoundFault"),
        ),
        item=_snapshot,
        aspects=frozenset({"DBSnapshotAttributes"}),
        calls=True,
    ),
    *(described(row) for row in ROWS),
)
