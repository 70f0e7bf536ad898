# ruff: noqa: ARG002 (every handler's methods have the same signature)
"""Amazon EC2 and EBS: instances, volumes, security groups, networks, addresses."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from watchkeeper.pulumi.engine.provider import ProviderError
from watchkeeper.pulumi.provider.aws import Aws
from watchkeeper.pulumi.provider.handler import AutoName, Handler, known
from watchkeeper.pulumi.provider.tagging import change_tags
from watchkeeper.pulumi.provider.values import Values, moment, same, tag_list, tag_map

_WAIT_SECONDS = 120.0
_GONE_STATES = frozenset({"terminated", "shutting-down"})


def _specification(kind: str, values: Mapping[str, Any]) -> list[Values] | None:
    tags = tag_list(values.get("tags"))
    return [{"ResourceType": kind, "Tags": tags}] if tags else None


def _one(reply: Values | None, key: str) -> Values | None:
    return next(iter((reply or {}).get(key) or ()), None)


def _cidr_problem(values: Values) -> Iterator[str]:
    text = known(values, "cidrBlock")
    if not isinstance(text, str):
        return
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        yield f"cidrBlock {text!r} is no network: {error}"


class Instance(Handler):
    """``id`` is the instance's id. Creation waits until it runs; changing the type stops and starts it."""

    types = ("aws:ec2/instance:Instance",)
    chosen_by_aws = True
    service = "ec2"
    replace = frozenset(
        {
            "ami",
            "associatePublicIpAddress",
            "availabilityZone",
            "hibernation",
            "keyName",
            "placementGroup",
            "privateIp",
            "securityGroups",
            "subnetId",
            "tenancy",
        }
    )
    defaults: ClassVar[dict[str, Any]] = {"userDataReplaceOnChange": False, "sourceDestCheck": True}
    write_only = frozenset(
        {
            "associatePublicIpAddress",
            "creditSpecification",
            "disableApiTermination",
            "ebsBlockDevices",
            "ebsOptimized",
            "hibernation",
            "iamInstanceProfile",
            "instanceInitiatedShutdownBehavior",
            "metadataOptions",
            "monitoring",
            "rootBlockDevice",
            "securityGroups",
            "sourceDestCheck",
            "tenancy",
            "userData",
            "userDataBase64",
            "userDataReplaceOnChange",
            "volumeTags",
            "placementGroup",
            "forceDestroy",
        }
    )
    unsupported = frozenset(
        {
            "capacityReservationSpecification",
            "cpuOptions",
            "disableApiStop",
            "enclaveOptions",
            "ephemeralBlockDevices",
            "getPasswordData",
            "hostId",
            "hostResourceGroupArn",
            "instanceMarketOptions",
            "ipv6AddressCount",
            "ipv6Addresses",
            "launchTemplate",
            "maintenanceOptions",
            "networkInterfaces",
            "placementGroupId",
            "placementPartitionNumber",
            "primaryNetworkInterface",
            "privateDnsNameOptions",
            "secondaryNetworkInterfaces",
            "secondaryPrivateIps",
        }
    )

    def validate(self, values: Values) -> Iterator[str]:
        for name in ("ami", "instanceType"):
            if name not in values:
                yield f"{name} is required"
        kind = known(values, "instanceType")
        if isinstance(kind, str) and not re.fullmatch(r"[a-z][a-z0-9-]*\.[a-z0-9-]+", kind):
            yield f"instanceType {kind!r} is not like t3.micro; AWS would answer InvalidParameterValue"

    def create(self, aws: Aws, values: Values) -> str:
        body: Values = {
            "ImageId": values["ami"],
            "InstanceType": values["instanceType"],
            "KeyName": values.get("keyName"),
            "SecurityGroupIds": values.get("vpcSecurityGroupIds"),
            "SecurityGroups": values.get("securityGroups"),
            "SubnetId": values.get("subnetId"),
            "PrivateIpAddress": values.get("privateIp"),
            "EbsOptimized": values.get("ebsOptimized"),
            "DisableApiTermination": values.get("disableApiTermination"),
            "InstanceInitiatedShutdownBehavior": values.get("instanceInitiatedShutdownBehavior"),
            "UserData": self._user_data(values),
            "TagSpecifications": self._tags(values),
            "BlockDeviceMappings": self._devices(values) or None,
        }
        if values.get("availabilityZone") or values.get("tenancy") or values.get("placementGroup"):
            names = {"availabilityZone": "AvailabilityZone", "tenancy": "Tenancy", "placementGroup": "GroupName"}
            body["Placement"] = {api: values[name] for name, api in names.items() if values.get(name)}
        if values.get("iamInstanceProfile"):
            body["IamInstanceProfile"] = {"Name": values["iamInstanceProfile"]}
        if "monitoring" in values:
            body["Monitoring"] = {"Enabled": values["monitoring"] in (True, "true")}
        if values.get("metadataOptions"):
            body["MetadataOptions"] = self._metadata(values)
        reply = aws.call("ec2", "run_instances", MinCount=1, MaxCount=1, **body)
        instance = str(reply["Instances"][0]["InstanceId"])
        aws.made = instance
        self._until(aws, instance, "running")
        return instance

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        about = self._describe(aws, id_)
        if about is None or about["State"]["Name"] in _GONE_STATES:
            return None
        place = about.get("Placement", {})
        return {
            "ami": about.get("ImageId"),
            "arn": aws.arn("ec2", f"instance/{id_}"),
            "availabilityZone": place.get("AvailabilityZone"),
            "tenancy": place.get("Tenancy", "default"),
            "instanceState": about["State"]["Name"],
            "instanceType": about.get("InstanceType"),
            "keyName": about.get("KeyName") or None,
            "privateDns": about.get("PrivateDnsName", ""),
            "privateIp": about.get("PrivateIpAddress", ""),
            "publicDns": about.get("PublicDnsName", ""),
            "publicIp": about.get("PublicIpAddress", ""),
            "subnetId": about.get("SubnetId"),
            "primaryNetworkInterfaceId": next(
                (entry["NetworkInterfaceId"] for entry in about.get("NetworkInterfaces", ())), None
            ),
            "vpcSecurityGroupIds": sorted(group["GroupId"] for group in about.get("SecurityGroups", ())),
            "tags": tag_map(about.get("Tags")),
        }

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        if old["instanceType"] != new["instanceType"]:
            self._resize(aws, id_, new["instanceType"])
        if not same(old.get("vpcSecurityGroupIds"), new.get("vpcSecurityGroupIds")) and new.get("vpcSecurityGroupIds"):
            aws.call("ec2", "modify_instance_attribute", InstanceId=id_, Groups=list(new["vpcSecurityGroupIds"]))
        switches = {"sourceDestCheck": "SourceDestCheck", "disableApiTermination": "DisableApiTermination"}
        for name, api in switches.items():
            if name in new and old.get(name) != new[name]:
                value = {"Value": new[name] in (True, "true")}
                aws.call("ec2", "modify_instance_attribute", **{"InstanceId": id_, api: value})
        if not same(old.get("metadataOptions"), new.get("metadataOptions")) and new.get("metadataOptions"):
            aws.call("ec2", "modify_instance_metadata_options", InstanceId=id_, **self._metadata(new))
        if old.get("monitoring") != new.get("monitoring"):
            on = new.get("monitoring") in (True, "true")
            aws.call("ec2", "monitor_instances" if on else "unmonitor_instances", InstanceIds=[id_])
        change_tags(aws, "ec2", id_, old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        if self._describe(aws, id_) is None:
            return
        aws.drop("ec2", "terminate_instances", InstanceIds=[id_])
        self._until(aws, id_, "terminated")

    def _describe(self, aws: Aws, id_: str) -> Values | None:
        reply = aws.find("ec2", "describe_instances", InstanceIds=[id_])
        reservation = _one(reply, "Reservations")
        return _one(reservation, "Instances")

    def _until(self, aws: Aws, id_: str, state: str) -> None:
        def reached() -> bool:
            about = self._describe(aws, id_)
            now = about["State"]["Name"] if about else "terminated"
            if now == "terminated" and state != now:
                raise ProviderError(f"{id_} was terminated", operation="RunInstances", code="InstanceTerminated")
            return now == state

        aws.wait(reached, _WAIT_SECONDS, f"the instance {id_}")

    def _resize(self, aws: Aws, id_: str, kind: str) -> None:
        aws.call("ec2", "stop_instances", InstanceIds=[id_])
        self._until(aws, id_, "stopped")
        try:
            aws.call("ec2", "modify_instance_attribute", InstanceId=id_, InstanceType={"Value": kind})
        finally:
            aws.call("ec2", "start_instances", InstanceIds=[id_])
            self._until(aws, id_, "running")

    def _user_data(self, values: Values) -> str | None:
        if "userDataBase64" in values:
            return base64.b64decode(values["userDataBase64"]).decode("utf-8", "surrogateescape")
        return str(values["userData"]) if "userData" in values else None

    def _tags(self, values: Values) -> list[Values] | None:
        found = [*(_specification("instance", values) or ())]
        found += _specification("volume", {"tags": values.get("volumeTags")}) or ()
        return found or None

    def _devices(self, values: Values) -> list[Values]:
        root = values.get("rootBlockDevice")
        devices = [{"deviceName": "/dev/xvda", **root}] if root else []
        names = {
            "deleteOnTermination": "DeleteOnTermination",
            "encrypted": "Encrypted",
            "iops": "Iops",
            "kmsKeyId": "KmsKeyId",
            "snapshotId": "SnapshotId",
            "throughput": "Throughput",
            "volumeSize": "VolumeSize",
            "volumeType": "VolumeType",
        }
        return [
            {
                "DeviceName": entry["deviceName"],
                "Ebs": {api: entry[name] for name, api in names.items() if name in entry},
            }
            for entry in (*devices, *values.get("ebsBlockDevices", ()))
        ]

    def _metadata(self, values: Values) -> Values:
        names = {
            "httpEndpoint": "HttpEndpoint",
            "httpProtocolIpv6": "HttpProtocolIpv6",
            "httpPutResponseHopLimit": "HttpPutResponseHopLimit",
            "httpTokens": "HttpTokens",
            "instanceMetadataTags": "InstanceMetadataTags",
        }
        given = values["metadataOptions"]
        return {api: given[name] for name, api in names.items() if name in given}


class Volume(Handler):
    """``id`` is the volume's id."""

    types = ("aws:ebs/volume:Volume",)
    chosen_by_aws = True
    service = "ec2"
    replace = frozenset({"availabilityZone", "encrypted", "kmsKeyId", "snapshotId", "multiAttachEnabled", "outpostArn"})
    defaults: ClassVar[dict[str, Any]] = {"finalSnapshot": False}
    write_only = frozenset({"finalSnapshot", "kmsKeyId"})
    unsupported = frozenset({"volumeInitializationRate"})
    rename: ClassVar[dict[str, str]] = {"VolumeType": "type"}

    def validate(self, values: Values) -> Iterator[str]:
        if "size" not in values and "snapshotId" not in values:
            yield "size or snapshotId is required"

    def create(self, aws: Aws, values: Values) -> str:
        body = self.request(aws, "CreateVolume", {key: value for key, value in values.items() if key != "tags"})
        reply = aws.call("ec2", "create_volume", **body, TagSpecifications=_specification("volume", values))
        return str(reply["VolumeId"])

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        about = _one(aws.find("ec2", "describe_volumes", VolumeIds=[id_]), "Volumes")
        if about is None:
            return None
        found = self.outputs(
            {k: v for k, v in about.items() if k not in ("Tags", "Attachments") and v not in (None, "")}
        )
        created = about.get("CreateTime")
        return {
            **found,
            "arn": aws.arn("ec2", f"volume/{id_}"),
            "createTime": moment(created) if created is not None else None,
            "tags": tag_map(about.get("Tags")),
        }

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        names = {"size": "Size", "type": "VolumeType", "iops": "Iops", "throughput": "Throughput"}
        changed = {api: new[name] for name, api in names.items() if name in new and old.get(name) != new[name]}
        if changed:
            aws.call("ec2", "modify_volume", VolumeId=id_, **changed)
        change_tags(aws, "ec2", id_, old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        if values["finalSnapshot"] in (True, "true") and self.read(aws, id_, {}) is not None:
            aws.call("ec2", "create_snapshot", VolumeId=id_)
        aws.drop("ec2", "delete_volume", VolumeId=id_)


class SecurityGroup(Handler):
    """``id`` is the group's id. What is given for ``ingress`` or ``egress`` replaces all rules of that side."""

    types = ("aws:ec2/securityGroup:SecurityGroup",)
    service = "ec2"
    auto_name = AutoName(limit=255)
    replace = frozenset({"description", "vpcId"})
    defaults: ClassVar[dict[str, Any]] = {"description": "Managed by Pulumi", "revokeRulesOnDelete": False}
    write_only = frozenset({"revokeRulesOnDelete"})
    _sides: ClassVar[tuple[tuple[str, str], ...]] = (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress"))

    def identify(self, aws: Aws, values: Values) -> str | None:
        if "name" not in values:
            return None
        names = {"group-name": values["name"], "vpc-id": values.get("vpcId")}
        filters = [{"Name": name, "Values": [value]} for name, value in names.items() if value]
        found = aws.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=filters)
        return str(found[0]["GroupId"]) if len(found) == 1 else None

    def create(self, aws: Aws, values: Values) -> str:
        reply = aws.call(
            "ec2",
            "create_security_group",
            GroupName=values["name"],
            Description=values["description"],
            VpcId=values.get("vpcId"),
            TagSpecifications=_specification("security-group", values),
        )
        group = str(reply["GroupId"])
        aws.made = group
        self._rules(aws, group, {}, values)
        return group

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        about = _one(aws.find("ec2", "describe_security_groups", GroupIds=[id_]), "SecurityGroups")
        if about is None:
            return None
        found: Values = {
            "arn": aws.arn("ec2", f"security-group/{id_}"),
            "name": about["GroupName"],
            "description": about.get("Description", ""),
            "ownerId": about.get("OwnerId", aws.account),
            "vpcId": about.get("VpcId"),
            "tags": tag_map(about.get("Tags")),
        }
        for side, api in self._sides:
            found[side] = [_read_rule(entry, id_) for entry in about.get(api, ())]
        return found

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        self._rules(aws, id_, old, new)
        change_tags(aws, "ec2", id_, old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        if values["revokeRulesOnDelete"] in (True, "true"):
            self._revoke_all(aws, id_)
        aws.drop("ec2", "delete_security_group", GroupId=id_)

    def _rules(self, aws: Aws, group: str, old: Values, new: Values) -> None:
        for side, api in self._sides:
            if side not in new and side not in old:
                continue
            if same(old.get(side), new.get(side)):
                continue
            about = _one(aws.call("ec2", "describe_security_groups", GroupIds=[group]), "SecurityGroups") or {}
            current = about.get(api) or []
            if current:
                aws.call("ec2", f"revoke_security_group_{side}", GroupId=group, IpPermissions=current)
            wanted = [_rule(entry, group) for entry in new.get(side, ())]
            if wanted:
                aws.call("ec2", f"authorize_security_group_{side}", GroupId=group, IpPermissions=wanted)

    def _revoke_all(self, aws: Aws, group: str) -> None:
        about = _one(aws.find("ec2", "describe_security_groups", GroupIds=[group]), "SecurityGroups") or {}
        for side, api in self._sides:
            if about.get(api):
                aws.call("ec2", f"revoke_security_group_{side}", GroupId=group, IpPermissions=about[api])


def _rule(entry: Values, group: str) -> Values:
    note = {"Description": entry["description"]} if entry.get("description") else {}
    found: Values = {"IpProtocol": str(entry["protocol"])}
    if str(entry["protocol"]) != "-1":
        found |= {"FromPort": int(entry["fromPort"]), "ToPort": int(entry["toPort"])}
    groups = [*entry.get("securityGroups", ()), *([group] if entry.get("self") in (True, "true") else ())]
    lists = {
        "IpRanges": [{"CidrIp": text, **note} for text in entry.get("cidrBlocks", ())],
        "Ipv6Ranges": [{"CidrIpv6": text, **note} for text in entry.get("ipv6CidrBlocks", ())],
        "PrefixListIds": [{"PrefixListId": text, **note} for text in entry.get("prefixListIds", ())],
        "UserIdGroupPairs": [{"GroupId": text, **note} for text in groups],
    }
    return {**found, **{key: value for key, value in lists.items() if value}}


def _read_rule(entry: Values, group: str) -> Values:
    found: Values = {
        "protocol": entry["IpProtocol"],
        "fromPort": entry.get("FromPort", 0),
        "toPort": entry.get("ToPort", 0),
    }
    pairs = [pair["GroupId"] for pair in entry.get("UserIdGroupPairs", ())]
    lists = {
        "cidrBlocks": [item["CidrIp"] for item in entry.get("IpRanges", ())],
        "ipv6CidrBlocks": [item["CidrIpv6"] for item in entry.get("Ipv6Ranges", ())],
        "prefixListIds": [item["PrefixListId"] for item in entry.get("PrefixListIds", ())],
        "securityGroups": [item for item in pairs if item != group],
    }
    found |= {key: value for key, value in lists.items() if value}
    if group in pairs:
        found["self"] = True
    sources = (*entry.get("IpRanges", ()), *entry.get("Ipv6Ranges", ()), *entry.get("UserIdGroupPairs", ()))
    notes = {item.get("Description") for item in sources if item.get("Description")}
    return {**found, "description": notes.pop()} if len(notes) == 1 else found


class Vpc(Handler):
    """``id`` is the network's id."""

    types = ("aws:ec2/vpc:Vpc",)
    chosen_by_aws = True
    service = "ec2"
    replace = frozenset({"cidrBlock", "ipv4IpamPoolId", "ipv4NetmaskLength"})
    defaults: ClassVar[dict[str, Any]] = {
        "enableDnsHostnames": False,
        "enableDnsSupport": True,
        "instanceTenancy": "default",
    }
    write_only = frozenset({"enableDnsHostnames", "enableDnsSupport"})
    unsupported = frozenset(
        {
            "assignGeneratedIpv6CidrBlock",
            "enableNetworkAddressUsageMetrics",
            "ipv4IpamPoolId",
            "ipv4NetmaskLength",
            "ipv6CidrBlock",
            "ipv6CidrBlockNetworkBorderGroup",
            "ipv6IpamPoolId",
            "ipv6NetmaskLength",
        }
    )

    def validate(self, values: Values) -> Iterator[str]:
        if "cidrBlock" not in values:
            yield "cidrBlock is required"
        yield from _cidr_problem(values)

    def create(self, aws: Aws, values: Values) -> str:
        reply = aws.call(
            "ec2",
            "create_vpc",
            CidrBlock=values["cidrBlock"],
            InstanceTenancy=values["instanceTenancy"],
            TagSpecifications=_specification("vpc", values),
        )
        vpc = str(reply["Vpc"]["VpcId"])
        aws.made = vpc
        self._dns(aws, vpc, self.defaults, values)
        return vpc

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        about = _one(aws.find("ec2", "describe_vpcs", VpcIds=[id_]), "Vpcs")
        if about is None:
            return None
        filters = [{"Name": "vpc-id", "Values": [id_]}]
        groups = aws.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=filters)
        tables = aws.pages("ec2", "describe_route_tables", "RouteTables", Filters=filters)
        lists = aws.pages("ec2", "describe_network_acls", "NetworkAcls", Filters=filters)
        main = [t["RouteTableId"] for t in tables if any(a.get("Main") for a in t.get("Associations", ()))]
        return {
            "arn": aws.arn("ec2", f"vpc/{id_}"),
            "cidrBlock": about["CidrBlock"],
            "dhcpOptionsId": about.get("DhcpOptionsId"),
            "instanceTenancy": about.get("InstanceTenancy", "default"),
            "ownerId": about.get("OwnerId", aws.account),
            "defaultSecurityGroupId": next((g["GroupId"] for g in groups if g["GroupName"] == "default"), None),
            "defaultRouteTableId": next(iter(main), None),
            "mainRouteTableId": next(iter(main), None),
            "defaultNetworkAclId": next((acl["NetworkAclId"] for acl in lists if acl.get("IsDefault")), None),
            "tags": tag_map(about.get("Tags")),
        }

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        if old["instanceTenancy"] != new["instanceTenancy"]:
            aws.call("ec2", "modify_vpc_tenancy", VpcId=id_, InstanceTenancy=new["instanceTenancy"])
        self._dns(aws, id_, old, new)
        change_tags(aws, "ec2", id_, old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        aws.drop("ec2", "delete_vpc", VpcId=id_)

    def _dns(self, aws: Aws, vpc: str, old: Mapping[str, Any], new: Values) -> None:
        for name in ("enableDnsSupport", "enableDnsHostnames"):
            if old[name] != new[name]:
                value = {"Value": new[name] in (True, "true")}
                aws.call("ec2", "modify_vpc_attribute", **{"VpcId": vpc, f"E{name[1:]}": value})


class Subnet(Handler):
    """``id`` is the subnet's id."""

    types = ("aws:ec2/subnet:Subnet",)
    chosen_by_aws = True
    service = "ec2"
    replace = frozenset({"availabilityZone", "availabilityZoneId", "cidrBlock", "vpcId", "outpostArn"})
    defaults: ClassVar[dict[str, Any]] = {"mapPublicIpOnLaunch": False}
    unsupported = frozenset(
        {
            "assignIpv6AddressOnCreation",
            "customerOwnedIpv4Pool",
            "enableDns64",
            "enableLniAtDeviceIndex",
            "enableResourceNameDnsARecordOnLaunch",
            "enableResourceNameDnsAaaaRecordOnLaunch",
            "ipv4IpamPoolId",
            "ipv4NetmaskLength",
            "ipv6CidrBlock",
            "ipv6IpamPoolId",
            "ipv6Native",
            "ipv6NetmaskLength",
            "mapCustomerOwnedIpOnLaunch",
            "privateDnsHostnameTypeOnLaunch",
        }
    )

    def validate(self, values: Values) -> Iterator[str]:
        yield from _cidr_problem(values)

    def create(self, aws: Aws, values: Values) -> str:
        body = self.request(aws, "CreateSubnet", {key: value for key, value in values.items() if key != "tags"})
        reply = aws.call("ec2", "create_subnet", **body, TagSpecifications=_specification("subnet", values))
        subnet = str(reply["Subnet"]["SubnetId"])
        aws.made = subnet
        if values["mapPublicIpOnLaunch"] in (True, "true"):
            self._map(aws, subnet, values)
        return subnet

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        about = _one(aws.find("ec2", "describe_subnets", SubnetIds=[id_]), "Subnets")
        if about is None:
            return None
        names = ("AvailabilityZone", "AvailabilityZoneId", "CidrBlock", "MapPublicIpOnLaunch", "VpcId")
        return {
            **self.outputs({name: about[name] for name in names if name in about}),
            "arn": about.get("SubnetArn") or aws.arn("ec2", f"subnet/{id_}"),
            "ownerId": about.get("OwnerId", aws.account),
            "tags": tag_map(about.get("Tags")),
        }

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        if old["mapPublicIpOnLaunch"] != new["mapPublicIpOnLaunch"]:
            self._map(aws, id_, new)
        change_tags(aws, "ec2", id_, old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        aws.drop("ec2", "delete_subnet", SubnetId=id_)

    def _map(self, aws: Aws, subnet: str, values: Values) -> None:
        value = {"Value": values["mapPublicIpOnLaunch"] in (True, "true")}
        aws.call("ec2", "modify_subnet_attribute", SubnetId=subnet, MapPublicIpOnLaunch=value)


class Eip(Handler):
    """An elastic address; ``id`` is the allocation's id."""

    types = ("aws:ec2/eip:Eip",)
    chosen_by_aws = True
    service = "ec2"
    replace = frozenset({"address", "domain", "networkBorderGroup", "publicIpv4Pool"})
    defaults: ClassVar[dict[str, Any]] = {"domain": "vpc"}
    write_only = frozenset({"address", "networkBorderGroup", "publicIpv4Pool", "associateWithPrivateIp"})
    unsupported = frozenset({"customerOwnedIpv4Pool", "ipamPoolId"})

    def create(self, aws: Aws, values: Values) -> str:
        reply = aws.call(
            "ec2",
            "allocate_address",
            Domain=values["domain"],
            Address=values.get("address"),
            PublicIpv4Pool=values.get("publicIpv4Pool"),
            NetworkBorderGroup=values.get("networkBorderGroup"),
            TagSpecifications=_specification("elastic-ip", values),
        )
        allocation = str(reply["AllocationId"])
        aws.made = allocation
        self._associate(aws, allocation, values)
        return allocation

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        about = _one(aws.find("ec2", "describe_addresses", AllocationIds=[id_]), "Addresses")
        if about is None:
            return None
        return {
            "allocationId": id_,
            "arn": aws.arn("ec2", f"elastic-ip/{id_}"),
            "publicIp": about.get("PublicIp"),
            "privateIp": about.get("PrivateIpAddress"),
            "domain": about.get("Domain", "vpc"),
            "associationId": about.get("AssociationId"),
            "instance": about.get("InstanceId") or None,
            "networkInterface": about.get("NetworkInterfaceId") or None,
            "tags": tag_map(about.get("Tags")),
        }

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        watched = ("instance", "networkInterface", "associateWithPrivateIp")
        if any(old.get(name) != new.get(name) for name in watched):
            self._dissociate(aws, id_)
            self._associate(aws, id_, new)
        change_tags(aws, "ec2", id_, old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        self._dissociate(aws, id_)
        aws.drop("ec2", "release_address", AllocationId=id_)

    def _associate(self, aws: Aws, allocation: str, values: Values) -> None:
        if not (values.get("instance") or values.get("networkInterface")):
            return
        aws.call(
            "ec2",
            "associate_address",
            AllocationId=allocation,
            InstanceId=values.get("instance"),
            NetworkInterfaceId=values.get("networkInterface"),
            PrivateIpAddress=values.get("associateWithPrivateIp"),
        )

    def _dissociate(self, aws: Aws, allocation: str) -> None:
        about = _one(aws.find("ec2", "describe_addresses", AllocationIds=[allocation]), "Addresses") or {}
        if about.get("AssociationId"):
            aws.drop("ec2", "disassociate_address", AssociationId=about["AssociationId"])


HANDLERS: tuple[Handler, ...] = (Instance(), Volume(), SecurityGroup(), Vpc(), Subnet(), Eip())
