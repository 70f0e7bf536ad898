"""A user's own project, from `init` to an empty account: one embedded AWS, the tests in the order that a user goes."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.places import INFRA
from tests.support.user import User, conforms, user_in
from tests.support.waiting import until
from watchkeeper.monitoring import scaffold

EMPTY_PARTS = {"recorder-recording", "channel-complete", "rules-evaluating", "functions-answer", "policies-in-place"}
BUCKET = "made-by-a-user"


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """With a project that is deployed."""
    with user_in(tmp_path_factory.mktemp("story")) as somebody:
        made = somebody("init", "infra", "--owner", "security team")
        assert made.code == 0, made.err
        up = somebody("up", "--json", within=170)
        assert up.code == 0, up.err
        deployed = conforms(up.json(), "deployment")
        assert deployed["ok"]
        assert set(deployed["counts"]) == {"create"}
        assert {"bucketName", "alertTopicArn", "recorderName", "functionNames"} <= set(deployed["outputs"])
        yield somebody


def test_the_scaffold_is_infra(user: User) -> None:
    for name, text in scaffold.files().items():
        assert text == (INFRA / name).read_text("utf-8"), name
    assert "owner: security team" in (user.home / "infra" / "Pulumi.dev.yaml").read_text() or (
        'owner: "security team"' in (user.home / "infra" / "Pulumi.dev.yaml").read_text()
    )


def test_a_bucket_made_with_boto3_is_found_and_fixed_with_no_further_step(user: User) -> None:
    config, s3 = user.client("config"), user.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    until(
        "its default encryption is KMS",
        lambda: (
            s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"][0][
                "ApplyServerSideEncryptionByDefault"
            ]["SSEAlgorithm"]
            == "aws:kms"
        ),
    )
    until("versioning is on", lambda: s3.get_bucket_versioning(Bucket=BUCKET).get("Status") == "Enabled")

    def compliant() -> bool:
        answer = config.get_compliance_details_by_resource(ResourceType="AWS::S3::Bucket", ResourceId=BUCKET)
        found = {result["ComplianceType"] for result in answer["EvaluationResults"]}
        return found == {"COMPLIANT"}

    until("it complies with every rule", compliant)
    history = config.get_resource_config_history(resourceType="AWS::S3::Bucket", resourceId=BUCKET)
    assert len(history["configurationItems"]) >= 2
    audit = until("two audit records", lambda: keys_about(user, "audit/remediation/"))
    assert len(audit) >= 2


def keys_about(user: User, prefix: str) -> list[str]:
    s3 = user.client("s3")
    bucket = next(b["Name"] for b in s3.list_buckets()["Buckets"] if b["Name"].startswith("compliance-reports"))
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return [item["Key"] for item in listed]


def test_status_finds_what_nobody_may_fix(user: User) -> None:
    ec2 = user.client("ec2")
    made = ec2.run_instances(ImageId="ami-0123456789abcdef0", InstanceType="p3.2xlarge", MinCount=1, MaxCount=1)
    instance = made["Instances"][0]["InstanceId"]
    status = until("the violation", lambda: (ran := user("status", "--json")).code == 1 and ran.json())
    conforms(status, "compliance-report")
    assert violated(status) == {instance}
    ec2.terminate_instances(InstanceIds=[instance])
    until("clean again", lambda: user("status", "--json").code == 0)


def violated(report: dict[str, Any]) -> set[str]:
    return {result["resource_id"] for result in report["results"] if result["compliance"] == "NON_COMPLIANT"}


def test_piped_output_is_for_programs(user: User) -> None:
    for command in (["status"], ["report", "list"], ["preview"], ["local", "status"], ["verify"]):
        ran = user(*command)
        assert "\x1b" not in ran.out, command
        if command[0] in ("status", "report", "preview"):
            header, *rows = ran.out.splitlines()
            assert all(row.count("\t") == header.count("\t") for row in rows), ran.out
    assert len(user("status").rows()) == 6


def test_verify_passes_or_says_why(user: User) -> None:
    sns, sqs = user.client("sns"), user.client("sqs")
    queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = next(t["TopicArn"] for t in sns.list_topics()["Topics"] if "compliance-alerts" in t["TopicArn"])

    before = conforms(user("verify", "--json").json(), "verification")
    assert {check["id"] for check in before["checks"] if check["outcome"] != "passed"} == {"topic-publishes"}
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    ran = user("verify", "--json", "--publish")
    checks = conforms(ran.json(), "verification")["checks"]
    assert {check["id"]: check["outcome"] for check in checks} == {check["id"]: "passed" for check in checks}
    assert ran.code == 0
    assert {check["id"] for check in checks} >= EMPTY_PARTS
    sns.unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=queue)


def test_reports_are_run_listed_and_fetched(user: User, tmp_path: Path) -> None:
    for kind, schema in (
        ("compliance", "compliance-report"),
        ("daily", "daily-score"),
        ("executive", "executive-summary"),
    ):
        ran = user("report", "run", kind, "--json")
        assert ran.code == 0, ran.err
        assert conforms(ran.json(), "report-run")["reports"]
        fetched = user("report", "fetch", kind, "-o", str(tmp_path / kind), "--json")
        files = [Path(one["file"]) for one in conforms(fetched.json(), "report-fetch")["reports"]]
        document = next(file for file in files if file.suffix == ".json")
        conforms(json.loads(document.read_text()), schema)
    listed = conforms(user("report", "list", "--json").json(), "report-list")["reports"]
    assert len(listed) == len({one["key"] for one in listed}) >= 6
    nothing = user("report", "fetch", "reports/compliance/none.json", "-o", str(tmp_path))
    assert (nothing.code, "holds no" in nothing.err) == (2, True), nothing.err


def test_the_embedded_aws_describes_itself(user: User) -> None:
    conforms(user("local", "status", "--json").json(), "local-status")
    conforms(user("local", "env", "--json").json(), "local-env")
    # It runs in another region than the default: asked for nothing else, `start` gives it back.
    conforms(user("local", "start", "--json").json(), "local-start")
    exports = user("local", "env").out.splitlines()
    assert all(re.fullmatch(r"export [A-Z0-9_]+=\S+", line) for line in exports)


def test_a_changed_setting_is_all_that_is_updated(user: User) -> None:
    settings = user.home / "infra" / "Pulumi.dev.yaml"
    given = settings.read_text()
    settings.write_text(given.replace("[t3.micro, t3.small, t3.medium]", "[t3.micro, t3.small]"))
    shown = conforms(user("preview", "--json").json(), "preview")
    changing = [(step["type"], step["name"], step["change"]) for step in shown["steps"] if step["change"] != "same"]
    assert changing == [("aws:cfg/rule:Rule", "desired-instance-type-dev", "update")]
    assert user("preview").rows() == [["update", "aws:cfg/rule:Rule", "desired-instance-type-dev", "inputParameters"]]
    up = user("up", "--json")
    assert conforms(up.json(), "deployment")["counts"] == {"same": len(shown["steps"]) - 1, "update": 1}, up.err
    rules = user.client("config").describe_config_rules(ConfigRuleNames=["desired-instance-type-dev"])
    assert "t3.medium" not in rules["ConfigRules"][0]["InputParameters"]


def test_destroy_leaves_the_account_empty(user: User) -> None:
    s3 = user.client("s3")
    for version in s3.list_object_versions(Bucket=BUCKET).get("Versions", []):
        s3.delete_object(Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"])
    s3.delete_bucket(Bucket=BUCKET)
    asked = user("destroy")
    assert asked.code != 0, "without --yes and without somebody to ask, nothing is destroyed"
    assert user("status", "--json").code == 0
    ran = user("destroy", "--yes", "--json")
    assert ran.code == 0, ran.err
    gone = conforms(ran.json(), "deployment")
    assert gone["ok"]
    assert set(gone["counts"]) == {"delete"}
    time.sleep(1)
    assert {what: found for what, found in everything(user).items() if found} == {}
    again = user("status")
    assert again.code == 3
    assert "Nothing is deployed" in again.err
    assert user("destroy", "--yes").code == 0


def everything(user: User) -> dict[str, list[Any]]:
    """What there is, of every kind that the stack has."""
    client = {
        name: user.client(name)
        for name in (
            "s3", "lambda", "sns", "sqs", "iam", "kms", "logs", "events", "cloudwatch", "config",
        )
    }  # fmt: skip
    kms, config = client["kms"], client["config"]
    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    return {
        "buckets": [one["Name"] for one in client["s3"].list_buckets()["Buckets"]],
        "functions": [one["FunctionName"] for one in client["lambda"].list_functions()["Functions"]],
        "topics": [one["TopicArn"] for one in client["sns"].list_topics()["Topics"]],
        "subscriptions": client["sns"].list_subscriptions()["Subscriptions"],
        "queues": client["sqs"].list_queues().get("QueueUrls", []),
        "roles": [one["RoleName"] for one in client["iam"].list_roles()["Roles"]],
        "policies": [one["Arn"] for one in client["iam"].list_policies(Scope="Local")["Policies"]],
        # A KMS key can only be scheduled for deletion; aws/s3 and the like are AWS's own.
        "keys": [
            key["KeyId"] for key in keys if key["KeyState"] != "PendingDeletion" and key.get("KeyManager") != "AWS"
        ],
        "aliases": [
            one["AliasName"] for one in kms.list_aliases()["Aliases"] if not one["AliasName"].startswith("alias/aws/")
        ],
        "log groups": [one["logGroupName"] for one in client["logs"].describe_log_groups()["logGroups"]],
        "event rules": [one["Name"] for one in client["events"].list_rules()["Rules"]],
        "alarms": client["cloudwatch"].describe_alarms()["MetricAlarms"],
        "dashboards": client["cloudwatch"].list_dashboards()["DashboardEntries"],
        "config rules": config.describe_config_rules()["ConfigRules"],
        "recorders": config.describe_configuration_recorders()["ConfigurationRecorders"],
        "channels": config.describe_delivery_channels()["DeliveryChannels"],
        "aggregators": config.describe_configuration_aggregators()["ConfigurationAggregators"],
    }


def test_stopping_it_ends_the_process(user: User) -> None:
    host, _, port = user("local", "status", "--json").json()["endpoint"].removeprefix("http://").partition(":")
    assert conforms(user("local", "stop", "--json").json(), "local-stop")["stopped"] is True
    with socket.socket() as probe:
        assert probe.connect_ex((host, int(port))) != 0
    assert user("local", "stop", "--json").json()["stopped"] is False
    assert user("status").code == 3
