"""AWS SAM's resources written out as the CloudFormation resources that its transform makes of them.

https://github.com/aws/serverless-application-model/blob/develop/docs/internals/generated_resources.rst. A policy
template's document is not written out here: it stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.aws import facts

TRANSFORM = "AWS::Serverless-2016-10-31"
FUNCTION = "AWS::Serverless::Function"
TABLE = "AWS::Serverless::SimpleTable"
COPIED = (
    "FunctionName",
    "Handler",
    "Runtime",
    "Timeout",
    "MemorySize",
    "Environment",
    "Layers",
    "KmsKeyArn",
    "PackageType",
    "LoggingConfig",
    "ImageUri",
    "Architectures",
)
MERGED = ("Environment", "Tags")
"""Properties of Globals that are merged with the function's, not replaced."""
EVERY_FUNCTION = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
UNKNOWN_DOCUMENT = {"Fn::Transform": {"Name": "a SAM policy template"}}
Resources = dict[str, Mapping[str, Any]]


def expand(document: Mapping[str, Any]) -> tuple[Mapping[str, Any], dict[str, str], list[str]]:
    """The template without SAM's resources, the SAM resource that each made one comes from, and what was not read."""
    raw = document.get("Resources")
    made: Resources = {}
    origin: dict[str, str] = {}
    unread: list[str] = []
    shared = _mapping(_mapping(document.get("Globals")).get("Function"))
    for logical, item in raw.items() if isinstance(raw, Mapping) else ():
        kind = item.get("Type") if isinstance(item, Mapping) else None
        if not isinstance(kind, str) or not kind.startswith("AWS::Serverless::"):
            made[logical] = item
            continue
        parts: Resources = {}
        if kind == FUNCTION:
            parts = dict(_function(str(logical), item, shared))
        elif kind == TABLE:
            parts = {str(logical): {**item, "Type": "AWS::DynamoDB::Table"}}
        else:
            unread.append(f"the SAM resource {logical} ({kind}) was not read")
        made |= parts
        origin |= dict.fromkeys(parts, str(logical))
    return {**document, "Resources": made}, origin, unread


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _function(logical: str, item: Mapping[str, Any], shared: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    own = _mapping(item.get("Properties"))
    properties = {**shared, **own}
    for key in MERGED:
        if key in shared and key in own:
            properties[key] = _merged(shared[key], own[key])
    attributes = {key: item[key] for key in ("Condition", "DependsOn", "DeletionPolicy", "Metadata") if key in item}
    tags = [{"Key": key, "Value": value} for key, value in _mapping(properties.get("Tags")).items()]
    values: dict[str, Any] = {key: properties[key] for key in COPIED if key in properties}
    values |= {"Code": _code(properties), "Tags": tags, "Role": properties.get("Role")}
    if values["Role"] is None:
        values["Role"] = _arn(f"{logical}Role")
        yield f"{logical}Role", {**attributes, "Type": "AWS::IAM::Role", "Properties": _role(properties, tags)}
    yield logical, {**attributes, "Type": "AWS::Lambda::Function", "Properties": values}
    shared_tags = tags if properties.get("PropagateTags") is True else None
    for name, event in _mapping(properties.get("Events")).items():
        yield from _event(logical, str(name), _mapping(event), attributes, shared_tags)


def _merged(left: Any, right: Any) -> Any:
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return {**left, **{key: _merged(left.get(key), value) for key, value in right.items()}}
    return right


def _arn(logical: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [logical, "Arn"]}


def _code(properties: Mapping[str, Any]) -> Any:
    if "InlineCode" in properties:
        return {"ZipFile": properties["InlineCode"]}
    uri = properties.get("CodeUri", ".")
    if isinstance(uri, Mapping):
        return {"S3Bucket": uri.get("Bucket"), "S3Key": uri.get("Key")}
    return {"S3Bucket": uri, "S3Key": uri} if isinstance(uri, str) and uri.startswith("s3://") else uri


def _role(properties: Mapping[str, Any], tags: list[Any]) -> dict[str, Any]:
    given = properties.get("Policies")
    policies = given if isinstance(given, list) else [] if given is None else [given]
    managed: list[Any] = [EVERY_FUNCTION]
    inline: list[Any] = []
    for index, policy in enumerate(policies):
        if isinstance(policy, str):
            managed.append(_managed(policy))
        elif isinstance(policy, Mapping) and "Statement" in policy:
            statements = policy["Statement"]
            inline.append({"PolicyName": str(index), "PolicyDocument": {"Statement": statements}})
        elif isinstance(policy, Mapping) and len(policy) == 1 and next(iter(policy)) in ("Ref", "Fn::Sub", "Fn::If"):
            managed.append(policy)
        else:
            inline.append({"PolicyName": str(index), "PolicyDocument": UNKNOWN_DOCUMENT})
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {
        "AssumeRolePolicyDocument": properties.get("AssumeRolePolicyDocument", {"Statement": [trust]}),
        "ManagedPolicyArns": managed,
        "Policies": inline,
        "Tags": tags,
    }


def _managed(name: str) -> str:
    """A managed policy may be given by its name alone, whatever its path."""
    if name.startswith("arn:"):
        return name
    known = (arn for arn in facts.managed_policies() if arn.rpartition("/")[2] == name)
    return next(known, f"{facts.MANAGED_POLICY_PREFIX}/{name}")


def _event(logical: str, name: str, event: Mapping[str, Any], attributes: Any, tags: Any) -> Iterator[tuple[str, Any]]:
    kind, properties = event.get("Type"), _mapping(event.get("Properties"))
    target = {"Id": f"{logical}{name}", "Arn": _arn(logical)}
    rule: dict[str, Any] = {
        "Targets": [target],
        "Name": properties.get("Name", properties.get("RuleName")),
        "Tags": tags,
    }
    if kind == "Schedule":
        rule["ScheduleExpression"] = properties.get("Schedule")
    elif kind in ("EventBridgeRule", "CloudWatchEvent"):
        rule |= {"EventPattern": properties.get("Pattern"), "EventBusName": properties.get("EventBusName")}
    elif kind == "ScheduleV2":
        values = {"ScheduleExpression": properties.get("ScheduleExpression"), "Target": target}
        yield f"{logical}{name}", {**attributes, "Type": "AWS::Scheduler::Schedule", "Properties": values}
        return
    elif kind == "SNS":
        values = {"TopicArn": properties.get("Topic"), "Protocol": "lambda", "Endpoint": _arn(logical)}
        values |= {"RedrivePolicy": properties.get("RedrivePolicy")}
        yield f"{logical}{name}", {**attributes, "Type": "AWS::SNS::Subscription", "Properties": values}
        yield _permission(logical, name, "sns.amazonaws.com", properties.get("Topic"), attributes)
        return
    else:
        return
    yield f"{logical}{name}", {**attributes, "Type": "AWS::Events::Rule", "Properties": rule}
    yield _permission(logical, name, "events.amazonaws.com", _arn(f"{logical}{name}"), attributes)


def _permission(logical: str, name: str, principal: str, source: Any, attributes: Any) -> tuple[str, Any]:
    values = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": logical},
        "Principal": principal,
        "SourceArn": source,
    }
    return f"{logical}{name}Permission", {**attributes, "Type": "AWS::Lambda::Permission", "Properties": values}
