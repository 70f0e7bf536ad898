# ruff: noqa: ARG001 (every look-up has the same signature)
"""Look-ups: the functions that programs call (``aws.get_caller_identity()`` …)."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from watchkeeper.pulumi.engine.provider import ProviderError
from watchkeeper.pulumi.provider.aws import Aws
from watchkeeper.pulumi.provider.policy_document import policy_document
from watchkeeper.pulumi.provider.registry import handlers
from watchkeeper.pulumi.provider.values import Values, clean

Lookup = Callable[[Aws, Values], Mapping[str, Any]]


def answer(aws: Aws, token: str, arguments: Values) -> Mapping[str, Any]:
    """The result of a look-up. Raises ProviderError for one that is not supported, naming those that are."""
    lookup = LOOKUPS.get(token)
    if lookup is not None:
        return lookup(aws, arguments)
    resource = _RESOURCES.get(token)
    if resource is not None:
        return _of_resource(aws, token, resource, arguments)
    known = supported_lookups()
    near = difflib.get_close_matches(token, known, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise ProviderError(f"unsupported look-up {token}.{hint} Supported: {', '.join(known)}", code="UnsupportedLookup")


def supported_lookups() -> list[str]:
    """The tokens of all look-ups, sorted."""
    return sorted([*LOOKUPS, *_RESOURCES])


@dataclass(frozen=True, slots=True)
class _Resource:
    """A look-up that reads one resource: its type, and how its id follows from the arguments."""

    type: str
    find: Callable[[Aws, Values], str | None]


def _of_resource(aws: Aws, token: str, resource: _Resource, arguments: Values) -> Mapping[str, Any]:
    id_ = resource.find(aws, arguments)
    handler = handlers()[resource.type]
    found = None if id_ is None else handler.read(aws, id_, {**clean(handler.defaults), **arguments})
    if found is None:
        asked = ", ".join(f"{name} {value!r}" for name, value in arguments.items()) or "no arguments"
        what = resource.type.rsplit(":", 1)[-1]
        raise ProviderError(f"{token}: there is no {what} with {asked}", code="NotFound")
    outputs = {key: value for key, value in found.items() if value is not None and not key.startswith("__")}
    return {**arguments, **outputs, "id": id_, "region": aws.region}


def _argument(*names: str) -> Callable[[Aws, Values], str | None]:
    def find(aws: Aws, arguments: Values) -> str | None:
        return next((str(arguments[name]) for name in names if arguments.get(name)), None)

    return find


def _topic(aws: Aws, arguments: Values) -> str | None:
    return aws.arn("sns", str(arguments["name"]))


def _queue(aws: Aws, arguments: Values) -> str | None:
    reply = aws.find("sqs", "get_queue_url", QueueName=arguments["name"])
    return None if reply is None else str(reply["QueueUrl"])


def _key(aws: Aws, arguments: Values) -> str | None:
    reply = aws.find("kms", "describe_key", KeyId=arguments["keyId"])
    return None if reply is None else str(reply["KeyMetadata"]["KeyId"])


def _policy(aws: Aws, arguments: Values) -> str | None:
    if arguments.get("arn"):
        return str(arguments["arn"])
    policies = aws.pages("iam", "list_policies", "Policies", PathPrefix=arguments.get("pathPrefix"))
    return next((policy["Arn"] for policy in policies if policy["PolicyName"] == arguments.get("name")), None)


def _secret(aws: Aws, arguments: Values) -> str | None:
    name = arguments.get("arn") or arguments.get("name")
    reply = aws.find("secretsmanager", "describe_secret", SecretId=name)
    return None if reply is None else str(reply["ARN"])


def _by_filters(method: str, key: str, id_: str, names: Mapping[str, str]) -> Callable[[Aws, Values], str | None]:
    """The one EC2 resource that matches; more than one is an error, as in the provider."""

    def find(aws: Aws, arguments: Values) -> str | None:
        found = aws.pages("ec2", method, key, Filters=_filters(arguments, names) or None)
        if len(found) > 1:
            raise ProviderError(
                f"{len(found)} match: {', '.join(entry[id_] for entry in found[:5])} …; ask more precisely",
                operation=method,
                code="AmbiguousResult",
            )
        return str(found[0][id_]) if found else None

    return find


def _filters(arguments: Values, names: Mapping[str, str]) -> list[Values]:
    given = [
        {"Name": api, "Values": [_filter_text(arguments[name])]} for name, api in names.items() if name in arguments
    ]
    given += [{"Name": f"tag:{name}", "Values": [text]} for name, text in arguments.get("tags", {}).items()]
    return [*given, *({"Name": e["name"], "Values": list(e["values"])} for e in arguments.get("filters", ()))]


def _filter_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_SUBNET_NAMES = {
    "id": "subnet-id",
    "vpcId": "vpc-id",
    "cidrBlock": "cidr-block",
    "availabilityZone": "availability-zone",
    "defaultForAz": "default-for-az",
}

_RESOURCES: Mapping[str, _Resource] = {
    "aws:cloudwatch/getEventBus:getEventBus": _Resource("aws:cloudwatch/eventBus:EventBus", _argument("name")),
    "aws:cloudwatch/getLogGroup:getLogGroup": _Resource("aws:cloudwatch/logGroup:LogGroup", _argument("name")),
    "aws:dynamodb/getTable:getTable": _Resource("aws:dynamodb/table:Table", _argument("name")),
    "aws:ec2/getSecurityGroup:getSecurityGroup": _Resource(
        "aws:ec2/securityGroup:SecurityGroup",
        _by_filters(
            "describe_security_groups",
            "SecurityGroups",
            "GroupId",
            {"id": "group-id", "name": "group-name", "vpcId": "vpc-id"},
        ),
    ),
    "aws:ec2/getSubnet:getSubnet": _Resource(
        "aws:ec2/subnet:Subnet", _by_filters("describe_subnets", "Subnets", "SubnetId", _SUBNET_NAMES)
    ),
    "aws:ec2/getVpc:getVpc": _Resource(
        "aws:ec2/vpc:Vpc",
        _by_filters("describe_vpcs", "Vpcs", "VpcId", {"id": "vpc-id", "cidrBlock": "cidr", "default": "is-default"}),
    ),
    "aws:iam/getGroup:getGroup": _Resource("aws:iam/group:Group", _argument("groupName")),
    "aws:iam/getInstanceProfile:getInstanceProfile": _Resource(
        "aws:iam/instanceProfile:InstanceProfile", _argument("name")
    ),
    "aws:iam/getPolicy:getPolicy": _Resource("aws:iam/policy:Policy", _policy),
    "aws:iam/getRole:getRole": _Resource("aws:iam/role:Role", _argument("name")),
    "aws:iam/getUser:getUser": _Resource("aws:iam/user:User", _argument("userName")),
    "aws:kms/getAlias:getAlias": _Resource("aws:kms/alias:Alias", _argument("name")),
    "aws:kms/getKey:getKey": _Resource("aws:kms/key:Key", _key),
    "aws:lambda/getFunction:getFunction": _Resource("aws:lambda/function:Function", _argument("functionName")),
    "aws:rds/getInstance:getInstance": _Resource("aws:rds/instance:Instance", _argument("dbInstanceIdentifier")),
    "aws:s3/getBucket:getBucket": _Resource("aws:s3/bucket:Bucket", _argument("bucket")),
    "aws:secretsmanager/getSecret:getSecret": _Resource("aws:secretsmanager/secret:Secret", _secret),
    "aws:sns/getTopic:getTopic": _Resource("aws:sns/topic:Topic", _topic),
    "aws:sqs/getQueue:getQueue": _Resource("aws:sqs/queue:Queue", _queue),
    "aws:ssm/getParameter:getParameter": _Resource("aws:ssm/parameter:Parameter", _argument("name")),
}


def _caller_identity(aws: Aws, arguments: Values) -> Values:
    reply = aws.call("sts", "get_caller_identity")
    return {"id": reply["Account"], "accountId": reply["Account"], "arn": reply["Arn"], "userId": reply["UserId"]}


def _region(aws: Aws, arguments: Values) -> Values:
    region = arguments.get("region") or arguments.get("name") or aws.region
    endpoint = f"ec2.{region}.amazonaws.com"
    return {"id": region, "name": region, "region": region, "description": region, "endpoint": endpoint}


def _regions(aws: Aws, arguments: Values) -> Values:
    reply = aws.call("ec2", "describe_regions", AllRegions=arguments.get("allRegions"))
    names = sorted(entry["RegionName"] for entry in reply["Regions"])
    return {"id": aws.partition, "names": names, **arguments}


def _partition(aws: Aws, arguments: Values) -> Values:
    return {
        "id": aws.partition,
        "partition": aws.partition,
        "dnsSuffix": "amazonaws.com",
        "reverseDnsPrefix": "com.amazonaws",
    }


def _zones(aws: Aws, arguments: Values) -> Values:
    found = aws.call("ec2", "describe_availability_zones")["AvailabilityZones"]
    wanted = [zone for zone in found if arguments.get("state") in (None, zone.get("State", "available"))]
    left_out = set(arguments.get("excludeNames", ()))
    zones = sorted((zone for zone in wanted if zone["ZoneName"] not in left_out), key=lambda zone: zone["ZoneName"])
    return {
        **arguments,
        "id": aws.region,
        "region": aws.region,
        "names": [zone["ZoneName"] for zone in zones],
        "zoneIds": [zone.get("ZoneId", "") for zone in zones],
        "groupNames": sorted({zone.get("GroupName", aws.region) for zone in zones}),
    }


def _default_tags(aws: Aws, arguments: Values) -> Values:
    return {"id": aws.partition, "tags": {}}


def _document(aws: Aws, arguments: Values) -> Values:
    return policy_document(arguments)


def _ami(aws: Aws, arguments: Values) -> Values:
    """The newest image that matches; several without ``mostRecent`` are an error, as in the provider."""
    owners = arguments.get("owners")
    reply = aws.call("ec2", "describe_images", Owners=owners, Filters=_filters(arguments, {}) or None)
    images = sorted(reply.get("Images") or (), key=lambda image: image.get("CreationDate", ""), reverse=True)
    if not images:
        raise ProviderError("your query returned no images", operation="DescribeImages", code="NotFound")
    if len(images) > 1 and arguments.get("mostRecent") is not True:
        raise ProviderError(
            f"{len(images)} images match: set mostRecent or ask more precisely",
            operation="DescribeImages",
            code="AmbiguousResult",
        )
    image = images[0]
    return {
        **arguments,
        "id": image["ImageId"],
        "imageId": image["ImageId"],
        "arn": aws.arn("ec2", f"image/{image['ImageId']}", account=False),
        "architecture": image.get("Architecture", "x86_64"),
        "creationDate": image.get("CreationDate", ""),
        "name": image.get("Name", ""),
        "ownerId": image.get("OwnerId", ""),
        "region": aws.region,
        "rootDeviceName": image.get("RootDeviceName", "/dev/xvda"),
        "state": image.get("State", "available"),
        "tags": {tag["Key"]: tag["Value"] for tag in image.get("Tags", ())},
    }


def _subnets(aws: Aws, arguments: Values) -> Values:
    found = aws.pages("ec2", "describe_subnets", "Subnets", Filters=_filters(arguments, {}) or None)
    ids = sorted(subnet["SubnetId"] for subnet in found)
    return {**arguments, "id": aws.region, "ids": ids, "region": aws.region}


LOOKUPS: Mapping[str, Lookup] = {
    "aws:ec2/getAmi:getAmi": _ami,
    "aws:ec2/getSubnets:getSubnets": _subnets,
    "aws:iam/getPolicyDocument:getPolicyDocument": _document,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getDefaultTags:getDefaultTags": _default_tags,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getRegions:getRegions": _regions,
}
