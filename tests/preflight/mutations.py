"""Every mistake of the list, made one at a time in a correct stack: as changes of its graph, and of its template."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from watchkeeper.pulumi.graph import UNKNOWN, Archive, Graph, Resource

Change = Callable[[Graph], Graph]


@dataclass(frozen=True)
class Mutation:
    """A mistake: the check that has to catch it, and how it is made."""

    check: str
    what: str
    change: Change


def named(graph: Graph, name: str) -> Resource:
    return next(resource for resource in graph if resource.name == name)


def put(graph: Graph, *resources: Resource) -> Graph:
    return replace(graph, resources={**graph.resources, **{resource.urn: resource for resource in resources}})


def setting(name: str, path: str, value: Any) -> Change:
    """Set an input (None removes it); ``path`` is dotted, numbers are indexes."""

    def change(graph: Graph) -> Graph:
        resource = named(graph, name)
        inputs = copy.deepcopy(dict(resource.inputs))
        keys = path.split(".")
        inner: Any = inputs
        for key in keys[:-1]:
            inner = inner[int(key)] if key.isdigit() else inner[key]
        last: Any = int(keys[-1]) if keys[-1].isdigit() else keys[-1]
        if value is None:
            del inner[last]
        else:
            inner[last] = value
        return put(graph, replace(resource, inputs=inputs))

    return change


def option(name: str, **options: Any) -> Change:
    return lambda graph: put(graph, replace(named(graph, name), **options))


def without(*names: str) -> Change:
    def change(graph: Graph) -> Graph:
        gone = {named(graph, name).urn for name in names}
        kept = {urn: _forget(resource, gone) for urn, resource in graph.resources.items() if urn not in gone}
        return replace(graph, resources=kept)

    return change


def _forget(resource: Resource, gone: set[str]) -> Resource:
    return replace(
        resource,
        dependencies=tuple(urn for urn in resource.dependencies if urn not in gone),
        property_dependencies={
            key: tuple(urn for urn in urns if urn not in gone) for key, urns in resource.property_dependencies.items()
        },
    )


def unordered(name: str, *earlier: str) -> Change:
    """The resource no longer waits for these."""

    def change(graph: Graph) -> Graph:
        return put(graph, _forget(named(graph, name), {named(graph, item).urn for item in earlier}))

    return change


def policy(name: str, edit: Callable[[list[dict[str, Any]]], list[dict[str, Any]]], path: str = "policy") -> Change:
    """Edit the statements of a policy document in JSON."""

    def change(graph: Graph) -> Graph:
        document = json.loads(named(graph, name).inputs[path])
        document["Statement"] = edit(document["Statement"])
        return setting(name, path, json.dumps(document))(graph)

    return change


def replaced(name: str, path: str, old: str, new: str) -> Change:
    return lambda graph: setting(name, path, named(graph, name).inputs[path].replace(old, new))(graph)


def no_service(service: str) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    return lambda statements: [item for item in statements if item.get("Principal") != {"Service": service}]


def conditioned(service: str) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    condition = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    return lambda statements: [
        {**item, "Condition": condition} if item.get("Principal") == {"Service": service} else item
        for item in statements
    ]


def no_action(action: str | list[str]) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    return lambda statements: [item for item in statements if item["Action"] != action]


def widened(action: str) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    return lambda statements: [{**item, "Resource": "*"} if item["Action"] == action else item for item in statements]


def duplicated(original: str, new: str, **inputs: Any) -> Change:
    def change(graph: Graph) -> Graph:
        one = named(graph, original)
        other = replace(one, urn=f"{one.urn}-2", name=new, inputs={**one.inputs, **inputs}, outputs={})
        return put(graph, other)

    return change


def added(like: str, kind: str, called: str, **inputs: Any) -> Change:
    """A resource of another kind where a resource of the stack is: its parent, its provider."""

    def change(graph: Graph) -> Graph:
        one = named(graph, like)
        urn = f"{one.urn.rpartition('::')[0]}::{called}"
        other = Resource(urn, kind, called, inputs, parent=one.parent, provider=one.provider, position=one.position)
        return put(graph, other)

    return change


def pack_of(rules: int) -> str:
    """A conformance pack's template with so many rules."""
    source = {"Owner": "AWS", "SourceIdentifier": "ENCRYPTED_VOLUMES"}
    rule = {"Type": "AWS::Config::ConfigRule", "Properties": {"Source": source}}
    return json.dumps({"Resources": {f"Rule{number}": rule for number in range(rules)}})


