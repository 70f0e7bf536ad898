"""A correct Terraform configuration, what `terraform show -json` prints of its plan, and each mistake made in it.

Written after https://developer.hashicorp.com/terraform/internals/json-format: what AWS computes is in ``after_unknown``
only, a configuration names what an expression refers to and not how it is composed, local values are not in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Arguments = dict[str, Any]
Terraform = dict[str, Arguments]
"""Arguments by address; a list of objects is a block that is repeated."""
PlanChange = Callable[[Terraform], Any]
COMPUTED: Mapping[str, tuple[str, ...]] = {
    "aws_config_configuration_recorder": ("recording_group", "recording_mode"),
    "aws_s3_bucket": ("policy", "versioning", "server_side_encryption_configuration", "lifecycle_rule", "bucket"),
    "aws_kms_key": ("policy", "key_id"),
    "aws_sns_topic": ("policy", "owner"),
    "aws_sqs_queue": ("policy", "url"),
    "aws_iam_role": ("inline_policy", "managed_policy_arns", "unique_id"),
    "aws_lambda_function": ("invoke_arn", "code_sha256", "version"),
}
"""What the provider fills in where nobody says it."""


@dataclass(frozen=True)
class Ref:
    """An expression: what it refers to, and its value where that is known when the plan is made."""

    name: str
    value: Any = None


def plan(resources: Terraform, modules: Mapping[str, Arguments] | None = None) -> dict[str, Any]:
    """The document. ``modules`` has the arguments of each module call, and its ``outputs``."""
    root: dict[str, Any] = {"resources": [], "module_calls": {}}
    planned: dict[str, Any] = {"resources": [], "child_modules": []}
    for name, call in (modules or {}).items():
        outputs = {key: {"expression": _expression(value)} for key, value in call.get("outputs", {}).items()}
        arguments = {key: _expression(value) for key, value in call.items() if key not in ("outputs", "depends_on")}
        inner = {"resources": [], "outputs": outputs}
        root["module_calls"][name] = {"source": f"./{name}", "expressions": arguments, "module": inner}
        if "depends_on" in call:
            root["module_calls"][name]["depends_on"] = call["depends_on"]
        planned["child_modules"].append({"address": f"module.{name}", "resources": []})
    changes = []
    for address, arguments in resources.items():
        module = address.split(".")[1] if address.startswith("module.") else ""
        local = address.split(".", 2)[2] if module else address
        data = local.startswith("data.")
        kind, _, name = local.removeprefix("data.").partition(".")
        given = {key: value for key, value in arguments.items() if key != "depends_on"}
        block = {
            "address": local,
            "mode": "data" if data else "managed",
            "type": kind,
            "name": name,
            "provider_config_key": "aws",
            "expressions": {key: _expression(value) for key, value in given.items()},
        }
        if "depends_on" in arguments:
            block["depends_on"] = arguments["depends_on"]
        place = root["module_calls"][module]["module"] if module else root
        place["resources"].append(block)
        values, unknown = _split(given)
        computed = [key for key in ("id", "arn", *COMPUTED.get(kind, ())) if key not in given]
        changes.append(
            {
                "address": address,
                "mode": block["mode"],
                "type": kind,
                "change": {
                    "actions": ["read"] if data else ["create"],
                    "before": None,
                    "after": values,
                    "after_unknown": {**unknown, **dict.fromkeys(computed, True)},
                },
            }
        )
        if not data:
            item = {"address": address, "mode": "managed", "type": kind, "name": name, "values": values}
            shown = (
                next(i for i in planned["child_modules"] if i["address"] == f"module.{module}") if module else planned
            )
            shown["resources"].append(item)
    root["provider"] = None
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.8",
        "variables": {"environment": {"value": "dev"}, "region": {"value": "eu-west-1"}},
        "planned_values": {"root_module": planned},
        "resource_changes": changes,
        "configuration": {
            "provider_config": {"aws": {"name": "aws", "expressions": {"region": {"references": ["var.region"]}}}},
            "root_module": root,
        },
    }


def _expression(value: Any) -> Any:
    if isinstance(value, Ref):
        parts = value.name.split(".")
        shorter = ".".join(parts[:-1])
        return {"references": [value.name, *([shorter] if len(parts) > 2 else [])]}
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return [{key: _expression(inner) for key, inner in item.items()} for item in value]
    if isinstance(value, list) and any(isinstance(item, Ref) for item in value):
        names = [name for item in value if isinstance(item, Ref) for name in _expression(item)["references"]]
        return {"references": names}
    if isinstance(value, dict) and any(isinstance(item, Ref) for item in value.values()):
        names = [name for item in value.values() if isinstance(item, Ref) for name in _expression(item)["references"]]
        return {"references": names}
    return {"constant_value": value}


def _split(value: Any) -> tuple[Any, Any]:
    """What is known of a value, and what is not (``True`` where all of it is unknown)."""
    if isinstance(value, Ref):
        return (None, True) if value.value is None else (value.value, False)
    if isinstance(value, dict):
        pairs = {key: _split(item) for key, item in value.items()}
        known = {key: item for key, (item, unknown) in pairs.items() if unknown is not True}
        return known, {key: unknown for key, (_, unknown) in pairs.items() if unknown}
    if isinstance(value, list):
        halves = [_split(item) for item in value]
        return [known for known, _ in halves], ([unknown for _, unknown in halves] if halves else False)
    return value, False


def allow(service: str, *actions: str, resources: list[Any] | None = None, **more: Any) -> Arguments:
    """One statement of a policy document data source."""
    principals = [{"type": "Service", "identifiers": [service]}]
    return {"actions": list(actions), "resources": resources or ["*"], "principals": principals, **more}


def assume(service: str) -> str:
    """A trust policy, as `jsonencode` gives it."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


