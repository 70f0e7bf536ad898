"""The account's state is read, and only read; what it has already is found beside the program."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from typing import Any

import boto3
import pytest

from watchkeeper.local.server import Running
from watchkeeper.model import Finding
from watchkeeper.preflight import AccountState, Options, Target, run
from watchkeeper.preflight.account import state as account
from watchkeeper.preflight.account.taken_names import QUESTIONS
from watchkeeper.preflight.options import AccountRule
from watchkeeper.pulumi.graph import Graph, Resource

REGION = "eu-west-1"
TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
    '"Principal": {"Service": ["config.amazonaws.com", "lambda.amazonaws.com"]}}]}'
)
POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"}]}'


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)


def resource(kind: str, logical: str, **inputs: Any) -> Resource:
    return Resource(f"urn:pulumi:dev::p::{kind}::{logical}", kind, logical, inputs)


def graph(*resources: Resource) -> Graph:
    return Graph({item.urn: item for item in resources}, region=REGION)


def found(state: AccountState, asked: Graph) -> list[Finding]:
    return list(run(asked, Options(account=state, select=("account-state",))).findings)


def make_everything() -> None:
    """One of each type that is asked for, named ``taken``."""
    role = client("iam").create_role(RoleName="taken", AssumeRolePolicyDocument=POLICY)["Role"]["Arn"]
    client("iam").create_policy(PolicyName="taken", PolicyDocument=POLICY)
    client("s3").create_bucket(Bucket="taken", CreateBucketConfiguration={"LocationConstraint": REGION})
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", "")
    client("lambda").create_function(
        FunctionName="taken", Role=role, Runtime="python3.12", Handler="index.f", Code={"ZipFile": code.getvalue()}
    )
    client("logs").create_log_group(logGroupName="taken")
    key = client("kms").create_key()["KeyMetadata"]["KeyId"]
    client("kms").create_alias(AliasName="alias/taken", TargetKeyId=key)
    client("sns").create_topic(Name="taken")
    client("sqs").create_queue(QueueName="taken")
    client("dynamodb").create_table(
        TableName="taken",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
    )
    client("events").put_rule(Name="taken", ScheduleExpression="rate(1 hour)")
    cloudwatch = client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="taken", ComparisonOperator="GreaterThanThreshold", EvaluationPeriods=1, MetricName="m", Namespace="n"
    )
    cloudwatch.put_dashboard(DashboardName="taken", DashboardBody='{"widgets": []}')


def named(kind: str, name: str) -> Resource:
    inputs = {"aws:s3/bucket:Bucket": "bucket", "aws:s3/bucketV2:BucketV2": "bucket"}
    key = inputs.get(kind, "dashboardName" if kind.endswith(":Dashboard") else "name")
    return resource(kind, name, **{key: f"alias/{name}" if kind.endswith(":Alias") else name})


def test_every_taken_name_is_found_and_no_free_one(aws: Running) -> None:
    make_everything()
    taken = [named(kind, "taken") for kind in QUESTIONS]
    free = [named(kind, "taken-not") for kind in QUESTIONS]
    state = account.read(client, graph(*taken, *free))
    assert [gap for gap in state.gaps if "quota" not in gap] == []
    assert set(state.taken) == {item.urn for item in taken}
    refused = {item.type: item.severity for item in found(replace(state, deployed=frozenset()), graph(*taken))}
    assert refused == {kind: "error" if question.refused else "warning" for kind, question in QUESTIONS.items()}


def test_what_the_stack_made_before_is_not_taken(aws: Running) -> None:
    client("sns").create_topic(Name="taken")
    topic = named("aws:sns/topic:Topic", "taken")
    assert account.read(client, graph(topic), frozenset({topic.urn})).taken == {}
    assert account.read(client, graph(replace(topic, id="arn:aws:sns:eu-west-1:1:taken"))).taken == {}


def test_a_taken_name_is_only_a_warning_while_nobody_knows_who_made_it() -> None:
    bucket = named("aws:s3/bucket:Bucket", "taken")
    mine = found(AccountState("1", REGION, taken={bucket.urn: "this"}), graph(bucket))
    assert [(item.severity, "earlier deployment" in item.message) for item in mine] == [("warning", True)]
    others = found(AccountState("1", REGION, taken={bucket.urn: "another"}), graph(bucket))
    assert [item.severity for item in others] == ["error"]


def test_another_region_is_a_gap_and_no_answer(aws: Running) -> None:
    client("sns").create_topic(Name="taken")
    state = account.read(client, replace(graph(named("aws:sns/topic:Topic", "taken")), region="us-east-1"))
    assert state.taken == {}
    assert "us-east-1" in " ".join(state.gaps)


def test_a_second_recorder_is_found(aws: Running, reference: Target) -> None:
    role = client("iam").create_role(RoleName="x", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    client("config").put_configuration_recorder(ConfigurationRecorder={"name": "old", "roleARN": role})
    state = account.read(client, reference.graph)
    assert state.recorders == ("old",)
    assert state.region == REGION
    report = run(reference.graph, Options(root=reference.root, account=state))
    assert {item.check for item in report.findings} == {"one-recorder-per-region"}


def test_a_taken_rule_a_full_quota_and_a_region_that_is_off_are_found(reference: Target) -> None:
    rules = (AccountRule("instance-type-dev"),)
    state = AccountState("1", REGION, rules=rules, rule_quota=1, enabled_regions=(REGION,))
    report = run(reference.graph, Options(root=reference.root, account=state, select=("account-state",)))
    assert len(report.findings) == 3


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ('{"instanceType": "t3.micro"}', "with the same parameters"),
        ('{"instanceType": "m5.large"}', "other parameters"),
    ],
)
def test_a_rule_that_the_account_has_under_another_name_is_found(parameters: str, says: str) -> None:
    rule = resource(
        "aws:cfg/rule:Rule",
        "mine",
        name="mine",
        source={"owner": "AWS", "sourceIdentifier": "DESIRED_INSTANCE_TYPE"},
        inputParameters=parameters,
    )
    other = AccountRule("theirs", "DESIRED_INSTANCE_TYPE", {"instanceType": "t3.micro"})
    (finding,) = found(AccountState("1", REGION, rules=(other,)), graph(rule))
    assert finding.severity == "warning"
    assert says in finding.message


def test_the_accounts_region_is_not_held_against_a_program_that_names_none() -> None:
    """Its texts carry the region that the preview stood in with."""
    topic = resource("aws:sns/topic:Topic", "t", displayName="arn:aws:sqs:us-east-1:123456789012:q")
    options = Options(account=AccountState(region=REGION), select=("hardcoded-region",))
    report = run(replace(graph(topic), region=None), options)
    assert report.findings == ()
    assert [item.reason for item in report.not_checked] == ["the stack's region is not known"]
