"""compliance-remediation against real S3 and RDS."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from tests.monitoring.functions.support import RULES, World, event
from watchkeeper.monitoring.functions.runtime import ReportBucketGoneError, UnknownEventError
from watchkeeper.reports.to_json import schema

Run = Callable[..., dict[str, Any]]
KMS_RULE = "s3-default-encryption-kms-test"
VERSIONING_RULE = "s3-bucket-versioning-enabled-test"
ACCESS_RULE = "s3-bucket-level-public-access-prohibited-test"
EXEMPT = {"watchkeeper:exempt": "approved by security"}


def violation(rule: str, resource_type: str, resource_id: str) -> dict[str, Any]:
    """A violation event for that resource."""
    made = copy.deepcopy(event("violation"))
    made["detail"] |= {"configRuleName": rule, "resourceType": resource_type, "resourceId": resource_id}
    return made


def bucket(world: World, tags: dict[str, str] | None = None) -> str:
    """A new bucket, with AWS's defaults."""
    name = f"sample-{uuid.uuid4().hex[:12]}"
    s3 = world.clients("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    if tags:
        tag_set = [{"Key": key, "Value": value} for key, value in tags.items()]
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tag_set})
    return name


def database(world: World, days: int, tags: dict[str, str] | None = None) -> tuple[str, str]:
    """A new database instance: identifier and the id that AWS Config knows it by."""
    made = world.clients("rds").create_db_instance(
        DBInstanceIdentifier=f"sample-{uuid.uuid4().hex[:12]}",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="administrator",
        MasterUserPassword="not-a-real-password",
        BackupRetentionPeriod=days,
        Tags=[{"Key": key, "Value": value} for key, value in (tags or {}).items()],
    )["DBInstance"]
    return made["DBInstanceIdentifier"], made["DbiResourceId"]