ON_A_SCHEDULE = {
    "owner": "CUSTOM_LAMBDA",
    "sourceIdentifier": UNKNOWN,
    "sourceDetails": [
        {
            "eventSource": "aws.config",
            "messageType": "ScheduledNotification",
            "maximumExecutionFrequency": "TwentyFour_Hours",
        }
    ],
}


def chain(*changes: Change) -> Change:
    def change(graph: Graph) -> Graph:
        for step in changes:
            graph = step(graph)
        return graph

    return change


def role_of(name: str, owner: str) -> Change:
    def change(graph: Graph) -> Graph:
        other = named(graph, owner)
        return chain(
            setting(name, "role", other.inputs["role"]),
            option(
                name,
                property_dependencies={
                    **named(graph, name).property_dependencies,
                    "role": other.property_dependencies["role"],
                },
            ),
        )(graph)

    return change


def code(name: str, text: str) -> Change:
    from watchkeeper.pulumi.graph import Archive, Asset

    return setting(name, "code", Archive(parts={"index.py": Asset(text=text)}))


MANAGED = "arn:aws:iam::aws:policy/service-role/"
READS = """import os

def handler(event, context):
    return os.environ["NOBODY_SETS_ME"], os.environ["ALERT_TOPIC_ARN"]
"""
CALLS = """import boto3

def handler(event, context):
    boto3.client("rds").modify_db_instance(DBInstanceIdentifier="x")
"""
GARBLED = "Calling __str__ on an Output[T] is not supported."

