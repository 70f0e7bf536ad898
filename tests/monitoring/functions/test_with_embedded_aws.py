"""Every function as its own role, IAM enforced, AWS Config evaluating: the manifest grants enough and nothing idle."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import boto3
import jsonschema
import pytest

from tests.monitoring.functions.support import Context, event
from watchkeeper.local import server
from watchkeeper.monitoring.functions import runtime
from watchkeeper.monitoring.functions.collect import collect_results
from watchkeeper.monitoring.functions.daily_aggregator import daily_key
from watchkeeper.monitoring.functions.manifest import FUNCTIONS, FunctionSpec, Permission, function
from watchkeeper.reports.to_json import schema

ACCOUNT, REGION, SUFFIX, NAMESPACE = "123456789012", "eu-west-1", "test", "Watchkeeper"
BUCKET, TOPIC = f"compliance-reports-{ACCOUNT}-{REGION}-test", f"arn:aws:sns:{REGION}:{ACCOUNT}:compliance-alerts-test"
RULES = {
    "s3-default-encryption-kms-test": ("S3_DEFAULT_ENCRYPTION_KMS", "HIGH", "encryption"),
    "s3-bucket-versioning-enabled-test": ("S3_BUCKET_VERSIONING_ENABLED", "LOW", "resilience"),
    "db-instance-backup-enabled-test": ("DB_INSTANCE_BACKUP_ENABLED", "HIGH", "resilience"),
}
ARNS = {
    "report-bucket": f"arn:aws:s3:::{BUCKET}",
    "alert-topic": TOPIC,
    "key": "*",
    "config-rules": f"arn:aws:config:{REGION}:{ACCOUNT}:config-rule/*",
    "buckets": "arn:aws:s3:::*",
    "db-instances": f"arn:aws:rds:{REGION}:{ACCOUNT}:db:*",
    "*": "*",
}


def statement(permission: Permission) -> dict[str, Any]:
    """The permission as the stack writes it."""
    resources = [
        ARNS[base] + slash + path for base, slash, path in (name.partition("/") for name in permission.resources)
    ]
    conditions = json.loads(json.dumps(permission.conditions).replace("{METRIC_NAMESPACE}", NAMESPACE))
    made = {"Effect": "Allow", "Action": list(permission.actions), "Resource": resources}
    return made | ({"Condition": conditions} if conditions else {})


@dataclass
class Deployment:
    """The embedded AWS with what the functions find in it."""

    aws: server.Running
    client: Callable[[str], Any]

    def credentials(self, spec: FunctionSpec, permissions: tuple[Permission, ...]) -> dict[str, str]:
        """Of the function's role, with exactly those permissions."""
        iam, name = self.client("iam"), f"{spec.name}-{time.time_ns()}"
        trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
        role = iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        )["Role"]
        policy = {"Version": "2012-10-17", "Statement": [statement(permission) for permission in permissions]}
        iam.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=json.dumps(policy))
        made = self.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="function")["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
            "AWS_SESSION_TOKEN": made["SessionToken"],
        }

    def run(self, spec: FunctionSpec, permissions: tuple[Permission, ...], payload: object) -> dict[str, Any]:
        """Runs the handler with the role's credentials."""
        settings = {
            "REPORT_BUCKET": BUCKET,
            "ALERT_TOPIC_ARN": TOPIC,
            "METRIC_NAMESPACE": NAMESPACE,
            "ENVIRONMENT_SUFFIX": SUFFIX,
            "EXEMPTION_TAG": "watchkeeper:exempt",
            "MINIMUM_BACKUP_RETENTION_DAYS": "7",
            "RULES": json.dumps(
                {
                    name: {"identifier": rule, "severity": level, "category": category, "remediation": "automatic"}
                    for name, (rule, level, category) in RULES.items()
                }
            ),
        }
        module, name = spec.handler.rsplit(".", 1)
        with pytest.MonkeyPatch.context() as patch:
            for key, value in {
                **self.aws.environment,
                **settings,
                **self.credentials(spec, permissions),
            }.items():
                patch.setenv(key, value)
            # boto3 keeps the first credentials that it finds in its default session, as it may on Lambda.
            patch.setattr(boto3, "DEFAULT_SESSION", None)
            runtime.client.cache_clear()
            try:
                result: dict[str, Any] = getattr(import_module(module), name)(payload, Context(spec.name))
            finally:
                runtime.client.cache_clear()
        return result


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    """Recorder, channel, three rules, two buckets that violate them."""
    with server.running(account=ACCOUNT, region=REGION, iam=True) as aws:
        clients: dict[str, Any] = {}

        def client(service: str) -> Any:
            return clients.setdefault(service, boto3.client(service, **aws.boto()))

        s3, config = client("s3"), client("config")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_policy(
            Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": config_delivers()})
        )
        client("sns").create_topic(Name="compliance-alerts-test")
        role = client("iam").create_role(
            RoleName="recorder",
            AssumeRolePolicyDocument=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "config.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                }
            ),
        )["Role"]["Arn"]
        client("iam").attach_role_policy(
            RoleName="recorder", PolicyArn="arn:aws:iam::aws:policy/service-role/AWS_ConfigRole"
        )
        config.put_configuration_recorder(
            ConfigurationRecorder={"name": "default", "roleARN": role, "recordingGroup": {"allSupported": True}}
        )
        config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": BUCKET})
        config.start_configuration_recorder(ConfigurationRecorderName="default")
        for name, (identifier, _, _) in RULES.items():
            config.put_config_rule(
                ConfigRule={"ConfigRuleName": name, "Source": {"Owner": "AWS", "SourceIdentifier": identifier}}
            )
        for name in ("sample-a", "sample-b"):
            s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        score = {"score": 50.0}
        document = {
            "schema": "daily-score",
            "day": f"{yesterday}",
            "overall": score,
            "categories": {"encryption": score},
        }
        s3.put_object(Bucket=BUCKET, Key=daily_key(yesterday), Body=json.dumps(document).encode())
        assert aws.wait_until_idle()
        yield Deployment(aws, client)