def encryption(world: World, name: str) -> str:
    """The bucket's default encryption."""
    rules = world.clients("s3").get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    return str(rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"])


def mode(monkeypatch: pytest.MonkeyPatch, rule: str, value: str) -> None:
    """Deploys the rule with that remediation mode."""
    monkeypatch.setenv("RULES", json.dumps(RULES | {rule: RULES[rule] | {"remediation": value}}))


def test_encryption_is_enabled_recorded_and_told(run: Run, world: World) -> None:
    name = bucket(world)

    done = run("compliance-remediation", violation(KMS_RULE, "AWS::S3::Bucket", name))

    assert (done["outcome"], done["action"]) == ("applied", "enable-kms-encryption")
    assert encryption(world, name) == "aws:kms"
    (record,) = world.documents("audit/remediation/")
    jsonschema.validate(record, schema("remediation-record"))
    assert done["audit"].startswith("audit/remediation/2026/11/23/")
    assert record["before"] == {"SSEAlgorithm": "AES256"}
    assert record["after"] == {"SSEAlgorithm": "aws:kms"}
    (message,) = world.messages()
    assert json.loads(message["Message"]) == record
    assert message["Subject"] == f"[Fixed] {name}: enable-kms-encryption"
    assert message["MessageAttributes"]["outcome"]["Value"] == "applied"
    assert message["MessageAttributes"]["severity"]["Value"] == "INFO"
    assert world.metrics() == {
        ("Remediations", "Environment=test"): 1,
        ("Remediations", "Environment=test", "Outcome=applied"): 1,
    }


def test_the_key_of_the_deployment_is_used_when_it_names_one(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.clients("kms").create_key()["KeyMetadata"]["Arn"]
    monkeypatch.setenv("REMEDIATION_KMS_KEY_ARN", key)
    name = bucket(world)

    run("compliance-remediation", violation(KMS_RULE, "AWS::S3::Bucket", name))

    rules = world.clients("s3").get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == key


def test_versioning_is_enabled(run: Run, world: World) -> None:
    name = bucket(world)
    assert run("compliance-remediation", violation(VERSIONING_RULE, "AWS::S3::Bucket", name))["outcome"] == "applied"
    assert world.clients("s3").get_bucket_versioning(Bucket=name)["Status"] == "Enabled"


def test_public_access_is_blocked_whatever_was_there(run: Run, world: World) -> None:
    name = bucket(world)
    world.clients("s3").put_public_access_block(
        Bucket=name, PublicAccessBlockConfiguration={"BlockPublicAcls": True, "IgnorePublicAcls": False}
    )
    assert run("compliance-remediation", violation(ACCESS_RULE, "AWS::S3::Bucket", name))["outcome"] == "applied"
    block = world.clients("s3").get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert all(block.values())
    assert len(block) == 4


@pytest.mark.parametrize(
    ("before", "outcome", "at_once"), [(1, "applied", True), (0, "scheduled", False), (7, "already-compliant", True)]
)
def test_backup_retention(run: Run, world: World, before: int, outcome: str, at_once: bool) -> None:
    identifier, resource_id = database(world, before)

    done = run(
        "compliance-remediation", violation("db-instance-backup-enabled-test", "AWS::RDS::DBInstance", resource_id)
    )

    assert done["outcome"] == outcome
    (instance,) = world.clients("rds").describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"]
    now = instance["BackupRetentionPeriod"] if at_once else instance["PendingModifiedValues"]["BackupRetentionPeriod"]
    assert now == 7


def test_a_backup_change_that_waits_is_not_asked_for_again(run: Run, world: World) -> None:
    _, resource_id = database(world, 0)
    first = violation("db-instance-backup-enabled-test", "AWS::RDS::DBInstance", resource_id)
    second = copy.deepcopy(first)
    second["detail"]["newEvaluationResult"]["resultRecordedTime"] = "2026-11-23T14:00:07.421Z"

    assert run("compliance-remediation", first)["outcome"] == "scheduled"
    assert run("compliance-remediation", second)["outcome"] == "already-compliant"


def test_a_compliant_resource_is_left_alone(run: Run, world: World) -> None:
    name = bucket(world)
    custom = {"SSEAlgorithm": "aws:kms:dsse"}
    world.clients("s3").put_bucket_encryption(
        Bucket=name,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": custom}]},
    )
    done = run("compliance-remediation", violation(KMS_RULE, "AWS::S3::Bucket", name))
    assert done["outcome"] == "already-compliant"
    assert encryption(world, name) == "aws:kms:dsse"
    assert world.messages() == []
    assert len(world.documents("audit/remediation/")) == 1


@pytest.mark.parametrize("kind", ["bucket", "database"])
def test_an_exempt_resource_is_refused(run: Run, world: World, kind: str) -> None:
    if kind == "bucket":
        payload = violation(KMS_RULE, "AWS::S3::Bucket", bucket(world, EXEMPT))
    else:
        payload = violation("db-instance-backup-enabled-test", "AWS::RDS::DBInstance", database(world, 0, EXEMPT)[1])
    assert run("compliance-remediation", payload)["outcome"] == "exempt"
    (record,) = world.documents("audit/remediation/")
    assert "watchkeeper:exempt" in record["reason"]
    assert record["before"] == record["after"]


def test_an_exemption_that_says_false_is_none(run: Run, world: World) -> None:
    name = bucket(world, {"watchkeeper:exempt": "false"})
    assert run("compliance-remediation", violation(KMS_RULE, "AWS::S3::Bucket", name))["outcome"] == "applied"


@pytest.mark.parametrize("value", ["off", "dry-run"])
def test_modes_that_change_nothing(run: Run, world: World, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    mode(monkeypatch, KMS_RULE, value)
    name = bucket(world)
    assert run("compliance-remediation", violation(KMS_RULE, "AWS::S3::Bucket", name))["outcome"] == value
    assert encryption(world, name) == "AES256"
    (record,) = world.documents("audit/remediation/")
    jsonschema.validate(record, schema("remediation-record"))

    mode(monkeypatch, KMS_RULE, "automatic")
    assert run("compliance-remediation", violation(KMS_RULE, "AWS::S3::Bucket", name))["outcome"] == "applied"


def test_a_repeated_event_is_decided_once(run: Run, world: World) -> None:
    payload = violation(KMS_RULE, "AWS::S3::Bucket", bucket(world))
    assert [run("compliance-remediation", payload)["outcome"] for _ in range(3)] == [
        "applied",
        "duplicate",
        "duplicate",
    ]
    assert len(world.documents("audit/remediation/")) == 1
    assert len(world.messages()) == 1


def test_what_has_no_safe_fix_needs_a_person(run: Run, world: World) -> None:
    assert run("compliance-remediation", event("violation-instance"))["outcome"] == "needs-person"
    (message,) = world.messages()
    assert message["MessageAttributes"]["severity"]["Value"] == "MEDIUM"


@pytest.mark.parametrize("name", ["violation", "violation-database"])
def test_a_resource_that_is_gone(run: Run, world: World, name: str) -> None:
    assert run("compliance-remediation", event(name))["outcome"] == "gone"
    assert world.messages() == []


@pytest.mark.parametrize(("name", "outcome"), [("recovery", "not-a-violation"), ("other-rule", "not-ours")])
def test_what_is_not_its_business(run: Run, world: World, name: str, outcome: str) -> None:
    assert run("compliance-remediation", event(name))["outcome"] == outcome
    assert world.documents("audit/") == []


def test_an_event_it_does_not_know_is_raised(run: Run) -> None:
    with pytest.raises(UnknownEventError, match="detail-type has to be"):
        run("compliance-remediation", event("configuration-item-change"))


def test_without_the_report_bucket_nothing_is_changed(run: Run, world: World) -> None:
    name = bucket(world)
    world.clients("s3").delete_bucket(Bucket=world.bucket)
    with pytest.raises(ReportBucketGoneError):
        run("compliance-remediation", violation(KMS_RULE, "AWS::S3::Bucket", name))
    assert encryption(world, name) == "AES256"