MUTATIONS: tuple[Mutation, ...] = (
    Mutation(
        "aggregator-regions", "twice", setting("aggregator", "accountAggregationSource.regions", ["eu-west-1"] * 2)
    ),
    Mutation("aggregator-source", "none", setting("aggregator", "accountAggregationSource", None)),
    Mutation(
        "managed-policy-exists",
        "ConfigRole beside AWS_ConfigRole",
        duplicated("recorder-managed", "second", policyArn="arn:aws:iam::aws:policy/service-role/ConfigRole"),
    ),
    Mutation(
        "argument-names",
        "misspelled in an object",
        lambda g: setting("aggregator", "accountAggregationSource.allRegion", False)(g),
    ),
    Mutation(
        "argument-names",
        "an object of another class",
        setting("recorder", "recordingMode", {"deliveryFrequency": "TwentyFour_Hours"}),
    ),
    Mutation(
        "argument-names",
        "a text where a truth value belongs",
        setting("recorder", "recordingGroup.includeGlobalResourceTypes", "yes"),
    ),
    Mutation("asset-exists", "a folder that is not there", setting("alerts-function", "code", Archive(path="gone"))),
    Mutation(
        "managed-rule-exists",
        "wrong name",
        setting("instance-type", "source.sourceIdentifier", "EC2_INSTANCE_TYPE_ALLOWED"),
    ),
    Mutation(
        "managed-rule-parameters",
        "wrong parameter",
        setting("instance-type", "inputParameters", '{"instanceTypes": "t3.micro"}'),
    ),
    Mutation("managed-rule-parameters", "missing", setting("instance-type", "inputParameters", None)),
    Mutation(
        "managed-rule-frequency", "on a change rule", setting("instance-type", "maximumExecutionFrequency", "Six_Hours")
    ),
    Mutation(
        "managed-rule-region",
        "not offered",
        setting("bucket-encryption", "source.sourceIdentifier", "CLOUDFRONT_DEFAULT_ROOT_OBJECT_CONFIGURED"),
    ),
    Mutation("rule-needs-recorder", "no order", unordered("instance-type", "recorder-status")),
    Mutation("bucket-public-access-block", "none", without("reports-block")),
    Mutation("bucket-public-access-block", "one switch off", setting("reports-block", "ignorePublicAcls", False)),
    Mutation("config-bucket-policy", "no PutObject", policy("reports-policy", no_action("s3:PutObject"))),
    Mutation(
        "config-bucket-policy",
        "for another ACL",
        replaced("reports-policy", "policy", "bucket-owner-full-control", "private"),
    ),
    Mutation(
        "bucket-secure-transport",
        "of the bucket alone",
        policy(
            "reports-policy",
            lambda s: [{**i, "Resource": i["Resource"][:1]} if i["Effect"] == "Deny" else i for i in s],
        ),
    ),
    Mutation("config-kms-access", "no Config in the key policy", policy("key", no_service("config.amazonaws.com"))),
    Mutation(
        "argument-shape",
        "ARN for a name",
        lambda g: setting("channel", "s3BucketName", named(g, "reports").outputs["arn"])(g),
    ),
    Mutation("argument-shape", "name for an ARN", lambda g: setting("channel", "snsTopicArn", "delivery-dev")(g)),
    Mutation("bucket-encryption", "none", without("reports-encryption")),
    Mutation(
        "bucket-versioning", "suspended", setting("reports-versioning", "versioningConfiguration.status", "Suspended")
    ),
    Mutation(
        "bucket-secure-transport",
        "no deny",
        policy("reports-policy", lambda s: [i for i in s if i["Effect"] == "Allow"]),
    ),
    Mutation("bucket-lifecycle", "none", without("reports-lifecycle")),
    Mutation(
        "hardcoded-region",
        "dashboard",
        lambda g: setting(
            "dashboard",
            "dashboardBody",
            named(g, "dashboard").inputs["dashboardBody"].replace("eu-west-1", "us-east-1"),
        )(g),
    ),
    Mutation("environment-suffix", "rule", setting("processor-schedule", "name", "processor-schedule")),
    Mutation("required-tags", "no owner", setting("alerts", "tags", {"Environment": "dev", "ComplianceLevel": "high"})),
    Mutation("key-rotation", "off", setting("key", "enableKeyRotation", False)),
    Mutation("key-service-principals", "no events", policy("key", no_service("events.amazonaws.com"))),
    Mutation(
        "key-service-principals", "a condition on EventBridge", policy("key", conditioned("events.amazonaws.com"))
    ),
    Mutation("topic-service-principals", "no config", policy("delivery-policy", no_service("config.amazonaws.com"))),
    Mutation("topic-service-principals", "no events", policy("alerts-policy", no_service("events.amazonaws.com"))),
    Mutation(
        "channel-topic-encryption",
        "encrypted",
        lambda g: setting("delivery", "kmsMasterKeyId", named(g, "key").outputs["arn"])(g),
    ),
    Mutation("topic-delivery-policy", "no redrive", setting("alerts-email", "redrivePolicy", None)),
    Mutation("subscription-delivery-policy", "email", setting("alerts-email", "deliveryPolicy", "{}")),
    Mutation("channel-needs-recorder", "no order", unordered("channel", "recorder")),
    Mutation("channel-needs-bucket-policy", "no order", unordered("channel", "reports-policy")),
    Mutation(
        "recorder-never-started",
        "no status",
        chain(
            without("recorder-status"),
            lambda g: _wait(g, "instance-type", "recorder"),
            lambda g: _wait(g, "bucket-encryption", "recorder"),
        ),
    ),
    Mutation("recorder-never-started", "stopped", setting("recorder-status", "isEnabled", False)),
    Mutation("recorder-needs-channel", "no order", unordered("recorder-status", "channel")),
    Mutation(
        "one-recorder-per-region",
        "second recorder",
        chain(duplicated("recorder", "other", name="other-dev"), lambda g: _started(g, "other")),
    ),
    Mutation("recorder-recording-group", "none", setting("recorder", "recordingGroup", None)),
    Mutation("snapshot-frequency", "none", setting("channel", "snapshotDeliveryProperties", None)),
    Mutation("recorder-role", "no managed policy", without("recorder-managed")),
    Mutation("function-environment", "variable", code("alerts-function", READS)),
    Mutation(
        "function-dependencies",
        "by hand",
        unordered("processor-function", "reports", "processor-logs", "processor-policy-iam"),
    ),
    Mutation("function-permissions", "rds", code("alerts-function", CALLS)),
    Mutation("function-permissions", "no publish", policy("alerts-policy-iam", no_action("sns:Publish"))),
    Mutation(
        "role-per-function",
        "shared",
        chain(
            role_of("alerts-function", "processor-function"),
            code("alerts-function", "def handler(event, context):\n    return event\n"),
        ),
    ),
    Mutation("least-privilege", "star", policy("alerts-policy-iam", widened("sns:Publish"))),
    Mutation("least-privilege", "any object", policy("processor-policy-iam", widened("s3:PutObject"))),
    Mutation("function-runtime", "old", setting("alerts-function", "runtime", "python3.8")),
    Mutation("function-runtime", "unheard of", setting("alerts-function", "runtime", "python3.99")),
    Mutation("function-log-retention", "none", without("alerts-logs")),
    Mutation("function-handler", "not there", setting("alerts-function", "handler", "main.handler")),
    Mutation("schedule-expression", "english", setting("processor-schedule", "scheduleExpression", "every 6 hours")),
    Mutation(
        "schedule-expression",
        "seven fields",
        setting("processor-schedule", "scheduleExpression", "cron(0 0 8 * * ? *)"),
    ),
    Mutation("schedule-expression", "plural", setting("processor-schedule", "scheduleExpression", "rate(1 hours)")),
    Mutation("target-permission", "none", without("processor-schedule-permission")),
    Mutation(
        "target-after-permission", "no order", unordered("processor-schedule-target", "processor-schedule-permission")
    ),
    Mutation("event-pattern", "text leaf", setting("alerts-rule", "eventPattern", '{"source": "aws.config"}')),
    Mutation("alarm-metrics", "no such dimension", setting("errors", "dimensions", {"Function": "processor-dev"})),
    Mutation("alarm-metrics", "unpublished", setting("errors", "metricName", "ErrorCount")),
    Mutation("dashboard-body", "not JSON", setting("dashboard", "dashboardBody", '{"widgets": [,]}')),
    Mutation("dashboard-body", "no region", lambda g: _widget(g, lambda w: w["properties"].pop("region"))),
    Mutation(
        "dashboard-metrics",
        "unpublished",
        lambda g: _widget(g, lambda w: w["properties"].update(metrics=[["AWS/Config", "ComplianceScore"]])),
    ),
    Mutation(
        "remediation-parameters",
        "no such value",
        setting("remediation", "parameters.1.resourceValue", "resourceId"),
    ),
    Mutation("remediation-parameters", "none", setting("remediation", "parameters", None)),
    Mutation(
        "remediation-parameters",
        "no role",
        lambda g: setting("remediation", "parameters", named(g, "remediation").inputs["parameters"][1:])(g),
    ),
    Mutation("unresolved-output", "in a message", setting("errors", "alarmDescription", GARBLED)),
    Mutation(
        "component-parent",
        "none",
        lambda g: option("errors", parent=next(r.urn for r in g if r.type == "pulumi:pulumi:Stack"))(g),
    ),
    Mutation("component-outputs", "none", option("monitoring", outputs_registered=False, outputs={})),
    Mutation("destroyable", "protected", option("reports", protect=True)),
    Mutation("destroyable", "no forceDestroy", setting("reports", "forceDestroy", False)),
    Mutation(
        "rule-scope",
        "of a custom rule on a schedule",
        chain(
            setting("instance-type", "inputParameters", None),
            setting("instance-type", "source", ON_A_SCHEDULE),
            setting("instance-type", "scope", {"complianceResourceTypes": ["AWS::EC2::Instance"]}),
        ),
    ),
    Mutation(
        "organization-pack-bucket",
        "of another name",
        added(
            "recorder",
            "aws:cfg/organizationConformancePack:OrganizationConformancePack",
            "pack",
            name="pack-dev",
            deliveryS3Bucket="reports-dev",
            templateBody=pack_of(1),
        ),
    ),
    Mutation(
        "quotas",
        "131 rules",
        added(
            "recorder",
            "aws:cfg/organizationConformancePack:OrganizationConformancePack",
            "pack",
            name="pack-dev",
            templateBody=pack_of(131),
        ),
    ),
    Mutation(
        "bucket-acl",
        "without ownership controls",
        lambda g: added(
            "reports-versioning",
            "aws:s3/bucketAcl:BucketAcl",
            "acl",
            bucket=named(g, "reports").inputs["bucket"],
            acl="private",
        )(g),
    ),
)


