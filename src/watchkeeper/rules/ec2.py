"""Amazon EC2 and VPC: instances, volumes, addresses, security groups, networks.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Any

from watchkeeper.model import ConfigurationItem, Severity, Unavailable, Verdict
from watchkeeper.rules.base import (
    ACCOUNT,
    COMPLIANT,
    FlagRule,
    Index,
    Lookup,
    Parameters,
    array,
    aspect,
    attempt,
    days_between,
    dig,
    flag,
    listed,
    moment,
    named,
    need,
    needed_array,
    not_applicable,
    number,
    one_of,
    pick,
    register_flags,
    rule,
    shown,
    text,
    that_fail,
    verdict,
    violation,
)
from watchkeeper.rules.kms import among_keys

INSTANCE = "AWS::EC2::Instance"
VOLUME = "AWS::EC2::Volume"
GROUP = "AWS::EC2::SecurityGroup"
INTERFACE = "AWS::EC2::NetworkInterface"
VPC = "AWS::EC2::VPC"
SUBNET = "AWS::EC2::Subnet"
FLOW_LOG = "AWS::EC2::FlowLog"
TEMPLATE = "AWS::EC2::LaunchTemplate"
MANAGED_INSTANCE = "AWS::SSM::ManagedInstanceInventory"
NOT_RUNNING = ("stopping", "stopped", "shutting-down", "terminated")
ANYWHERE = frozenset({"0.0.0.0/0", "::/0"})
ALL_PORTS = (0, 65535)
DEFAULT_BLOCKED_PORTS = (20, 21, 3389, 3306, 4333)
USERS_INTERFACES = ("lambda", "aws_codestar_connections_managed", "branch", "efa", "interface", "quicksight")
"""The types of network interfaces that EC2_ENIS_SOURCE_DESTINATION_CHECK_ENABLED judges."""

OPTIMIZABLE = re.compile(
    r"c1\.xlarge|c3\.(2|4)?xlarge|g2\.2xlarge|i2\.(2|4)?xlarge|m1\.x?large|m2\.[24]xlarge|m3\.2?xlarge|r3\.[24]?xlarge"
)
"""Types whose EBS optimization is off unless asked for (EC2 user guide, "EBS optimization")."""

NOT_OPTIMIZABLE = re.compile(
    r"t1\..*|t2\..*|m1\.(small|medium)|m2\.xlarge|m3\.(medium|large)|c1\.medium|c3\.(large|8xlarge)|cc[12]\..*|cr1\..*"
    r"|g2\.8xlarge|hi1\..*|hs1\..*|i2\.8xlarge|r3\.(large|8xlarge)"
)


register_flags(
    (
        FlagRule("EC2_TRANSIT_GATEWAY_AUTO_VPC_ATTACH_DISABLED", ("AWS::EC2::TransitGateway",),
                 "AutoAcceptSharedAttachments", False, Severity.HIGH, "Network",
                 "The transit gateway does not accept attachments by itself.",
                 "disable automatic acceptance of shared attachments"),
        FlagRule("EC2_CLIENT_VPN_CONNECTION_LOG_ENABLED", ("AWS::EC2::ClientVpnEndpoint",),
                 "ConnectionLogOptions.Enabled", True, Severity.LOW, "Logging and monitoring",
                 "The client VPN endpoint logs its connections.", "enable connection logging", False),
    )
)  # fmt: skip


def _state(item: ConfigurationItem) -> str:
    """Raises Unavailable where the item does not say it: an instance of which that is not known may run or not."""
    return text(need(item.configuration, "state"), "name")


def _idle(item: ConfigurationItem) -> Verdict | None:
    """NOT_APPLICABLE where the rule's page speaks of running instances and this one does not run."""
    state = _state(item)
    return not_applicable(f"The instance is {state}.") if state in NOT_RUNNING else None