def config_delivers() -> list[dict[str, Any]]:
    """The three statements that let AWS Config deliver into the bucket."""
    config = {"Effect": "Allow", "Principal": {"Service": "config.amazonaws.com"}}
    account = {"AWS:SourceAccount": ACCOUNT}
    return [
        config
        | {
            "Action": ["s3:GetBucketAcl", "s3:ListBucket"],
            "Resource": f"arn:aws:s3:::{BUCKET}",
            "Condition": {"StringEquals": account},
        },
        config
        | {
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{BUCKET}/AWSLogs/{ACCOUNT}/Config/*",
            "Condition": {"StringEquals": account | {"s3:x-amz-acl": "bucket-owner-full-control"}},
        },
    ]


def payloads(deployment: Deployment, spec: FunctionSpec) -> list[object]:
    """Events that together make a function use everything that it may."""
    if spec.triggers[0].schedule:
        return [{"wait_seconds": 0}]
    changes = [copy.deepcopy(event("violation")) for _ in range(2)]
    for change, resource in zip(changes, (new_bucket(deployment), new_database(deployment)), strict=True):
        change["detail"] |= dict(zip(("configRuleName", "resourceType", "resourceId"), resource, strict=True))
        change["detail"]["newEvaluationResult"]["resultRecordedTime"] = datetime.now(UTC).isoformat()
    # The second time the ledger has to be read, the third time a claim that failed is taken over.
    return [changes[0], changes[0], changes[1]]


def new_bucket(deployment: Deployment) -> tuple[str, str, str]:
    """A bucket with AWS's defaults."""
    name = f"sample-{time.time_ns()}"
    deployment.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return ("s3-default-encryption-kms-test", "AWS::S3::Bucket", name)


def new_database(deployment: Deployment) -> tuple[str, str, str]:
    """A database that keeps its backups for a day."""
    made = deployment.client("rds").create_db_instance(
        DBInstanceIdentifier=f"sample-{time.time_ns()}",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="administrator",
        MasterUserPassword="not-a-real-password",
        BackupRetentionPeriod=1,
    )["DBInstance"]
    return ("db-instance-backup-enabled-test", "AWS::RDS::DBInstance", made["DbiResourceId"])


def test_collecting_from_the_embedded_config(deployment: Deployment) -> None:
    rules = runtime.parse_rules(
        json.dumps(
            {
                name: {"identifier": identifier, "severity": level, "category": category}
                for name, (identifier, level, category) in RULES.items()
            }
        )
    )
    report = collect_results(
        deployment.client("config"),
        rules,
        account=ACCOUNT,
        region=REGION,
        environment=SUFFIX,
        at=datetime.now(UTC),
    )
    assert report.not_evaluated == ()
    violated = {(item.rule, item.resource_id) for item in report.violations}
    assert {("s3-default-encryption-kms-test", name) for name in ("sample-a", "sample-b")} <= violated


@pytest.mark.parametrize("spec", FUNCTIONS, ids=lambda spec: spec.name)
def test_what_the_manifest_grants_is_enough(deployment: Deployment, spec: FunctionSpec) -> None:
    for payload in payloads(deployment, spec):
        assert deployment.run(spec, spec.permissions, payload).get("outcome") not in ("failed", "gone")


ENFORCED = [
    pytest.param(spec, permission, id=f"{spec.name}-{permission.actions[0]}")
    for spec in FUNCTIONS
    for permission in spec.permissions
    if permission.resources != ("key",)  # MiniStack asks nobody's key policy when S3 or SNS use a key
]


@pytest.mark.parametrize(("spec", "without"), ENFORCED)
def test_each_permission_is_needed(deployment: Deployment, spec: FunctionSpec, without: Permission) -> None:
    left = tuple(permission for permission in spec.permissions if permission != without)
    with pytest.raises(Exception, match=r"AccessDenied|AuthorizationError|not authorized|recorded as failed"):
        notice(deployment, spec, left)


def notice(deployment: Deployment, spec: FunctionSpec, permissions: tuple[Permission, ...]) -> None:
    """Runs a function through all that it does; raises what it raises, or when it records a failure itself."""
    outcomes = [deployment.run(spec, permissions, payload).get("outcome") for payload in payloads(deployment, spec)]
    if "failed" in outcomes:
        raise RuntimeError("recorded as failed")


def test_from_a_violation_to_a_summary(deployment: Deployment) -> None:
    name = new_bucket(deployment)[2]
    assert deployment.aws.wait_until_idle()
    s3 = deployment.client("s3")
    for earlier in s3.list_objects_v2(Bucket=BUCKET, Prefix="reports/compliance/").get("Contents", []):
        s3.delete_object(Bucket=BUCKET, Key=earlier["Key"])
    deployment.run(function("compliance-report"), function("compliance-report").permissions, {})
    change = copy.deepcopy(event("violation"))
    change["detail"] |= {"resourceId": name}
    fixed = deployment.run(function("compliance-remediation"), function("compliance-remediation").permissions, change)
    assert fixed["outcome"] == "applied"
    assert deployment.aws.wait_until_idle()

    done = deployment.run(function("executive-summary"), function("executive-summary").permissions, {})

    body = s3.get_object(Bucket=BUCKET, Key=done["key"])["Body"].read()
    document = json.loads(body)
    jsonschema.validate(document, schema("executive-summary"))
    assert any(item["resource_id"] == name for item in document["fixed"])