def _wait(graph: Graph, later: str, earlier: str) -> Graph:
    resource = named(graph, later)
    return put(graph, replace(resource, dependencies=(*resource.dependencies, named(graph, earlier).urn)))


def _started(graph: Graph, recorder: str) -> Graph:
    other = named(graph, recorder)
    status = named(graph, "recorder-status")
    return put(
        graph,
        replace(status, urn=f"{status.urn}-2", name="status-2", inputs={**status.inputs, "name": other.inputs["name"]}),
    )


def _widget(graph: Graph, edit: Callable[[dict[str, Any]], Any]) -> Graph:
    body = json.loads(named(graph, "dashboard").inputs["dashboardBody"])
    edit(body["widgets"][0])
    return setting("dashboard", "dashboardBody", json.dumps(body))(graph)


# the same mistakes in the equivalent CloudFormation template

TemplateChange = Callable[[dict[str, Any]], None]


def prop(logical: str, path: str, value: Any) -> TemplateChange:
    def change(template: dict[str, Any]) -> None:
        inner: Any = template["Resources"][logical]["Properties"]
        keys = path.split(".")
        for key in keys[:-1]:
            inner = inner[int(key)] if key.isdigit() else inner[key]
        last: Any = int(keys[-1]) if keys[-1].isdigit() else keys[-1]
        if value is None:
            del inner[last]
        else:
            inner[last] = value

    return change


