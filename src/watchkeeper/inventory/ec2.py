"""Amazon EC2: instances, volumes, networks, gateways, templates.

One describe call per type and page, whatever their number; most types are rows. Item shapes: the schema of the
resource type in https://github.com/awslabs/aws-config-resource-schema, with the relationships of
https://docs.aws.amazon.com/config/latest/developerguide/resource-config-reference.html. Types that Config takes from
CloudFormation's registry have the properties of
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_EC2.html.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from watchkeeper.inventory.core import (
    Context,
    Raw,
    Reader,
    ReadSome,
    Unreadable,
    any_tags,
    config_spelling,
    edges,
    make_item,
    plain,
    tag_map,
)
from watchkeeper.inventory.described import Ask, Edge, Row, described
from watchkeeper.model import ConfigurationItem

ENI = "AWS::EC2::NetworkInterface"
EIP = "AWS::EC2::EIP"
GROUP = "AWS::EC2::SecurityGroup"
INSTANCE = "AWS::EC2::Instance"
SUBNET = "AWS::EC2::Subnet"
VOLUME = "AWS::EC2::Volume"
VPC = "AWS::EC2::VPC"
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


ANYWHERE = "Multiple Availability Zones"
TEMPLATE = "AWS::EC2::LaunchTemplate"
_VPC = "AWS::EC2::VPC"
Shape = Callable[[Context, Raw], Mapping[str, Any]]


def properties(*names: str) -> Shape:
    """A shape of these properties, with the tags; ``Id=CapacityReservationId`` where the description names it so."""
    pairs = [(name.partition("=")[0], name.partition("=")[2] or name) for name in names]

    def shape(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
        found = {name: plain(raw[key]) for name, key in pairs if raw.get(key) is not None}
        return found | {"Tags": [{"Key": key, "Value": value} for key, value in any_tags(raw.get("Tags")).items()]}

    return shape


def _gone(_ctx: Context, raw: Raw) -> bool:
    """EC2 goes on describing what was deleted for a while."""
    state = raw.get("State") or (raw.get("Status") or {}).get("Code") or raw.get("FleetState") or ""
    return str(state).startswith(("deleted", "delete-complete", "cancelled", "expired", "failed"))


def _of_others(ctx: Context, raw: Raw) -> bool:
    """What AWS or another account shares with this one is recorded there."""
    return bool(ctx.account) and raw.get("OwnerId", ctx.account) != ctx.account


def _gone_or_of_others(ctx: Context, raw: Raw) -> bool:
    return _gone(ctx, raw) or _of_others(ctx, raw)


def _transit_gateway(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
    held = {"Id": raw["TransitGatewayId"], "Description": raw.get("Description"), **raw.get("Options", {})}
    spelled: Mapping[str, Any] = plain({**held, "Tags": raw.get("Tags") or []})
    return spelled


_DHCP_LISTS = {
    "domain-name-servers": "DomainNameServers",
    "ntp-servers": "NtpServers",
    "netbios-name-servers": "NetbiosNameServers",
}

_DHCP_VALUES = {"domain-name": "DomainName", "netbios-node-type": "NetbiosNodeType"}


def _dhcp_options(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
    held: dict[str, Any] = {"DhcpOptionsId": raw["DhcpOptionsId"], "Tags": plain(raw.get("Tags") or [])}
    for option in raw.get("DhcpConfigurations", ()):
        values = [value.get("Value") for value in option.get("Values", ())]
        if option.get("Key") in _DHCP_LISTS:
            held[_DHCP_LISTS[option["Key"]]] = values
        elif option.get("Key") in _DHCP_VALUES and values:
            held[_DHCP_VALUES[option["Key"]]] = values[0]
    return held


def _client_vpn(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
    kept = (
        *("AuthenticationOptions", "ClientCidrBlock", "ClientConnectOptions", "ClientLoginBannerOptions"),
        *("ConnectionLogOptions", "Description", "DnsServers", "SecurityGroupIds", "ServerCertificateArn"),
        *("SessionTimeoutHours", "SplitTunnel", "TransportProtocol", "VpcId", "VpnPort"),
    )
    return {"Id": raw["ClientVpnEndpointId"], **{key: plain(raw[key]) for key in kept if key in raw}}


def _templates(ctx: Context, keys: Sequence[str] | None = None) -> Iterator[Raw]:
    """Every template with the data of its default version: two calls, whatever their number."""
    chosen = {} if keys is None else {"Filters": [{"Name": "launch-template-id", "Values": list(keys)}]}
    found = ctx.pages("ec2", "describe_launch_templates", "LaunchTemplates", **chosen)
    templates = {raw["LaunchTemplateId"]: raw for raw in found if keys is None or raw["LaunchTemplateId"] in keys}
    for version in _default_versions(ctx, templates) if templates else ():
        # One made between the two calls is read the next time.
        if template := templates.get(version["LaunchTemplateId"]):
            yield {**template, "LaunchTemplateData": version.get("LaunchTemplateData") or {}}


def _default_versions(ctx: Context, ids: Collection[str]) -> list[Raw]:
    """Without a template's id, ``$Default`` is the default version of each
    (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLaunchTemplateVersions.html); an endpoint that
    wants an id all the same gets a call for each."""
    operation, result = "describe_launch_template_versions", "LaunchTemplateVersions"
    try:
        return list(ctx.pages("ec2", operation, result, Versions=["$Default"]))
    except Unreadable as refusal:
        if not refusal.code.startswith("InvalidLaunchTemplateId"):
            raise
        each = (ctx.pages("ec2", operation, result, Versions=["$Default"], LaunchTemplateId=id_) for id_ in ids)
        return [version for found in each for version in found]


def _template(ctx: Context, raw: Raw) -> ConfigurationItem:
    id_ = raw["LaunchTemplateId"]
    return make_item(
        ctx,
        TEMPLATE,
        id_,
        name=raw["LaunchTemplateName"],
        arn=ctx.arn("ec2", f"launch-template/{id_}"),
        configuration={
            "Id": id_,
            "LaunchTemplateName": raw["LaunchTemplateName"],
            "LaunchTemplateData": plain(raw["LaunchTemplateData"]),
            "DefaultVersionNumber": str(raw.get("DefaultVersionNumber", "")),
            "LatestVersionNumber": str(raw.get("LatestVersionNumber", "")),
        },
        tags=any_tags(raw.get("Tags")),
        created=raw.get("CreateTime"),
        zone="Regional",
    )


def _ec2(resource_type: str, operation: str, result: str, id_: str, kind: str, filter_: str = "", **more: Any) -> Row:
    """A row of EC2: ``kind`` is the resource's part of the ARN; the filter is named as the id unless it is given."""
    return Row(
        f"AWS::EC2::{resource_type}",
        "ec2",
        operation,
        result,
        id=id_,
        arn=f"ec2:{kind}/{{{id_}}}",
        filter=filter_ if filter_ or "narrow" in more else f"{kind}-id",
        **more,
    )


