"""Redshift, OpenSearch and Elasticsearch domains, Kinesis, MSK, DMS.

Shapes: https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from watchkeeper.inventory.core import Context, Raw, Reader, bean_spelling, plain
from watchkeeper.inventory.described import Ask, Edge, Row, described

_DOMAINS_AT_ONCE = 5
"""``DomainNames`` of DescribeDomains
(https://docs.aws.amazon.com/opensearch-service/latest/APIReference/API_DescribeDomains.html)."""
_GONE = ("ResourceNotFoundException",)


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


def _domain(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
    """Config's domain of OpenSearch: the properties of CloudFormation, the access policy as an object."""
    renamed = {"DomainId": "Id", "ARN": "Arn"}
    held = {renamed.get(key, key): value for key, value in raw.items()}
    policy = raw.get("AccessPolicies")
    spelled: Mapping[str, Any] = plain({**held, "AccessPolicies": json.loads(policy) if policy else None})
    return spelled


def _domains(ctx: Context, service: str, engine: str, keys: Sequence[str] | None) -> Iterator[Raw]:
    """The domains of an engine: one call for the names, one for every five of them."""
    operation = {"opensearch": "describe_domains", "es": "describe_elasticsearch_domains"}[service]
    names = [found["DomainName"] for found in ctx.ask(service, "list_domain_names", EngineType=engine)["DomainNames"]]
    if keys is not None:
        names = [name for name in names if name in set(keys)]
    for start in range(0, len(names), _DOMAINS_AT_ONCE):
        chunk = names[start : start + _DOMAINS_AT_ONCE]
        yield from ctx.ask(service, operation, DomainNames=chunk).get("DomainStatusList") or ()


def _stream(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
    encryption = {"EncryptionType": raw.get("EncryptionType"), "KeyId": raw.get("KeyId")}
    return {
        "Name": raw["StreamName"],
        "Arn": raw["StreamARN"],
        "RetentionPeriodHours": raw.get("RetentionPeriodHours"),
        "ShardCount": raw.get("OpenShardCount"),
        "StreamModeDetails": plain(raw.get("StreamModeDetails") or {}),
        **({"StreamEncryption": encryption} if raw.get("EncryptionType") == "KMS" else {}),
    }


def _broker_cluster(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
    held: Mapping[str, Any] = plain(
        {"Arn": raw["ClusterArn"], "ClusterName": raw["ClusterName"], **(raw.get("Provisioned") or {})}
    )
    return held


def _replication_instance(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
    kept = (
        *("AllocatedStorage", "AutoMinorVersionUpgrade", "AvailabilityZone", "EngineVersion", "KmsKeyId", "MultiAZ"),
        *("PreferredMaintenanceWindow", "PubliclyAccessible", "ReplicationInstanceClass"),
        *("ReplicationInstanceIdentifier", "ReplicationInstancePrivateIpAddresses"),
        "ReplicationInstancePublicIpAddresses",
    )
    return {"Id": raw["ReplicationInstanceArn"], **{key: plain(raw[key]) for key in kept if key in raw}}


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
    Row(
        *("AWS::Kinesis::Stream", "kinesis", "list_streams", "StreamNames"),
        id="StreamName",
        arn="StreamARN",
        name="StreamName",
        detail=Ask(*("describe_stream_summary", "StreamName"), result="StreamDescriptionSummary", absent=_GONE),
        shape=_stream,
        tags=Ask("list_tags_for_resource", "ResourceARN", result="Tags", absent=_GONE),
        created="StreamCreationTimestamp",
        zone="Regional",
    ),
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


def _domain_reader(resource_type: str, service: str, engine: str, row: Row) -> Reader:
    by_row = described(row)
    return Reader(
        resource_type,
        service,
        all=lambda ctx: _domains(ctx, service, engine, None),
        some=lambda ctx, keys: _domains(ctx, service, engine, keys),
        item=by_row.item,
        key=by_row.key,
        aspects=by_row.aspects,
        calls=by_row.calls,
    )


def _domain_row(resource_type: str, service: str, id_: str, **more: Any) -> Row:
    return Row(
        *(resource_type, service, "list_domain_names", "DomainNames"),
        id=id_,
        arn="ARN",
        name="DomainName",
        key="DomainName",
        tags=Ask("list_tags", "ARN", result="TagList", absent=_GONE),
        # What is being done to a domain is not its configuration.
        without=("Processing", "UpgradeProcessing", "ServiceSoftwareOptions", "DomainProcessingStatus", "Created"),
        left_out=lambda _ctx, raw: bool(raw.get("Deleted")),
        **more,
    )


_OPENSEARCH, _ELASTICSEARCH = "AWS::OpenSearch::Domain", "AWS::Elasticsearch::Domain"
_MAPS = ("advancedOptions", "logPublishingOptions", "endpoints")

READERS = (
    *(described(row) for row in ROWS),
    _domain_reader(
        *(_OPENSEARCH, "opensearch", "OpenSearch"),
        _domain_row(_OPENSEARCH, "opensearch", "DomainName", shape=_domain, zone="Regional"),
    ),
    _domain_reader(
        *(_ELASTICSEARCH, "es", "Elasticsearch"),
        _domain_row(
            *(_ELASTICSEARCH, "es", "DomainId"),
            spelling=functools.partial(bean_spelling, keep=_MAPS),
            tags_beside=True,
            zone="Multiple Availability Zones",
        ),
    ),
)