def removed(logical: str) -> TemplateChange:
    return lambda template: template["Resources"].pop(logical)


def copied(logical: str, other: str, **properties: Any) -> TemplateChange:
    """A second resource like one, with other properties."""

    def change(template: dict[str, Any]) -> None:
        one = template["Resources"][logical]
        template["Resources"][other] = {**one, "Properties": {**one["Properties"], **properties}}

    return change


def renamed(logical: str, name: str, other: str) -> TemplateChange:
    def change(template: dict[str, Any]) -> None:
        properties = template["Resources"][logical]["Properties"]
        properties[other] = properties.pop(name)

    return change


def attribute(logical: str, key: str, value: Any) -> TemplateChange:
    return lambda template: template["Resources"][logical].__setitem__(key, value)


def statements(logical: str, keep: Callable[[Mapping[str, Any]], bool], path: str = "PolicyDocument") -> TemplateChange:
    def change(template: dict[str, Any]) -> None:
        document = template["Resources"][logical]["Properties"][path]
        document["Statement"] = [item for item in document["Statement"] if keep(item)]

    return change


def not_service(service: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda item: item.get("Principal") != {"Service": service}


TEMPLATE_MUTATIONS: tuple[tuple[str, TemplateChange], ...] = (
    ("aggregator-regions", prop("Aggregator", "AccountAggregationSources.0.AwsRegions", ["eu-west-1", "eu-west-1"])),
    ("aggregator-source", prop("Aggregator", "AccountAggregationSources", None)),
    (
        "managed-policy-exists",
        lambda t: t["Resources"]["RecorderRole"]["Properties"]["ManagedPolicyArns"].append(
            "arn:aws:iam::aws:policy/service-role/ConfigRole"
        ),
    ),
    ("managed-rule-exists", prop("InstanceType", "Source.SourceIdentifier", "EC2_INSTANCE_TYPE_ALLOWED")),
    ("managed-rule-parameters", prop("InstanceType", "InputParameters", {"instanceTypes": "t3.micro"})),
    ("managed-rule-frequency", prop("InstanceType", "MaximumExecutionFrequency", "Six_Hours")),
    ("rule-needs-recorder", lambda t: t["Resources"]["InstanceType"].pop("DependsOn")),
    ("bucket-public-access-block", prop("Reports", "PublicAccessBlockConfiguration", None)),
    ("config-bucket-policy", statements("ReportsPolicy", lambda item: item["Action"] != "s3:PutObject")),
    ("config-kms-access", statements("Key", not_service("config.amazonaws.com"), "KeyPolicy")),
    ("argument-shape", prop("Channel", "S3BucketName", {"Fn::GetAtt": ["Reports", "Arn"]})),
    ("bucket-encryption", prop("Reports", "BucketEncryption", None)),
    ("bucket-versioning", prop("Reports", "VersioningConfiguration", None)),
    ("bucket-secure-transport", statements("ReportsPolicy", lambda item: item["Effect"] == "Allow")),
    ("bucket-lifecycle", prop("Reports", "LifecycleConfiguration", None)),
    (
        "hardcoded-region",
        lambda t: t["Resources"]["Dashboard"]["Properties"].__setitem__(
            "DashboardBody",
            {
                "Fn::Sub": t["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"].replace(
                    "${AWS::Region}", "us-east-1"
                )
            },
        ),
    ),
    ("environment-suffix", prop("Alerts", "TopicName", "alerts")),
    ("required-tags", prop("Alerts", "Tags", None)),
    ("key-rotation", prop("Key", "EnableKeyRotation", False)),
    ("key-service-principals", statements("Key", not_service("events.amazonaws.com"), "KeyPolicy")),
    ("topic-service-principals", statements("AlertsPolicy", not_service("events.amazonaws.com"))),
    ("channel-topic-encryption", prop("Delivery", "KmsMasterKeyId", {"Ref": "Key"})),
    ("topic-delivery-policy", prop("AlertsEmail", "RedrivePolicy", None)),
    ("subscription-delivery-policy", prop("AlertsEmail", "DeliveryPolicy", {"healthyRetryPolicy": {"numRetries": 3}})),
    ("channel-needs-bucket-policy", lambda t: t["Resources"]["Channel"].pop("DependsOn")),
    ("recorder-recording-group", prop("Recorder", "RecordingGroup", None)),
    ("snapshot-frequency", prop("Channel", "ConfigSnapshotDeliveryProperties", None)),
    ("recorder-role", prop("RecorderRole", "ManagedPolicyArns", None)),
    ("function-environment", prop("Notify", "Environment", None)),
    (
        "function-permissions",
        prop(
            "NotifyRole",
            "Policies.0.PolicyDocument.Statement",
            [{"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": {"Fn::Sub": "${NotifyLogs.Arn}:*"}}],
        ),
    ),
    ("least-privilege", prop("NotifyRole", "Policies.0.PolicyDocument.Statement.0.Resource", "*")),
    ("function-runtime", prop("Notify", "Runtime", "python3.8")),
    ("function-log-retention", prop("NotifyLogs", "RetentionInDays", None)),
    ("schedule-expression", prop("Schedule", "ScheduleExpression", "every 6 hours")),
    ("target-permission", removed("SchedulePermission")),
    ("event-pattern", prop("AlertsRule", "EventPattern", {"source": "aws.config"})),
    ("alarm-metrics", prop("Errors", "MetricName", "ErrorCount")),
    ("dashboard-body", prop("Dashboard", "DashboardBody", '{"widgets": [,]}')),
    (
        "dashboard-metrics",
        lambda t: t["Resources"]["Dashboard"]["Properties"].__setitem__(
            "DashboardBody",
            {
                "Fn::Sub": t["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"].replace(
                    "Invocations", "Invocation"
                )
            },
        ),
    ),
    ("remediation-parameters", prop("Remediation", "Parameters", None)),
    ("remediation-parameters", prop("Remediation", "Parameters.AutomationAssumeRole", None)),
    ("argument-names", renamed("Recorder", "RoleARN", "RoleArn")),
    ("argument-names", prop("InstanceType", "Tags", [])),
    ("argument-shape", prop("Channel", "SnsTopicARN", {"Fn::GetAtt": ["Delivery", "TopicName"]})),
    (
        "function-dependencies",
        prop("Notify", "Environment.Variables.REPORTS", {"Fn::Sub": "reports-${EnvironmentSuffix}-${AWS::AccountId}"}),
    ),
    ("function-handler", prop("Notify", "Handler", "main.handler")),
    ("one-recorder-per-region", copied("Recorder", "Other", Name={"Fn::Sub": "other-${EnvironmentSuffix}"})),
    ("recorder-never-started", prop("Recorder", "StartedOnCreate", False)),
    ("unresolved-output", prop("Errors", "AlarmDescription", "for [object Object]")),
    ("destroyable", attribute("Reports", "DeletionPolicy", "Retain")),
    ("bucket-acl", prop("Reports", "AccessControl", "LogDeliveryWrite")),
    ("circular-references", attribute("Key", "DependsOn", ["NotifyRole", "Notify"])),
    ("unsubstituted-reference", prop("Errors", "AlarmDescription", "Errors of ${Notify}")),
)


def child_of(name: str, parent: str) -> Change:
    return lambda graph: option(name, parent=named(graph, parent).urn)(graph)


def waits(later: str, earlier: str) -> Change:
    return lambda graph: _wait(graph, later, earlier)


REGION_MUTATIONS: tuple[Mutation, ...] = (
    Mutation("recorder-needs-channel", "not its region's", child_of("started-sydney", "recorder-sydney")),
    Mutation("recorder-needs-channel", "none in the region", without("channel-virginia")),
    Mutation(
        "channel-needs-recorder",
        "not its region's",
        chain(child_of("channel-sydney", "opened"), waits("channel-sydney", "recorder-ireland")),
    ),
    Mutation(
        "recorder-never-started",
        "in one region",
        chain(without("started-virginia"), waits("versioning-virginia", "recorder-virginia")),
    ),
    Mutation(
        "rule-needs-recorder",
        "not its region's",
        chain(unordered("versioning-sydney", "started-sydney"), waits("versioning-sydney", "started-ireland")),
    ),
    Mutation(
        "one-recorder-per-region",
        "one by a provider, one by region",
        chain(
            *(
                setting(f"{part}-sydney", "region", "us-east-1")
                for part in ("recorder", "channel", "started", "versioning")
            )
        ),
    ),
    Mutation("config-bucket-policy", "another prefix", setting("channel-sydney", "s3KeyPrefix", "elsewhere")),
    Mutation(
        "managed-policy-exists",
        "in a role's list",
        setting("recorder", "managedPolicyArns", [f"{MANAGED}AWS_ConfigRole", f"{MANAGED}ConfigRole"]),
    ),
)
"""The same for the program in several regions."""

EVENT_MUTATIONS: tuple[Mutation, ...] = (
    Mutation("managed-rule-exists", "in a pack", replaced("pack", "templateBody", "ACCESS_KEYS", "ACCESS_KEY")),
    Mutation("managed-rule-parameters", "in a pack", replaced("pack", "templateBody", "maxAccessKeyAge", "maxKeyAge")),
    Mutation("target-permission", "no permission for Config", without("judge-permission")),
    Mutation(
        "target-permission",
        "EventBridge's for Config's",
        setting("judge-permission", "principal", "events.amazonaws.com"),
    ),
    Mutation("target-after-permission", "rule before permission", unordered("owner", "judge-permission")),
    Mutation("target-permission", "a schedule's role", policy("invoker-rights", no_action("lambda:InvokeFunction"))),
    Mutation("topic-service-principals", "no policy of the dead letters", without("letters-policy")),
    Mutation(
        "function-permissions",
        "a table's query",
        policy("worker-rights", no_action(["dynamodb:PutItem", "dynamodb:Query"])),
    ),
    Mutation("function-permissions", "an imported client", policy("judge-rights", no_action("config:PutEvaluations"))),
    Mutation("function-environment", "in a dataclass", setting("worker", "environment.variables", {"TABLE": "seen"})),
    Mutation("function-handler", "in S3", setting("report", "handler", "report.main")),
    Mutation(
        "event-pattern", "a field of another spelling", setting("changes-rule", "eventPattern", '{"detailType": ["x"]}')
    ),
)
"""The same for the program with rules of its own, queues and schedules."""