TAGS = {"Owner": "security", "Environment": "dev", "ComplianceLevel": "high"}
CODE = """import os
import boto3

sns = boto3.client("sns")

def handler(event, context):
    sns.publish(TopicArn=os.environ["ALERT_TOPIC_ARN"], Message=str(event))
"""
BUCKET = Ref("aws_s3_bucket.reports.id")
BUCKET_ARN = Ref("aws_s3_bucket.reports.arn")
OBJECTS = Ref("aws_s3_bucket.reports.arn")
"""`"${aws_s3_bucket.reports.arn}/AWSLogs/…"`: a plan says what it refers to, no more."""
BODY = {
    "widgets": [
        {
            "type": "metric",
            "x": 0,
            "y": 0,
            "width": 12,
            "height": 6,
            "properties": {
                "region": "eu-west-1",
                "metrics": [["AWS/Lambda", "Invocations", "FunctionName", "notify-dev"]],
            },
        }
    ]
}


def correct() -> tuple[Terraform, dict[str, Arguments]]:
    """The resources and the module calls of a correct deployment, new each time."""
    http = {"test": "Bool", "variable": "aws:SecureTransport", "values": ["false"]}
    everyone = [{"type": "*", "identifiers": ["*"]}]
    root = [{"type": "AWS", "identifiers": ["arn:aws:iam::123456789012:root"]}]
    use = ("kms:Decrypt", "kms:GenerateDataKey")
    resources: Terraform = {
        "data.aws_iam_policy_document.key": {
            "statement": [
                {"actions": ["kms:*"], "resources": ["*"], "principals": root},
                allow("config.amazonaws.com", *use),
                allow("events.amazonaws.com", *use),
                allow("cloudwatch.amazonaws.com", *use),
            ]
        },
        "aws_kms_key.main": {
            "enable_key_rotation": True,
            "policy": Ref("data.aws_iam_policy_document.key.json"),
            "tags": dict(TAGS),
        },
        "aws_s3_bucket.reports": {"bucket": "reports-dev-123456789012", "force_destroy": True, "tags": dict(TAGS)},
        "aws_s3_bucket_versioning.reports": {
            "bucket": BUCKET,
            "versioning_configuration": [{"status": "Enabled"}],
        },
        "aws_s3_bucket_server_side_encryption_configuration.reports": {
            "bucket": BUCKET,
            "rule": [
                {
                    "bucket_key_enabled": True,
                    "apply_server_side_encryption_by_default": [
                        {"sse_algorithm": "aws:kms", "kms_master_key_id": Ref("aws_kms_key.main.arn")}
                    ],
                }
            ],
        },
        "aws_s3_bucket_public_access_block.reports": {
            "bucket": BUCKET,
            "block_public_acls": True,
            "block_public_policy": True,
            "ignore_public_acls": True,
            "restrict_public_buckets": True,
        },
        "aws_s3_bucket_lifecycle_configuration.reports": {
            "bucket": BUCKET,
            "rule": [{"id": "expire", "status": "Enabled", "expiration": [{"days": 30}]}],
        },
        "data.aws_iam_policy_document.reports": {
            "statement": [
                {
                    "effect": "Deny",
                    "actions": ["s3:*"],
                    "resources": [BUCKET_ARN, OBJECTS],
                    "principals": everyone,
                    "condition": [http],
                },
                allow("config.amazonaws.com", "s3:GetBucketAcl", "s3:ListBucket", resources=[BUCKET_ARN]),
                allow("config.amazonaws.com", "s3:PutObject", resources=[OBJECTS]),
            ]
        },
        "aws_s3_bucket_policy.reports": {
            "bucket": BUCKET,
            "policy": Ref("data.aws_iam_policy_document.reports.json"),
        },
        "aws_sqs_queue.letters": {"name": "letters-dev", "sqs_managed_sse_enabled": True, "tags": dict(TAGS)},
        "data.aws_iam_policy_document.letters": {
            "statement": [allow("sns.amazonaws.com", "sqs:SendMessage", resources=[Ref("aws_sqs_queue.letters.arn")])]
        },
        "aws_sqs_queue_policy.letters": {
            "queue_url": Ref("aws_sqs_queue.letters.id"),
            "policy": Ref("data.aws_iam_policy_document.letters.json"),
        },
        "aws_sns_topic.alerts": {
            "name": "alerts-dev",
            "kms_master_key_id": Ref("aws_kms_key.main.arn"),
            "tags": dict(TAGS),
        },
        "data.aws_iam_policy_document.alerts": {
            "statement": [
                allow("events.amazonaws.com", "sns:Publish", resources=[Ref("aws_sns_topic.alerts.arn")]),
                allow("cloudwatch.amazonaws.com", "sns:Publish", resources=[Ref("aws_sns_topic.alerts.arn")]),
            ]
        },
        "aws_sns_topic_policy.alerts": {
            "arn": Ref("aws_sns_topic.alerts.arn"),
            "policy": Ref("data.aws_iam_policy_document.alerts.json"),
        },
        "aws_sns_topic_subscription.email": {
            "topic_arn": Ref("aws_sns_topic.alerts.arn"),
            "protocol": "email",
            "endpoint": "security@example.com",
            "redrive_policy": Ref("aws_sqs_queue.letters.arn"),
        },
        "aws_sns_topic.delivery": {"name": "delivery-dev", "tags": dict(TAGS)},
        "data.aws_iam_policy_document.delivery": {
            "statement": [
                allow("config.amazonaws.com", "sns:Publish", resources=[Ref("aws_sns_topic.delivery.arn")]),
            ]
        },
        "aws_sns_topic_policy.delivery": {
            "arn": Ref("aws_sns_topic.delivery.arn"),
            "policy": Ref("data.aws_iam_policy_document.delivery.json"),
        },
        "aws_iam_role.recorder": {
            "name": "recorder-role-dev",
            "assume_role_policy": assume("config.amazonaws.com"),
            "tags": dict(TAGS),
        },
        "aws_iam_role_policy_attachment.recorder": {
            "role": Ref("aws_iam_role.recorder.name", "recorder-role-dev"),
            "policy_arn": "arn:aws:iam::aws:policy/service-role/AWS_ConfigRole",
        },
        "aws_config_configuration_recorder.main": {
            "name": "recorder-dev",
            "role_arn": Ref("aws_iam_role.recorder.arn"),
            "recording_group": [{"all_supported": True, "include_global_resource_types": True}],
        },
        "aws_config_delivery_channel.main": {
            "name": "channel-dev",
            "s3_bucket_name": BUCKET,
            "sns_topic_arn": Ref("aws_sns_topic.delivery.arn"),
            "snapshot_delivery_properties": [{"delivery_frequency": "TwentyFour_Hours"}],
            "depends_on": ["aws_config_configuration_recorder.main", "aws_s3_bucket_policy.reports"],
        },
        "aws_config_configuration_recorder_status.main": {
            "name": Ref("aws_config_configuration_recorder.main.name", "recorder-dev"),
            "is_enabled": True,
            "depends_on": ["aws_config_delivery_channel.main"],
        },
        "aws_config_config_rule.instance_type": {
            "name": "instance-type-dev",
            "source": [{"owner": "AWS", "source_identifier": "DESIRED_INSTANCE_TYPE"}],
            "input_parameters": '{"instanceType": "t3.micro,t3.small"}',
            "tags": dict(TAGS),
            "depends_on": ["aws_config_configuration_recorder_status.main"],
        },
        "aws_iam_role.remediation": {
            "name": "remediation-role-dev",
            "assume_role_policy": assume("ssm.amazonaws.com"),
            "tags": dict(TAGS),
        },
        "aws_config_remediation_configuration.stop": {
            "config_rule_name": Ref("aws_config_config_rule.instance_type.name", "instance-type-dev"),
            "target_type": "SSM_DOCUMENT",
            "target_id": "AWS-StopEC2Instance",
            "automatic": True,
            "maximum_automatic_attempts": 5,
            "retry_attempt_seconds": 60,
            "parameter": [
                {"name": "AutomationAssumeRole", "static_value": Ref("aws_iam_role.remediation.arn")},
                {"name": "InstanceId", "resource_value": "RESOURCE_ID"},
            ],
        },
        "aws_config_configuration_aggregator.all": {
            "name": "aggregator-dev",
            "account_aggregation_source": [{"account_ids": ["123456789012"], "regions": ["eu-west-1", "us-east-1"]}],
            "tags": dict(TAGS),
        },
        "module.notify.aws_cloudwatch_log_group.this": {
            "name": "/aws/lambda/notify-dev",
            "retention_in_days": 7,
            "tags": dict(TAGS),
        },
        "module.notify.aws_iam_role.this": {
            "name": "notify-role-dev",
            "assume_role_policy": assume("lambda.amazonaws.com"),
            "tags": dict(TAGS),
        },
        "module.notify.data.aws_iam_policy_document.this": {
            "statement": [
                {"actions": ["sns:Publish"], "resources": [Ref("var.topic_arn")]},
                {
                    "actions": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "resources": [Ref("aws_cloudwatch_log_group.this.arn")],
                },
                {"actions": list(use), "resources": [Ref("var.key_arn")]},
            ]
        },
        "module.notify.aws_iam_role_policy.this": {
            "name": "notify-dev",
            "role": Ref("aws_iam_role.this.id"),
            "policy": Ref("data.aws_iam_policy_document.this.json"),
        },
        "module.notify.data.archive_file.code": {
            "type": "zip",
            "output_path": "build/notify.zip",
            "source_content": CODE,
            "source_content_filename": "index.py",
        },
        "module.notify.aws_lambda_function.this": {
            "function_name": "notify-dev",
            "role": Ref("aws_iam_role.this.arn"),
            "runtime": "python3.13",
            "handler": "index.handler",
            "filename": Ref("data.archive_file.code.output_path", "build/notify.zip"),
            "environment": [{"variables": {"ALERT_TOPIC_ARN": Ref("var.topic_arn")}}],
            "tags": dict(TAGS),
            "depends_on": ["aws_cloudwatch_log_group.this"],
        },
        "aws_cloudwatch_event_rule.schedule": {
            "name": "notify-schedule-dev",
            "schedule_expression": "rate(6 hours)",
            "tags": dict(TAGS),
        },
        "aws_lambda_permission.schedule": {
            "action": "lambda:InvokeFunction",
            "function_name": Ref("module.notify.name", "notify-dev"),
            "principal": "events.amazonaws.com",
            "source_arn": Ref("aws_cloudwatch_event_rule.schedule.arn"),
        },
        "aws_cloudwatch_event_target.schedule": {
            "rule": Ref("aws_cloudwatch_event_rule.schedule.name", "notify-schedule-dev"),
            "arn": Ref("module.notify.arn"),
            "depends_on": ["aws_lambda_permission.schedule"],
        },
        "aws_cloudwatch_event_rule.changes": {
            "name": "alerts-rule-dev",
            "event_pattern": '{"source": ["aws.config"], "detail-type": ["Config Rules Compliance Change"]}',
            "tags": dict(TAGS),
        },
        "aws_cloudwatch_event_target.changes": {
            "rule": Ref("aws_cloudwatch_event_rule.changes.name", "alerts-rule-dev"),
            "arn": Ref("aws_sns_topic.alerts.arn"),
        },
        "aws_cloudwatch_metric_alarm.errors": {
            "alarm_name": "errors-dev",
            "namespace": "AWS/Lambda",
            "metric_name": "Errors",
            "dimensions": {"FunctionName": Ref("module.notify.name", "notify-dev")},
            "comparison_operator": "GreaterThanThreshold",
            "evaluation_periods": 1,
            "period": 300,
            "statistic": "Sum",
            "threshold": 0,
            "alarm_actions": [Ref("aws_sns_topic.alerts.arn")],
            "tags": dict(TAGS),
        },
        "aws_cloudwatch_dashboard.main": {"dashboard_name": "dashboard-dev", "dashboard_body": json.dumps(BODY)},
    }
    modules = {
        "notify": {
            "topic_arn": Ref("aws_sns_topic.alerts.arn"),
            "key_arn": Ref("aws_kms_key.main.arn"),
            "outputs": {
                "arn": Ref("aws_lambda_function.this.arn"),
                "name": Ref("aws_lambda_function.this.function_name"),
            },
        }
    }
    return resources, modules


