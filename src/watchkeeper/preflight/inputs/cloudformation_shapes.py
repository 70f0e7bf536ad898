"""One CloudFormation resource as the one or several of Pulumi's that stand for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from watchkeeper.preflight.inputs.spelling import lower_camel
from watchkeeper.pulumi.graph import UNKNOWN, Archive, Asset, Reference, Resource


def shape(resource: Resource) -> Iterator[Resource]:
    """The resources that a CloudFormation resource stands for, itself first."""
    inputs = dict(resource.inputs)
    if isinstance(inputs.get("tags"), list):
        inputs["tags"] = {
            str(tag.get("key")): tag.get("value")
            for tag in inputs["tags"]
            if isinstance(tag, Mapping) and tag.get("key")
        }
    resource = replace(resource, inputs=inputs)
    shaper = _SHAPERS.get(resource.type)
    yield from shaper(resource) if shaper else [resource]


def _part(resource: Resource, suffix: str, kind: str, inputs: Mapping[str, Any], top: str) -> Resource:
    """A separate resource for a part of one, which depends on it and on what the part refers to."""
    urns = resource.property_dependencies.get(top, ())
    return Resource(
        urn=f"{resource.urn}/{suffix}",
        type=kind,
        name=f"{resource.name}/{suffix}",
        inputs=inputs,
        dependencies=(resource.urn, *resource.dependencies),
        property_dependencies=dict.fromkeys(inputs, urns),
        position=resource.position,
        source_type=resource.source_type,
    )


def _for_each(prop: str, target: str) -> Any:
    """A policy resource that names several owners becomes one for each."""

    def shape(resource: Resource) -> Iterator[Resource]:
        inputs = dict(resource.inputs)
        owners = inputs.pop(prop, None)
        if target in inputs or not isinstance(owners, list):
            yield replace(resource, inputs=inputs)
            return
        for index, owner in enumerate(owners):
            dependencies = {**resource.property_dependencies, target: resource.property_dependencies.get(prop, ())}
            urn = resource.urn if index == 0 else f"{resource.urn}/{index}"
            yield replace(resource, urn=urn, inputs={**inputs, target: owner}, property_dependencies=dependencies)

    return shape


def _bucket(resource: Resource) -> Iterator[Resource]:
    inputs = dict(resource.inputs)
    lifecycle = inputs.pop("lifecycle", None)
    rules = lifecycle.get("rules") if isinstance(lifecycle, Mapping) else lifecycle
    if isinstance(rules, list):
        inputs["lifecycleRules"] = [_lifecycle_rule(rule) for rule in rules]
    elif lifecycle is UNKNOWN:
        inputs["lifecycleRules"] = UNKNOWN
    notifications = inputs.pop("notificationConfiguration", None)
    yield replace(resource, inputs=inputs)
    if isinstance(notifications, Mapping):
        yield _part(
            resource,
            "notifications",
            "aws:s3/bucketNotification:BucketNotification",
            {
                "bucket": Reference(resource.urn),
                "topics": _renamed(notifications.get("topicConfigurations"), topic="topicArn"),
                "queues": _renamed(notifications.get("queueConfigurations"), queue="queueArn"),
            },
            "notificationConfiguration",
        )


def _renamed(items: Any, **names: str) -> list[Any]:
    return [
        {names.get(key, key): value for key, value in item.items()}
        for item in (items if isinstance(items, list) else ())
        if isinstance(item, Mapping)
    ]


def _lifecycle_rule(rule: Any) -> Any:
    if not isinstance(rule, Mapping):
        return rule
    expires = {key: value for key, value in rule.items() if key.startswith(("expiration", "noncurrent", "transition"))}
    return {**rule, **({"expiration": expires} if expires else {})}


def _rule(resource: Resource) -> Iterator[Resource]:
    inputs = dict(resource.inputs)
    targets = inputs.pop("targets", None)
    yield replace(resource, inputs=inputs)
    for index, target in enumerate(targets if isinstance(targets, list) else []):
        if isinstance(target, Mapping):
            values = {lower_camel(str(key)): value for key, value in target.items()}
            if isinstance(values.get("deadLetterConfig"), Mapping):
                values["deadLetterConfig"] = {lower_camel(str(k)): v for k, v in values["deadLetterConfig"].items()}
            values = {"rule": Reference(resource.urn), **values}
            kind = "aws:cloudwatch/eventTarget:EventTarget"
            yield _part(resource, str(target.get("Id") or index), kind, values, "targets")


def _topic(resource: Resource) -> Iterator[Resource]:
    inputs = dict(resource.inputs)
    subscriptions = inputs.pop("subscription", None)
    yield replace(resource, inputs=inputs)
    for index, item in enumerate(subscriptions if isinstance(subscriptions, list) else []):
        if isinstance(item, Mapping):
            values = {"topic": Reference(resource.urn, "arn"), **item}
            kind = "aws:sns/topicSubscription:TopicSubscription"
            yield _part(resource, f"subscription{index}", kind, values, "subscription")


def _function(resource: Resource) -> Iterator[Resource]:
    inputs = dict(resource.inputs)
    code = inputs.pop("code", None)
    if isinstance(code, Mapping):
        if isinstance(code.get("ZipFile"), str):
            inputs["code"] = _inline(code["ZipFile"], inputs.get("runtime"))
        elif code.get("ZipFile") is UNKNOWN:
            inputs["code"] = UNKNOWN
        else:
            inputs |= {lower_camel(str(key)): value for key, value in code.items()}
    elif isinstance(code, str):
        inputs["code"] = Archive(path=code)
    yield replace(resource, inputs=inputs)


def _inline(source: str, runtime: Any) -> Asset | Archive:
    """The package of inline code: CloudFormation puts it into a file named index, whatever the handler's name.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-lambda-function-code.html
    """
    family = str(runtime)
    end = "py" if family.startswith("python") else "js" if family.startswith("nodejs") else ""
    return Archive(parts={f"index.{end}": Asset(text=source)}) if end else Asset(text=source)


def _alarm(resource: Resource) -> Iterator[Resource]:
    inputs = dict(resource.inputs)
    dimensions = inputs.get("dimensions")
    if isinstance(dimensions, list):
        inputs["dimensions"] = {
            str(item.get("name")): item.get("value")
            for item in dimensions
            if isinstance(item, Mapping) and item.get("name")
        }
    yield replace(resource, inputs=inputs)


def _remediation(resource: Resource) -> Iterator[Resource]:
    inputs = dict(resource.inputs)
    parameters = inputs.get("parameters")
    if isinstance(parameters, Mapping):
        inputs["parameters"] = [_parameter(str(name), value) for name, value in parameters.items()]
    yield replace(resource, inputs=inputs)


def _parameter(name: str, value: Any) -> dict[str, Any]:
    given = value if isinstance(value, Mapping) else {}
    resource, static = given.get("ResourceValue"), given.get("StaticValue")
    return {
        "name": name,
        "resourceValue": resource.get("Value") if isinstance(resource, Mapping) else resource,
        "staticValues": static.get("Values") if isinstance(static, Mapping) else static,
    }


def _organization_rule(resource: Resource) -> Iterator[Resource]:
    """An organization's managed rule has its settings in an object of their own."""
    inputs = dict(resource.inputs)
    managed = inputs.pop("organizationManagedRuleMetadata", None)
    yield replace(resource, inputs={**inputs, **(managed if isinstance(managed, Mapping) else {})})


def _managed_policy(resource: Resource) -> Iterator[Resource]:
    inputs = dict(resource.inputs)
    roles = inputs.pop("roles", None)
    yield replace(resource, inputs=inputs)
    if isinstance(roles, list):
        values = {"roles": roles, "policyArn": Reference(resource.urn, "arn")}
        yield _part(resource, "roles", "aws:iam/policyAttachment:PolicyAttachment", values, "roles")


_SHAPERS: Mapping[str, Any] = {
    "aws:s3/bucket:Bucket": _bucket,
    "aws:cloudwatch/eventRule:EventRule": _rule,
    "aws:sns/topic:Topic": _topic,
    "aws:sns/topicPolicy:TopicPolicy": _for_each("topics", "arn"),
    "aws:sqs/queuePolicy:QueuePolicy": _for_each("queues", "queueUrl"),
    "aws:iam/rolePolicy:RolePolicy": _for_each("roles", "role"),
    "aws:iam/policy:Policy": _managed_policy,
    "aws:cfg/organizationManagedRule:OrganizationManagedRule": _organization_rule,
    "aws:lambda/function:Function": _function,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:cfg/remediationConfiguration:RemediationConfiguration": _remediation,
}