@rule("DESIRED_INSTANCE_TYPE", types=(INSTANCE,), severity=Severity.LOW, category="Cost")
def desired_instance_type(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The instance has one of the types in instanceType."""
    actual = text(item.configuration, "instanceType")
    allowed = parameters["instanceType"]
    if actual in allowed:
        return COMPLIANT
    return violation(f"The instance type is {shown(actual)}; change it to one of {listed(allowed)}.")


@rule("DESIRED_INSTANCE_TENANCY", types=(INSTANCE,), severity=Severity.LOW, category="Configuration")
def desired_tenancy(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The instance has the given tenancy; only those of imageId, and on the hosts of hostId, where they are given."""
    images, hosts = parameters.get("imageId", ()), parameters.get("hostId", ())
    if images and item.configuration.get("imageId") not in images:
        return not_applicable("The instance's AMI is not among imageId.")
    placement = need(item.configuration, "placement")
    tenancy, host = text(placement, "tenancy"), dig(placement, "hostId")
    if tenancy.lower() != parameters["tenancy"].lower():
        return violation(f"The tenancy is {shown(tenancy)}; launch it with {shown(parameters['tenancy'])}.")
    return verdict(not hosts or host in hosts, f"It runs on host {shown(host)}; move it to one of {listed(hosts)}.")


@rule("APPROVED_AMIS_BY_ID", types=(INSTANCE,), severity=Severity.MEDIUM, category="Configuration")
def approved_amis(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The instance runs one of the AMIs in amiIds; those that don't run are not applicable."""
    image = text(item.configuration, "imageId")
    return _idle(item) or verdict(
        image in parameters["amiIds"], f"The AMI is {shown(image)}; launch from an approved one."
    )


@rule("INSTANCES_IN_VPC", types=(INSTANCE,), severity=Severity.MEDIUM, category="Network")
def instances_in_vpc(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The instance is in a VPC, in vpcId where one is given."""
    need(item.configuration, "instanceId", "instanceType")
    vpc, wanted = item.configuration.get("vpcId"), parameters.get("vpcId")
    if not vpc:
        return violation("The instance is in no VPC; launch it in one.")
    return verdict(not wanted or vpc == wanted, f"The instance is in {shown(vpc)}; launch it in {shown(wanted)}.")


@rule("EC2_INSTANCE_NO_PUBLIC_IP", types=(INSTANCE,), severity=Severity.HIGH, category="Public access")
def no_public_ip(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The instance has no public IPv4 address."""
    if not item.configuration.get("publicIpAddress"):
        need(item.configuration, "networkInterfaces")
    public = next(filter(None, _public_addresses(item)), None)
    return verdict(public is None, f"It has the public address {public}; use a private subnet or a load balancer.")


def _public_addresses(item: ConfigurationItem) -> Iterator[Any]:
    """Of the instance, of each interface, and of each interface's secondary private addresses."""
    yield item.configuration.get("publicIpAddress")
    for interface in array(item.configuration, "networkInterfaces"):
        yield dig(interface, "association", "publicIp")
        for address in array(interface, "privateIpAddresses"):
            yield dig(address, "association", "publicIp")


@rule("EC2_IMDSV2_CHECK", types=(INSTANCE,), severity=Severity.HIGH, category="Identity")
def imdsv2(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The instance metadata service takes version 2 requests only."""
    tokens = text(need(item.configuration, "metadataOptions"), "httpTokens")
    return verdict(tokens == "required", f"httpTokens is {shown(tokens)}; set it to required (IMDSv2).")


@rule("EC2_TOKEN_HOP_LIMIT_CHECK", types=(INSTANCE,), severity=Severity.LOW, category="Identity")
def token_hop_limit(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The instance metadata service's answers travel at most tokenHopLimit hops (1)."""
    hops = int(number(need(item.configuration, "metadataOptions"), "httpPutResponseHopLimit"))
    limit = parameters.get("tokenHopLimit", 1)
    return verdict(hops <= limit, f"httpPutResponseHopLimit is {hops}; set it to {limit} or less.")


def _agent(item: ConfigurationItem) -> str:
    """What Systems Manager says of the agent: Active, ConnectionLost, Stopped or Terminated. In its API it is Online
    instead (PingStatus of DescribeInstanceInformation), and Inactive where it does not answer for whatever reason."""
    beside = aspect(item, "instanceStatus") or pick(item.configuration, "pingStatus")
    if beside == "Inactive":
        raise Unavailable("Systems Manager's agent does not answer, and whether it is stopped is not known")
    if isinstance(beside, str):
        return beside
    content = dig(item.configuration, "AWS:InstanceInformation", "Content")
    held = next(iter(content.values()), None) if isinstance(content, dict) else None
    return text(held, "InstanceStatus")


MANAGED = Index(MANAGED_INSTANCE, lambda item: ((name, attempt(_agent, item)) for name in named(item)),
                aspects=("instanceStatus",))  # fmt: skip
"""Managed instance to the status of its agent."""
WITHOUT_AGENT = ("stopped", "terminated")


@rule("EC2_INSTANCE_MANAGED_BY_SSM", types=(INSTANCE,), severity=Severity.MEDIUM, category="Configuration",
      indexes=(MANAGED,))  # fmt: skip
def managed_by_ssm(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Systems Manager manages the running instance, and its agent is not stopped or terminated; a lost connection does
    not count."""
    statuses = lookup.find(MANAGED, item.resource_id)
    if statuses and not any(status.lower() in WITHOUT_AGENT for status in statuses):
        return COMPLIANT
    if idle := _idle(item):
        return idle
    if not statuses:
        return violation("Systems Manager does not know the instance; give it the agent and an instance profile.")
    return violation("The Systems Manager agent is stopped; start it.")


@rule("EC2_INSTANCE_DETAILED_MONITORING_ENABLED", types=(INSTANCE,), severity=Severity.LOW,
      category="Logging and monitoring")  # fmt: skip
def detailed_monitoring(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Detailed monitoring is on."""
    state = text(need(item.configuration, "monitoring"), "state")
    return verdict(state == "enabled", f"Monitoring is {shown(state)}; enable detailed monitoring.")


@rule("EC2_INSTANCE_PROFILE_ATTACHED", types=(INSTANCE,), severity=Severity.MEDIUM, category="Identity")
def instance_profile(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The instance has an instance profile, one of IamInstanceProfileArnList where it is given."""
    need(item.configuration, "instanceId", "instanceType")
    arn, allowed = (
        dig(item.configuration, "iamInstanceProfile", "arn"),
        parameters.get("IamInstanceProfileArnList", ()),
    )
    if not arn:
        return violation("No instance profile; attach an IAM role to the instance.")
    return verdict(not allowed or arn in allowed, f"The instance profile is {shown(arn, 120)}; attach an allowed one.")


@rule("EC2_INSTANCE_MULTIPLE_ENI_CHECK", types=(INSTANCE,), severity=Severity.LOW, category="Network")
def multiple_interfaces(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The instance has one network interface, those in NetworkInterfaceIds aside."""
    allowed = parameters.get("NetworkInterfaceIds", ())
    found = [dig(entry, "networkInterfaceId") for entry in needed_array(item.configuration, "networkInterfaces")]
    others = [entry for entry in found if entry not in allowed]
    return verdict(len(others) <= 1, f"It has {len(found)} network interfaces: {listed(found, 3)}; detach all but one.")


@rule("EC2_ENIS_SOURCE_DESTINATION_CHECK_ENABLED", types=(INTERFACE,), severity=Severity.MEDIUM, category="Network")
def source_destination_check(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The network interface checks source and destination; one that AWS manages for a service (NAT gateway, load
    balancer) is not applicable."""
    kind = text(item.configuration, "interfaceType")
    if kind not in USERS_INTERFACES:
        return not_applicable(f"AWS manages network interfaces of the type {shown(kind)}.")
    on = flag(item.configuration, "sourceDestCheck")
    return verdict(on, "The source/destination check is off; turn it on.")


@rule("EC2_NO_AMAZON_KEY_PAIR", types=(INSTANCE,), severity=Severity.LOW, category="Identity")
def no_key_pair(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The instance was launched without a key pair; those that don't run are not applicable."""
    need(item.configuration, "instanceId", "instanceType")
    key = item.configuration.get("keyName")
    return _idle(item) or verdict(
        not key, f"Launched with key pair {shown(key)}; use Session Manager and launch without one."
    )


@rule("EC2_PARAVIRTUAL_INSTANCE_CHECK", types=(INSTANCE,), severity=Severity.MEDIUM, category="Configuration")
def not_paravirtual(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The instance is not paravirtual."""
    kind = one_of(item.configuration, "virtualizationType", "hvm", "paravirtual")
    return verdict(kind == "hvm", "The virtualization type is paravirtual; launch from an HVM AMI.")


@rule("EBS_OPTIMIZED_INSTANCE", types=(INSTANCE,), severity=Severity.LOW, category="Configuration")
def ebs_optimized(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """An instance that can be EBS-optimized is."""
    kind = text(item.configuration, "instanceType")
    if pick(item.configuration, "ebsOptimized") is not None and flag(item.configuration, "ebsOptimized"):
        return COMPLIANT
    if NOT_OPTIMIZABLE.fullmatch(kind):
        return not_applicable(f"{shown(kind)} cannot be EBS-optimized.")
    if not OPTIMIZABLE.fullmatch(kind):
        return COMPLIANT
    return verdict(flag(item.configuration, "ebsOptimized"), f"{kind} is not EBS-optimized; turn EBS optimization on.")


@rule("EC2_STOPPED_INSTANCE", types=(INSTANCE,), severity=Severity.MEDIUM, category="Cost")
def stopped_instance(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The instance has not been stopped for more than AllowedDays (30), nor for a time that can't be determined."""
    if _state(item) != "stopped":
        return COMPLIANT
    reason = text(item.configuration, "stateTransitionReason", default="")
    match = re.search(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:GMT|UTC)\)", reason)
    if not match:
        return violation("Stopped, and since when can't be determined; start or terminate the instance.")
    days = days_between(moment(match[1].replace(" ", "T") + "Z"), lookup.now())
    allowed = parameters.get("AllowedDays", 30)
    return verdict(days <= allowed, f"Stopped {int(days)} days ago, {allowed} are allowed; start or terminate it.")


@rule("EC2_VOLUME_INUSE_CHECK", types=(VOLUME,), severity=Severity.LOW, category="Cost")
def volume_in_use(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The volume is attached; with deleteOnTermination=true, it is deleted with its instance."""
    attachments = needed_array(item.configuration, "attachments")
    attached = [a for a in attachments if dig(a, "state") in ("attached", "attaching")]
    if not attached:
        return violation("The volume is attached to no instance; attach it, or snapshot and delete it.")
    if not parameters.get("deleteOnTermination"):
        return COMPLIANT
    kept = that_fail(attached, lambda attachment: flag(attachment, "deleteOnTermination"))
    return verdict(not kept, "deleteOnTermination is false; set it, so that the volume goes with its instance.")


@rule("ENCRYPTED_VOLUMES", types=(VOLUME,), severity=Severity.MEDIUM, category="Encryption")
def encrypted_volumes(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """An attached volume is encrypted, with kmsId where it is given."""
    if not needed_array(item.configuration, "attachments"):
        return not_applicable("The volume is attached to no instance.")
    if not flag(item.configuration, "encrypted"):
        return violation("The volume is not encrypted; copy its snapshot with encryption and replace it.")
    wanted, key = parameters.get("kmsId"), item.configuration.get("kmsKeyId")
    fits = not wanted or among_keys(key, (wanted,))
    return verdict(fits, f"It is encrypted with {shown(key, 90)}; use {shown(wanted, 90)}.")


@rule("EC2_EBS_ENCRYPTION_BY_DEFAULT", types=(ACCOUNT,), severity=Severity.MEDIUM, category="Encryption",
      needs=("account:ec2.ebs_encryption_by_default",))  # fmt: skip
def ebs_encryption_by_default(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """New EBS volumes of the region are encrypted by default."""
    on = lookup.account_fact("ec2.ebs_encryption_by_default") is True
    return verdict(on, "EBS encryption by default is off in this region; enable it.")


@rule("EBS_SNAPSHOT_PUBLIC_RESTORABLE_CHECK", types=(ACCOUNT,), severity=Severity.CRITICAL, category="Public access",
      needs=("account:ec2.public_snapshots",))  # fmt: skip
def snapshots_not_public(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """No EBS snapshot of the account can be restored by everybody."""
    public = list(lookup.account_fact("ec2.public_snapshots"))
    return verdict(not public, f"Anyone can restore {listed(public, 4)}; make these snapshots private.")


@rule("EIP_ATTACHED", types=("AWS::EC2::EIP",), severity=Severity.LOW, category="Cost")
def eip_attached(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The Elastic IP address is attached to an instance or a network interface."""
    need(item.configuration, "publicIp", "allocationId")
    if item.configuration.get("associationId"):
        return COMPLIANT
    # The page: NON_COMPLIANT if AssociationId is null. Where the item does not name it, what it is on shows the same.
    others = ("instanceId", "networkInterfaceId")
    if "associationId" not in item.configuration and any(item.configuration.get(key) for key in others):
        return COMPLIANT
    return violation("The address is attached to nothing; attach it or release it.")


def _ranges(permission: Any) -> Iterator[str]:
    for entry in array(permission, "ipRanges"):
        yield entry if isinstance(entry, str) else str(dig(entry, "cidrIp") or "")
    for entry in array(permission, "ipv4Ranges"):
        yield str(dig(entry, "cidrIp") or "")
    for entry in array(permission, "ipv6Ranges"):
        yield entry if isinstance(entry, str) else str(dig(entry, "cidrIpv6") or "")


def _ports(permission: Any) -> tuple[int, int]:
    if str(dig(permission, "ipProtocol")) == "-1":
        return ALL_PORTS
    first = number(permission, "fromPort", default=0)
    last = number(permission, "toPort", default=65535)
    return (0 if first < 0 else int(first), 65535 if last < 0 else int(last))


def _open(item: ConfigurationItem, protocols: Iterable[str]) -> Iterator[tuple[Any, tuple[int, int]]]:
    """The inbound permissions open to everybody, of those protocols or of all, with their ports."""
    wanted = {"-1", *protocols}
    for permission in needed_array(item.configuration, "ipPermissions"):
        if str(dig(permission, "ipProtocol")) in wanted and ANYWHERE.intersection(_ranges(permission)):
            yield permission, _ports(permission)


TCP = ("tcp", "6")
UDP = ("udp", "17")
PROTOCOLS = {"-1": "all traffic", "6": "tcp", "17": "udp"}


@rule("INCOMING_SSH_DISABLED", types=(GROUP,), severity=Severity.HIGH, category="Public access")
def restricted_ssh(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The security group does not let everybody in on port 22."""
    return _ports_closed(item, (22,))


@rule("RESTRICTED_INCOMING_TRAFFIC", types=(GROUP,), severity=Severity.HIGH, category="Public access")
def restricted_ports(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The security group lets nobody from everywhere in on the blocked TCP ports (20, 21, 3389, 3306, 4333)."""
    given = [value for name, value in parameters.items() if name.startswith("blockedPort") and isinstance(value, int)]
    given += [int(part) for part in parameters.get("blockedPorts", ()) if part.isdigit()]
    return _ports_closed(item, tuple(given) or DEFAULT_BLOCKED_PORTS)


def _ports_closed(item: ConfigurationItem, ports: tuple[int, ...]) -> Verdict:
    for permission, (first, last) in _open(item, TCP):
        blocked = [port for port in ports if first <= port <= last]
        if blocked:
            source = next(r for r in _ranges(permission) if r in ANYWHERE)
            return violation(
                f"Port {listed(blocked)} is open to {source}; limit the rule to the addresses that need it."
            )
    return COMPLIANT


@rule("VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS", types=(GROUP,), severity=Severity.HIGH, category="Public access")
def only_authorized_ports(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """What the security group opens to everywhere is within authorizedTcpPorts and authorizedUdpPorts; a group that
    opens nothing to everywhere is not applicable."""
    allowed = {
        **dict.fromkeys(TCP, _port_ranges(parameters.get("authorizedTcpPorts", ""))),
        **dict.fromkeys(UDP, _port_ranges(parameters.get("authorizedUdpPorts", ""))),
    }
    if not any(ANYWHERE.intersection(_ranges(entry)) for entry in needed_array(item.configuration, "ipPermissions")):
        return not_applicable("The security group lets nobody in from everywhere.")
    for permission, ports in _open(item, TCP + UDP):
        protocol = str(dig(permission, "ipProtocol"))
        if not any(first <= ports[0] and ports[1] <= last for first, last in allowed.get(protocol, ())):
            name = PROTOCOLS.get(protocol, protocol)
            return violation(f"Open to everywhere: {name} {ports[0]}-{ports[1]}; limit the source addresses.")
    return COMPLIANT


def _port_ranges(given: str) -> tuple[tuple[int, int], ...]:
    pairs = (part.strip().partition("-") for part in given.split(",") if part.strip())
    try:
        return tuple((int(first), int(last or first)) for first, _, last in pairs)
    except ValueError:
        raise Unavailable(f"{shown(given)} is not a list of ports such as 443,1020-1025") from None


@rule("VPC_DEFAULT_SECURITY_GROUP_CLOSED", types=(GROUP,), severity=Severity.HIGH, category="Network")
def default_group_closed(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The default security group of a VPC lets nothing in or out; other groups are not applicable."""
    if text(item.configuration, "groupName") != "default" or not item.configuration.get("vpcId"):
        return not_applicable("The security group is not a VPC's default one.")
    inbound, outbound = (len(array(item.configuration, key)) for key in ("ipPermissions", "ipPermissionsEgress"))
    need(item.configuration, "ipPermissions", "ipPermissionsEgress")
    return verdict(not inbound + outbound, f"It has {inbound} inbound and {outbound} outbound rules; remove them all.")


ATTACHED_GROUPS = Index(
    INTERFACE, lambda item: ((dig(entry, "groupId"), True) for entry in array(item.configuration, "groups")), aspects=()
)
INSTANCES_GROUPS = Index(
    INSTANCE, lambda item: ((dig(entry, "groupId"), True) for entry in array(item.configuration, "securityGroups")),
    aspects=(),
)  # fmt: skip


@rule("EC2_SECURITY_GROUP_ATTACHED_TO_ENI", types=(GROUP,), severity=Severity.MEDIUM, category="Network",
      indexes=(ATTACHED_GROUPS, INSTANCES_GROUPS))  # fmt: skip
def group_attached(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The security group is attached to an instance or a network interface; default groups are not applicable."""
    return _group_attached(item, lookup)


@rule("EC2_SECURITY_GROUP_ATTACHED_TO_ENI_PERIODIC", types=(GROUP,), severity=Severity.MEDIUM, category="Network",
      indexes=(ATTACHED_GROUPS, INSTANCES_GROUPS))  # fmt: skip
def group_attached_periodic(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The security group is attached to an instance or a network interface; default groups and those of other accounts
    are not applicable."""
    owner = item.configuration.get("ownerId")
    if owner and item.account_id and owner != item.account_id:
        return not_applicable(f"The security group belongs to account {shown(owner)}.")
    return _group_attached(item, lookup)


def _group_attached(item: ConfigurationItem, lookup: Lookup) -> Verdict:
    if text(item.configuration, "groupName") == "default":
        return not_applicable("A VPC's default security group can't be deleted.")
    group = item.configuration.get("groupId") or item.resource_id
    if any(edge.resource_type in (INTERFACE, INSTANCE) for edge in item.relationships):
        return COMPLIANT
    used = _instance_uses(group, lookup) or bool(lookup.find(ATTACHED_GROUPS, group))
    return verdict(used, "Neither an instance nor a network interface uses the security group; delete it or attach it.")


def _instance_uses(group: str, lookup: Lookup) -> bool:
    """Whether an instance that is known has the group. Where none is, the network interfaces say it all the same."""
    try:
        return bool(lookup.find(INSTANCES_GROUPS, group))
    except Unavailable:
        return False


UNIQUE_LOCAL = ipaddress.IPv6Network("fc00::/7")
"""IPv6 addresses that the internet does not route (RFC 4193)."""


@rule("SUBNET_AUTO_ASSIGN_PUBLIC_IP_DISABLED", types=(SUBNET,), severity=Severity.MEDIUM, category="Public access")
def no_automatic_addresses(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The subnet gives new interfaces neither a public IPv4 nor a global IPv6 address."""
    if flag(item.configuration, "mapPublicIpOnLaunch"):
        return violation("New interfaces get a public IPv4 address; turn that off for the subnet.")
    if not any(map(_is_global, array(item.configuration, "ipv6CidrBlockAssociationSet"))):
        return COMPLIANT
    on = flag(item.configuration, "assignIpv6AddressOnCreation")
    return verdict(not on, "New interfaces get a global IPv6 address; turn that off for the subnet.")


def _is_global(association: Any) -> bool:
    block = text(association, "ipv6CidrBlock")
    try:
        return not ipaddress.IPv6Network(block, strict=False).subnet_of(UNIQUE_LOCAL)
    except ValueError:
        raise Unavailable(f"{shown(block)} is not a range of IPv6 addresses") from None


def _flow_log(item: ConfigurationItem) -> Iterator[tuple[Any, tuple[Any, Any]]]:
    held = item.configuration
    yield pick(held, "resourceId"), (pick(held, "trafficType"), pick(held, "flowLogStatus"))


FLOW_LOGS = Index(FLOW_LOG, _flow_log)
"""What is logged to traffic type and status."""


@rule("VPC_FLOW_LOGS_ENABLED", types=(VPC,), severity=Severity.MEDIUM, category="Logging and monitoring",
      indexes=(FLOW_LOGS,))  # fmt: skip
def flow_logs(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The VPC has an active flow log, of trafficType where one is given."""
    wanted = parameters.get("trafficType")
    logs = lookup.find(FLOW_LOGS, item.resource_id)
    statuses = [status for traffic, status in logs if not wanted or traffic == wanted]
    if "ACTIVE" in statuses:
        return COMPLIANT
    if None in statuses:
        raise Unavailable("the item of the VPC's flow log does not say flowLogStatus")
    return violation(f"The VPC has no flow log{f' of {wanted} traffic' if wanted else ''}; create one.")


@rule("NACL_NO_UNRESTRICTED_SSH_RDP", types=("AWS::EC2::NetworkAcl",), severity=Severity.MEDIUM,
      category="Public access")  # fmt: skip
def acl_no_ssh_rdp(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """No inbound entry of the network ACL allows everybody ports 22 and 3389, by TCP or UDP; entries that deny don't
    count, as on AWS's page."""
    for entry in needed_array(item.configuration, "entries"):
        if flag(entry, "egress") or text(entry, "ruleAction") != "allow":
            continue
        if not {str(dig(entry, "cidrBlock")), str(dig(entry, "ipv6CidrBlock"))} & ANYWHERE:
            continue
        ports = _acl_ports(entry)
        hit = [port for port in (22, 3389) if ports[0] <= port <= ports[1]]
        if hit:
            return violation(f"Rule {dig(entry, 'ruleNumber')} opens port {listed(hit)} to everybody; restrict it.")
    return COMPLIANT


def _acl_ports(entry: Any) -> tuple[int, int]:
    if str(dig(entry, "protocol")) not in ("-1", *TCP, *UDP):
        return (-1, -1)
    ports = dig(entry, "portRange")
    return (int(number(ports, "from")), int(number(ports, "to"))) if ports else ALL_PORTS


@rule("VPC_NETWORK_ACL_UNUSED_CHECK", types=("AWS::EC2::NetworkAcl",), severity=Severity.LOW, category="Cost")
def acl_unused(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The network ACL is associated with a subnet; a VPC's default one is not applicable."""
    if flag(item.configuration, "isDefault"):
        return not_applicable("A VPC's default network ACL can't be deleted.")
    return verdict(bool(needed_array(item.configuration, "associations")), "No subnet uses the network ACL; delete it.")


@rule("INTERNET_GATEWAY_AUTHORIZED_VPC_ONLY", types=("AWS::EC2::InternetGateway",), severity=Severity.HIGH,
      category="Network")  # fmt: skip
def gateway_authorized_vpc(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The internet gateway is attached to no VPC but those in AuthorizedVpcIds."""
    allowed = parameters.get("AuthorizedVpcIds", ())
    found = [dig(entry, "vpcId") for entry in needed_array(item.configuration, "attachments")]
    strangers = [vpc for vpc in found if vpc not in allowed]
    return verdict(not strangers, f"Attached to {listed(strangers)}, which is not authorized; detach it.")


@rule("NO_UNRESTRICTED_ROUTE_TO_IGW", types=("AWS::EC2::RouteTable",), severity=Severity.MEDIUM, category="Network")
def no_route_to_gateway(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The route table has no default route to an internet gateway, unless it is in routeTableIds."""
    if item.resource_id in parameters.get("routeTableIds", ()):
        return COMPLIANT
    open_ = that_fail(needed_array(item.configuration, "routes"), lambda route: not _leads_out(route))
    if not open_:
        return COMPLIANT
    destination, gateway = _destination(open_[0]), dig(open_[0], "gatewayId")
    return violation(f"{destination} goes to {gateway}; remove the route or narrow its destination.")


def _leads_out(route: Any) -> bool:
    """Whether the route takes everything to an internet gateway. Raises Unavailable where its destination is a prefix
    list, whose ranges the item does not hold."""
    if not str(dig(route, "gatewayId") or "").startswith("igw-"):
        return False
    return _destination(route) in ANYWHERE


def _destination(route: Any) -> str:
    found = dig(route, "destinationCidrBlock") or dig(route, "destinationIpv6CidrBlock")
    if found:
        return str(found)
    raise Unavailable(f"what {shown(dig(route, 'destinationPrefixListId'))} leads to is not known")


def _template_data(item: ConfigurationItem) -> Any:
    return need(item.configuration, "LaunchTemplateData")


@rule("EC2_LAUNCH_TEMPLATE_PUBLIC_IP_DISABLED", types=(TEMPLATE,), severity=Severity.HIGH, category="Public access")
def template_no_public_ip(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The launch template gives no public IPv4 address, unless it is in exemptedLaunchTemplates."""
    if item.resource_id in parameters.get("exemptedLaunchTemplates", ()):
        return COMPLIANT
    interfaces = array(_template_data(item), "NetworkInterfaces")
    public = any(flag(entry, "AssociatePublicIpAddress", default=False) for entry in interfaces)
    return verdict(not public, "AssociatePublicIpAddress is true; turn it off in the template.")


@rule("EC2_LAUNCH_TEMPLATE_IMDSV2_CHECK", types=(TEMPLATE,), severity=Severity.LOW, category="Identity")
def template_imdsv2(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The launch template asks for IMDSv2."""
    tokens = pick(pick(_template_data(item), "MetadataOptions"), "HttpTokens")
    return verdict(tokens == "required", f"HttpTokens is {shown(tokens or 'not set')}; set it to required (IMDSv2).")