ROWS = (
    _ec2(
        *("NetworkAcl", "describe_network_acls", "NetworkAcls", "NetworkAclId", "network-acl"),
        edges=(
            Edge("Is attached to Subnet", "AWS::EC2::Subnet", "Associations.SubnetId"),
            Edge("Is contained in Vpc", _VPC, "VpcId"),
        ),
        zone=ANYWHERE,
    ),
    _ec2(
        *("RouteTable", "describe_route_tables", "RouteTables", "RouteTableId", "route-table"),
        edges=(
            Edge("Contains Subnet", "AWS::EC2::Subnet", "Associations.SubnetId"),
            Edge("Is contained in Vpc", _VPC, "VpcId"),
        ),
    ),
    _ec2(
        *("InternetGateway", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
        "internet-gateway",
        edges=(Edge("Is attached to Vpc", _VPC, "Attachments.VpcId"),),
        zone=ANYWHERE,
    ),
    _ec2(
        *("VPNConnection", "describe_vpn_connections", "VpnConnections", "VpnConnectionId", "vpn-connection"),
        edges=(
            Edge("Is attached to CustomerGateway", "AWS::EC2::CustomerGateway", "CustomerGatewayId"),
            Edge("Is attached to VpnGateway", "AWS::EC2::VPNGateway", "VpnGatewayId"),
        ),
        # The customer gateway's configuration holds the pre-shared keys, and so do the tunnels' options.
        without=("CustomerGatewayConfiguration", "Options", "VgwTelemetry"),
        left_out=_gone,
        zone="Regional",
    ),
    _ec2(
        *("VPNGateway", "describe_vpn_gateways", "VpnGateways", "VpnGatewayId", "vpn-gateway"),
        edges=(Edge("Is attached to Vpc", _VPC, "VpcAttachments.VpcId"),),
        left_out=_gone,
        zone="Regional",
    ),
    _ec2(
        *("CustomerGateway", "describe_customer_gateways", "CustomerGateways", "CustomerGatewayId"),
        "customer-gateway",
        left_out=_gone,
    ),
    _ec2(
        *("FlowLog", "describe_flow_logs", "FlowLogs", "FlowLogId", "vpc-flow-log"),
        narrow=Ask(
            *("describe_flow_logs", "FlowLogIds"), result="FlowLogs", many=True, absent=("InvalidFlowLogId.NotFound",)
        ),
        created="CreationTime",
    ),
    _ec2(
        *("ClientVpnEndpoint", "describe_client_vpn_endpoints", "ClientVpnEndpoints", "ClientVpnEndpointId"),
        *("client-vpn-endpoint", "endpoint-id"),
        shape=_client_vpn,
        left_out=_gone,
    ),
    _ec2(
        *("TransitGateway", "describe_transit_gateways", "TransitGateways", "TransitGatewayId", "transit-gateway"),
        shape=_transit_gateway,
        left_out=_gone_or_of_others,
    ),
    _ec2(
        *("TransitGatewayMulticastDomain", "describe_transit_gateway_multicast_domains"),
        *("TransitGatewayMulticastDomains", "TransitGatewayMulticastDomainId", "transit-gateway-multicast-domain"),
        shape=properties(
            *("TransitGatewayMulticastDomainId", "TransitGatewayMulticastDomainArn", "TransitGatewayId"),
            *("State", "CreationTime", "Options"),
        ),
        left_out=_gone_or_of_others,
    ),
    _ec2(
        *("CapacityReservation", "describe_capacity_reservations", "CapacityReservations", "CapacityReservationId"),
        "capacity-reservation",
        narrow=Ask(
            *("describe_capacity_reservations", "CapacityReservationIds"),
            result="CapacityReservations",
            many=True,
            absent=("InvalidCapacityReservationId.NotFound",),
        ),
        shape=properties(
            *("Id=CapacityReservationId", "InstanceType", "InstancePlatform", "InstanceMatchCriteria", "Tenancy"),
            *("InstanceCount=TotalInstanceCount", "TotalInstanceCount", "AvailableInstanceCount", "AvailabilityZone"),
            *("EbsOptimized", "EphemeralStorage", "EndDateType", "EndDate", "PlacementGroupArn"),
            "OutPostArn=OutpostArn",
        ),
        left_out=_gone_or_of_others,
        zone_by="AvailabilityZone",
    ),
    _ec2(
        *("CarrierGateway", "describe_carrier_gateways", "CarrierGateways", "CarrierGatewayId", "carrier-gateway"),
        shape=properties("CarrierGatewayId", "VpcId", "State", "OwnerId"),
        left_out=_gone,
    ),
    _ec2(
        *("DHCPOptions", "describe_dhcp_options", "DhcpOptions", "DhcpOptionsId", "dhcp-options"),
        shape=_dhcp_options,
        left_out=_of_others,
    ),
    _ec2(
        *("EC2Fleet", "describe_fleets", "Fleets", "FleetId", "fleet"),
        narrow=Ask(*("describe_fleets", "FleetIds"), result="Fleets", many=True, absent=("InvalidFleetId.NotFound",)),
        shape=properties(
            *("FleetId", "Type", "ExcessCapacityTerminationPolicy", "ReplaceUnhealthyInstances", "ValidFrom"),
            *("ValidUntil", "TerminateInstancesWithExpiration", "TargetCapacitySpecification", "Context"),
        ),
        left_out=_gone,
    ),
    _ec2(
        *("IPAMScope", "describe_ipam_scopes", "IpamScopes", "IpamScopeId", "ipam-scope"),
        narrow=Ask(
            *("describe_ipam_scopes", "IpamScopeIds"),
            result="IpamScopes",
            many=True,
            absent=("InvalidIpamScopeId.NotFound",),
        ),
        shape=properties(
            *("IpamScopeId", "Arn=IpamScopeArn", "IpamArn", "IpamScopeType", "IsDefault", "Description", "PoolCount")
        ),
        left_out=_gone_or_of_others,
    ),
    *(
        _ec2(
            *(kind, f"describe_{call}", results, id_, arn),
            narrow=Ask(f"describe_{call}", argument, result=results, many=True, absent=(missing,)),
            shape=properties(id_, f"{id_.removesuffix('Id')}Arn", *held),
        )
        for kind, call, results, id_, argument, arn, missing, held in (
            (
                *("NetworkInsightsPath", "network_insights_paths", "NetworkInsightsPaths", "NetworkInsightsPathId"),
                *("NetworkInsightsPathIds", "network-insights-path", "InvalidNetworkInsightsPathId.NotFound"),
                ("Source", "Destination", "SourceIp", "DestinationIp", "Protocol", "DestinationPort", "CreatedDate"),
            ),
            (
                *("NetworkInsightsAnalysis", "network_insights_analyses", "NetworkInsightsAnalyses"),
                *("NetworkInsightsAnalysisId", "NetworkInsightsAnalysisIds", "network-insights-analysis"),
                "InvalidNetworkInsightsAnalysisId.NotFound",
                ("NetworkInsightsPathId", "FilterInArns", "StartDate", "Status", "StatusMessage", "NetworkPathFound"),
            ),
            (
                *("NetworkInsightsAccessScope", "network_insights_access_scopes", "NetworkInsightsAccessScopes"),
                *("NetworkInsightsAccessScopeId", "NetworkInsightsAccessScopeIds", "network-insights-access-scope"),
                "InvalidNetworkInsightsAccessScopeId.NotFound",
                ("CreatedDate", "UpdatedDate"),
            ),
            (
                *("NetworkInsightsAccessScopeAnalysis", "network_insights_access_scope_analyses"),
                *("NetworkInsightsAccessScopeAnalyses", "NetworkInsightsAccessScopeAnalysisId"),
                *("NetworkInsightsAccessScopeAnalysisIds", "network-insights-access-scope-analysis"),
                "InvalidNetworkInsightsAccessScopeAnalysisId.NotFound",
                ("NetworkInsightsAccessScopeId", "Status", "StatusMessage", "StartDate", "EndDate", "FindingsFound"),
            ),
        )
    ),
    _ec2(
        *("PrefixList", "describe_managed_prefix_lists", "PrefixLists", "PrefixListId", "prefix-list"),
        name="PrefixListName",
        shape=properties(
            *("PrefixListId", "Arn=PrefixListArn", "PrefixListName", "AddressFamily", "MaxEntries", "Version"),
            "OwnerId",
        ),
        left_out=_of_others,
    ),
    _ec2(
        *("TrafficMirrorFilter", "describe_traffic_mirror_filters", "TrafficMirrorFilters", "TrafficMirrorFilterId"),
        "traffic-mirror-filter",
        shape=properties("Id=TrafficMirrorFilterId", "Description", "NetworkServices"),
    ),
    _ec2(
        *("TrafficMirrorSession", "describe_traffic_mirror_sessions", "TrafficMirrorSessions"),
        *("TrafficMirrorSessionId", "traffic-mirror-session"),
        shape=properties(
            *("Id=TrafficMirrorSessionId", "TrafficMirrorTargetId", "TrafficMirrorFilterId", "NetworkInterfaceId"),
            *("OwnerId", "PacketLength", "SessionNumber", "VirtualNetworkId", "Description"),
        ),
    ),
    _ec2(
        *("TrafficMirrorTarget", "describe_traffic_mirror_targets", "TrafficMirrorTargets", "TrafficMirrorTargetId"),
        "traffic-mirror-target",
        shape=properties(
            *("Id=TrafficMirrorTargetId", "NetworkInterfaceId", "NetworkLoadBalancerArn", "Type", "Description"),
            *("OwnerId", "GatewayLoadBalancerEndpointId"),
        ),
        left_out=_of_others,
    ),
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
    Reader(TEMPLATE, "ec2", all=_templates, some=_templates, item=_template),
    *(described(row) for row in ROWS),
)
