"""EC2: instances, volumes, security groups, VPCs, subnets, network interfaces, Elastic IP addresses.

One describe call per type and page, whatever their number. Item shapes: the schema of the resource type in
https://github.com/awslabs/aws-config-resource-schema, with the relationships of
https://docs.aws.amazon.com/config/latest/developerguide/resource-config-reference.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from watchkeeper.inventory.core import Context, Raw, Reader, ReadSome, config_spelling, edges, make_item, tag_map
from watchkeeper.model import ConfigurationItem

ENI, EIP, GROUP = "AWS::EC2::NetworkInterface", "AWS::EC2::EIP", "AWS::EC2::SecurityGroup"
INSTANCE, SUBNET, VOLUME, VPC = "AWS::EC2::Instance", "AWS::EC2::Subnet", "AWS::EC2::Volume", "AWS::EC2::VPC"
_GONE = frozenset({"terminated"})


def _filtered(operation: str, result: str, filter_name: str, id_key: str) -> ReadSome:
    """Some by filter: unlike a list of ids, one that is gone doesn't fail the others."""

    def some(ctx: Context, keys: Sequence[str]) -> Iterator[Any]:
        wanted = set(keys)
        for start in range(0, len(keys), 200):
            filters = [{"Name": filter_name, "Values": list(keys[start : start + 200])}]
            yield from (raw for raw in ctx.pages("ec2", operation, result, Filters=filters) if raw[id_key] in wanted)

    return some


def _all_instances(ctx: Context) -> Iterator[Raw]:
    for reservation in ctx.pages("ec2", "describe_instances", "Reservations"):
        yield from reservation["Instances"]


def _some_instances(ctx: Context, keys: Sequence[str]) -> Iterator[Raw]:
    wanted = set(keys)
    for start in range(0, len(keys), 200):
        filters = [{"Name": "instance-id", "Values": list(keys[start : start + 200])}]
        for reservation in ctx.pages("ec2", "describe_instances", "Reservations", Filters=filters):
            yield from (raw for raw in reservation["Instances"] if raw["InstanceId"] in wanted)


def _instance(ctx: Context, raw: Raw) -> ConfigurationItem | None:
    if raw.get("State", {}).get("Name") in _GONE:
        return None
    id_ = raw["InstanceId"]
    return make_item(
        ctx,
        INSTANCE,
        id_,
        arn=ctx.arn("ec2", f"instance/{id_}"),
        configuration=config_spelling(raw) | {"tags": config_spelling(raw.get("Tags") or [])},
        relationships=(
            *edges(
                "Contains NetworkInterface",
                ENI,
                (e.get("NetworkInterfaceId") for e in raw.get("NetworkInterfaces", ())),
            ),
            *edges(
                "Is associated with SecurityGroup", GROUP, (g.get("GroupId") for g in raw.get("SecurityGroups", ()))
            ),
            *edges("Is contained in Subnet", SUBNET, [raw.get("SubnetId")]),
            *edges(
                "Is attached to Volume",
                VOLUME,
                (m.get("Ebs", {}).get("VolumeId") for m in raw.get("BlockDeviceMappings", ())),
            ),
            *edges("Is contained in Vpc", VPC, [raw.get("VpcId")]),
        ),
        tags=tag_map(raw.get("Tags")),
        created=raw.get("LaunchTime"),
        zone=raw.get("Placement", {}).get("AvailabilityZone", "Not Applicable"),
    )


def _volume(ctx: Context, raw: Raw) -> ConfigurationItem:
    id_ = raw["VolumeId"]
    return make_item(
        ctx,
        VOLUME,
        id_,
        arn=ctx.arn("ec2", f"volume/{id_}"),
        configuration=config_spelling(raw) | {"tags": config_spelling(raw.get("Tags") or [])},
        relationships=edges(
            "Is attached to Instance", INSTANCE, (a.get("InstanceId") for a in raw.get("Attachments", ()))
        ),
        tags=tag_map(raw.get("Tags")),
        created=raw.get("CreateTime"),
        zone=raw.get("AvailabilityZone", "Not Applicable"),
    )


def _permission(raw: Raw) -> dict[str, Any]:
    """Config holds the IPv4 ranges twice: as objects and as plain CIDR text."""
    v4 = [config_spelling(entry) for entry in raw.get("IpRanges", ())]
    spelled: dict[str, Any] = config_spelling({k: v for k, v in raw.items() if k not in ("IpRanges", "Ipv6Ranges")})
    return spelled | {
        "ipv6Ranges": [config_spelling(entry) for entry in raw.get("Ipv6Ranges", ())],
        "ipv4Ranges": v4,
        "ipRanges": [entry["cidrIp"] for entry in v4 if "cidrIp" in entry],
    }