def argument(address: str, path: str, value: Any) -> PlanChange:
    """Set an argument (None removes it); ``path`` is dotted, numbers are indexes."""

    def change(resources: Terraform) -> None:
        inner: Any = resources[address]
        *keys, last = [int(key) if key.isdigit() else key for key in path.split(".")]
        for key in keys:
            inner = inner[key]
        if value is None:
            del inner[last]
        else:
            inner[last] = value

    return change


def gone(*addresses: str) -> PlanChange:
    return lambda resources: [resources.pop(address) for address in addresses]


def added(address: str, like: str, **arguments: Any) -> PlanChange:
    return lambda resources: resources.__setitem__(address, {**resources[like], **arguments})


def kept(address: str, keep: Callable[[Arguments], bool]) -> PlanChange:
    def change(resources: Terraform) -> None:
        resources[address]["statement"] = [item for item in resources[address]["statement"] if keep(item)]

    return change


def not_for(service: str) -> Callable[[Arguments], bool]:
    return lambda item: [part["identifiers"] for part in item["principals"]] != [[service]]


def body(old: str, new: str) -> PlanChange:
    return lambda resources: argument(
        "aws_cloudwatch_dashboard.main", "dashboard_body", json.dumps(BODY).replace(old, new)
    )(resources)


def several(*changes: PlanChange) -> PlanChange:
    return lambda resources: [change(resources) for change in changes]


CHANNEL = "aws_config_delivery_channel.main"
RECORDER = "aws_config_configuration_recorder.main"
STATUS = "aws_config_configuration_recorder_status.main"
RULE = "aws_config_config_rule.instance_type"
FUNCTION = "module.notify.aws_lambda_function.this"
READS = CODE.replace("str(event)", 'os.environ["NOBODY_SETS_ME"]')
CALLS = CODE.replace("sns.publish(", 'boto3.client("rds").modify_db_instance(DBInstanceIdentifier="x"); sns.publish(')
PLAN_MUTATIONS: tuple[tuple[str, str, PlanChange], ...] = (
    (
        "aggregator-regions",
        "eu-west-1",
        argument(
            "aws_config_configuration_aggregator.all",
            "account_aggregation_source.0.regions",
            ["eu-west-1", "eu-west-1"],
        ),
    ),
    (
        "aggregator-source",
        "aws_config_configuration_aggregator.all",
        argument("aws_config_configuration_aggregator.all", "account_aggregation_source", None),
    ),
    (
        "managed-policy-exists",
        "service-role/ConfigRole",
        added(
            "aws_iam_role_policy_attachment.second",
            "aws_iam_role_policy_attachment.recorder",
            policy_arn="arn:aws:iam::aws:policy/service-role/ConfigRole",
        ),
    ),
    (
        "managed-rule-exists",
        "EC2_INSTANCE_TYPE_ALLOWED",
        argument(RULE, "source.0.source_identifier", "EC2_INSTANCE_TYPE_ALLOWED"),
    ),
    (
        "managed-rule-parameters",
        "instanceTypes",
        argument(RULE, "input_parameters", '{"instanceTypes": "t3.micro"}'),
    ),
    ("managed-rule-frequency", "Six_Hours", argument(RULE, "maximum_execution_frequency", "Six_Hours")),
    (
        "managed-rule-region",
        "CLOUDFRONT_DEFAULT_ROOT_OBJECT_CONFIGURED",
        several(
            argument(RULE, "source.0.source_identifier", "CLOUDFRONT_DEFAULT_ROOT_OBJECT_CONFIGURED"),
            argument(RULE, "input_parameters", None),
        ),
    ),
    ("rule-needs-recorder", RECORDER, argument(RULE, "depends_on", None)),
    (
        "bucket-public-access-block",
        "aws_s3_bucket.reports",
        gone("aws_s3_bucket_public_access_block.reports"),
    ),
    (
        "bucket-public-access-block",
        "ignore_public_acls",
        argument("aws_s3_bucket_public_access_block.reports", "ignore_public_acls", False),
    ),
    (
        "config-bucket-policy",
        "s3:PutObject",
        kept("data.aws_iam_policy_document.reports", lambda item: item["actions"] != ["s3:PutObject"]),
    ),
    (
        "config-kms-access",
        "aws_kms_key.main",
        kept("data.aws_iam_policy_document.key", not_for("config.amazonaws.com")),
    ),
    ("argument-shape", "s3_bucket_name", argument(CHANNEL, "s3_bucket_name", BUCKET_ARN)),
    ("argument-shape", "delivery-dev", argument(CHANNEL, "sns_topic_arn", "delivery-dev")),
    (
        "bucket-encryption",
        "aws_s3_bucket.reports",
        gone("aws_s3_bucket_server_side_encryption_configuration.reports"),
    ),
    (
        "bucket-versioning",
        "aws_s3_bucket.reports",
        argument("aws_s3_bucket_versioning.reports", "versioning_configuration.0.status", "Suspended"),
    ),
    (
        "bucket-secure-transport",
        "aws_s3_bucket.reports",
        kept("data.aws_iam_policy_document.reports", lambda item: item.get("effect") != "Deny"),
    ),
    ("bucket-lifecycle", "aws_s3_bucket.reports", gone("aws_s3_bucket_lifecycle_configuration.reports")),
    ("hardcoded-region", "us-east-1", body("eu-west-1", "us-east-1")),
    ("environment-suffix", "alerts", argument("aws_sns_topic.alerts", "name", "alerts")),
    ("required-tags", "Owner", argument("aws_sns_topic.alerts", "tags", {"Environment": "dev"})),
    ("key-rotation", "aws_kms_key.main", argument("aws_kms_key.main", "enable_key_rotation", False)),
    (
        "key-service-principals",
        "events.amazonaws.com",
        kept("data.aws_iam_policy_document.key", not_for("events.amazonaws.com")),
    ),
    (
        "topic-service-principals",
        "config.amazonaws.com",
        kept("data.aws_iam_policy_document.delivery", not_for("config.amazonaws.com")),
    ),
    (
        "topic-service-principals",
        "events.amazonaws.com",
        kept("data.aws_iam_policy_document.alerts", not_for("events.amazonaws.com")),
    ),
    (
        "channel-topic-encryption",
        "aws_sns_topic.delivery",
        argument("aws_sns_topic.delivery", "kms_master_key_id", Ref("aws_kms_key.main.arn")),
    ),
    (
        "topic-delivery-policy",
        "aws_sns_topic_subscription.email",
        argument("aws_sns_topic_subscription.email", "redrive_policy", None),
    ),
    (
        "subscription-delivery-policy",
        "email",
        argument("aws_sns_topic_subscription.email", "delivery_policy", '{"healthyRetryPolicy": {"numRetries": 3}}'),
    ),
    ("channel-needs-recorder", RECORDER, argument(CHANNEL, "depends_on", ["aws_s3_bucket_policy.reports"])),
    ("channel-needs-bucket-policy", "aws_s3_bucket_policy.reports", argument(CHANNEL, "depends_on", [RECORDER])),
    (
        "recorder-never-started",
        RECORDER,
        several(gone(STATUS), argument(RULE, "depends_on", [RECORDER])),
    ),
    ("recorder-never-started", "is_enabled", argument(STATUS, "is_enabled", False)),
    ("recorder-needs-channel", CHANNEL, argument(STATUS, "depends_on", None)),
    (
        "one-recorder-per-region",
        RECORDER,
        several(
            added("aws_config_configuration_recorder.other", RECORDER, name="other-dev"),
            added("aws_config_configuration_recorder_status.other", STATUS, name="other-dev"),
        ),
    ),
    ("recorder-recording-group", "recording_group", argument(RECORDER, "recording_group", None)),
    ("snapshot-frequency", CHANNEL, argument(CHANNEL, "snapshot_delivery_properties", None)),
    ("recorder-role", "aws_iam_role.recorder", gone("aws_iam_role_policy_attachment.recorder")),
    (
        "function-environment",
        "NOBODY_SETS_ME",
        argument("module.notify.data.archive_file.code", "source_content", READS),
    ),
    ("function-dependencies", "module.notify.aws_cloudwatch_log_group.this", argument(FUNCTION, "depends_on", None)),
    (
        "function-permissions",
        "rds:ModifyDBInstance",
        argument("module.notify.data.archive_file.code", "source_content", CALLS),
    ),
    (
        "role-per-function",
        "module.notify.aws_iam_role.this",
        several(
            added("module.notify.aws_lambda_function.other", FUNCTION, function_name="other-dev"),
            added(
                "module.notify.aws_cloudwatch_log_group.other",
                "module.notify.aws_cloudwatch_log_group.this",
                name="/aws/lambda/other-dev",
            ),
            argument("module.notify.aws_lambda_function.other", "depends_on", ["aws_cloudwatch_log_group.other"]),
        ),
    ),
    (
        "least-privilege",
        "sns:Publish",
        argument("module.notify.data.aws_iam_policy_document.this", "statement.0.resources", ["*"]),
    ),
    ("function-runtime", "python3.8", argument(FUNCTION, "runtime", "python3.8")),
    (
        "function-log-retention",
        "module.notify.aws_cloudwatch_log_group.this",
        argument("module.notify.aws_cloudwatch_log_group.this", "retention_in_days", None),
    ),
    ("function-handler", "main.handler", argument(FUNCTION, "handler", "main.handler")),
    (
        "schedule-expression",
        "every 6 hours",
        argument("aws_cloudwatch_event_rule.schedule", "schedule_expression", "every 6 hours"),
    ),
    (
        "target-permission",
        FUNCTION,
        several(
            gone("aws_lambda_permission.schedule"),
            argument("aws_cloudwatch_event_target.schedule", "depends_on", None),
        ),
    ),
    (
        "target-after-permission",
        "aws_lambda_permission.schedule",
        argument("aws_cloudwatch_event_target.schedule", "depends_on", None),
    ),
    (
        "event-pattern",
        "aws.config",
        argument("aws_cloudwatch_event_rule.changes", "event_pattern", '{"source": "aws.config"}'),
    ),
    ("alarm-metrics", "ErrorCount", argument("aws_cloudwatch_metric_alarm.errors", "metric_name", "ErrorCount")),
    ("dashboard-body", "JSON", argument("aws_cloudwatch_dashboard.main", "dashboard_body", '{"widgets": [,]}')),
    ("dashboard-metrics", "Invocation ", body("Invocations", "Invocation")),
    (
        "remediation-parameters",
        "no parameters",
        argument("aws_config_remediation_configuration.stop", "parameter", None),
    ),
    (
        "remediation-parameters",
        "AutomationAssumeRole",
        lambda r: r["aws_config_remediation_configuration.stop"]["parameter"].pop(0),
    ),
    ("destroyable", "force_destroy", argument("aws_s3_bucket.reports", "force_destroy", False)),
)
"""The check, what its message has to name, and how the mistake is made."""