def _security_group(ctx: Context, raw: Raw) -> ConfigurationItem:
    id_ = raw["GroupId"]
    return make_item(
        ctx,
        GROUP,
        id_,
        arn=ctx.arn("ec2", f"security-group/{id_}"),
        name=raw.get("GroupName"),
        configuration=config_spelling(raw)
        | {
            "ipPermissions": [_permission(entry) for entry in raw.get("IpPermissions", ())],
            "ipPermissionsEgress": [_permission(entry) for entry in raw.get("IpPermissionsEgress", ())],
            "tags": config_spelling(raw.get("Tags") or []),
        },
        relationships=edges("Is contained in Vpc", VPC, [raw.get("VpcId")]),
        tags=tag_map(raw.get("Tags")),
    )


def _vpc(ctx: Context, raw: Raw) -> ConfigurationItem:
    id_ = raw["VpcId"]
    return make_item(
        ctx,
        VPC,
        id_,
        arn=ctx.arn("ec2", f"vpc/{id_}"),
        configuration=config_spelling(raw) | {"tags": config_spelling(raw.get("Tags") or [])},
        tags=tag_map(raw.get("Tags")),
        zone="Multiple Availability Zones",
    )


def _subnet(ctx: Context, raw: Raw) -> ConfigurationItem:
    id_ = raw["SubnetId"]
    return make_item(
        ctx,
        SUBNET,
        id_,
        arn=raw.get("SubnetArn") or ctx.arn("ec2", f"subnet/{id_}"),
        configuration=config_spelling(raw) | {"tags": config_spelling(raw.get("Tags") or [])},
        relationships=edges("Is contained in Vpc", VPC, [raw.get("VpcId")]),
        tags=tag_map(raw.get("Tags")),
        zone=raw.get("AvailabilityZone", "Not Applicable"),
    )


def _network_interface(ctx: Context, raw: Raw) -> ConfigurationItem:
    id_ = raw["NetworkInterfaceId"]
    return make_item(
        ctx,
        ENI,
        id_,
        arn=ctx.arn("ec2", f"network-interface/{id_}"),
        configuration=config_spelling(raw) | {"tagSet": config_spelling(raw.get("TagSet") or [])},
        relationships=(
            *edges("Is attached to Instance", INSTANCE, [(raw.get("Attachment") or {}).get("InstanceId")]),
            *edges("Is associated with SecurityGroup", GROUP, (g.get("GroupId") for g in raw.get("Groups", ()))),
            *edges("Is contained in Subnet", SUBNET, [raw.get("SubnetId")]),
            *edges("Is contained in Vpc", VPC, [raw.get("VpcId")]),
        ),
        tags=tag_map(raw.get("TagSet")),
        zone=raw.get("AvailabilityZone", "Not Applicable"),
    )


def _address(ctx: Context, raw: Raw) -> ConfigurationItem:
    id_ = raw.get("AllocationId") or raw["PublicIp"]
    return make_item(
        ctx,
        EIP,
        id_,
        arn=ctx.arn("ec2", f"eip-allocation/{id_}"),
        name=raw.get("PublicIp"),
        configuration=config_spelling(raw),
        relationships=(
            *edges("Is attached to Instance", INSTANCE, [raw.get("InstanceId")]),
            *edges("Is attached to NetworkInterface", ENI, [raw.get("NetworkInterfaceId")]),
        ),
        tags=tag_map(raw.get("Tags")),
    )


def _bulk(resource_type: str, operation: str, result: str, filter_name: str, id_key: str, item: Any) -> Reader:
    return Reader(
        resource_type,
        "ec2",
        all=lambda ctx: ctx.pages("ec2", operation, result),
        some=_filtered(operation, result, filter_name, id_key),
        item=item,
    )


READERS = (
    Reader(INSTANCE, "ec2", all=_all_instances, some=_some_instances, item=_instance),
    _bulk(VOLUME, "describe_volumes", "Volumes", "volume-id", "VolumeId", _volume),
    _bulk(GROUP, "describe_security_groups", "SecurityGroups", "group-id", "GroupId", _security_group),
    _bulk(VPC, "describe_vpcs", "Vpcs", "vpc-id", "VpcId", _vpc),
    _bulk(SUBNET, "describe_subnets", "Subnets", "subnet-id", "SubnetId", _subnet),
    _bulk(
        ENI,
        "describe_network_interfaces",
        "NetworkInterfaces",
        "network-interface-id",
        "NetworkInterfaceId",
        _network_interface,
    ),
    _bulk(EIP, "describe_addresses", "Addresses", "allocation-id", "AllocationId", _address),
)
