"""What AWS refuses or loses at run time: the same mistake, made here, has the same effect, and ``watchkeeper local
status`` says so. Each test has the name of the preflight check that finds the mistake beforehand."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.support import Aws, archive, document
from tests.support.waiting import eventually

OTHER = "444455556666"
"""An account of its own, so that a channel can be moved about."""
REGION = "us-east-1"


def lost(aws: Aws, kind: str, target: str) -> list[dict[str, str]]:
    last = aws.running.status()["losses"]["last"]
    return [loss for loss in last if loss["kind"] == kind and loss["target"].startswith(target)]


def failures(aws: Aws, delivery: str) -> list[dict[str, str]]:
    shown: list[dict[str, str]] = aws.running.status()["delivery_failures"]
    return [failure for failure in shown if failure["account"] == OTHER and failure["delivery"] == delivery]


def send(aws: Aws, rule: str, target: str) -> str:
    """Put an event that a new rule has a target for; the rule's ARN."""
    events = aws.client("events")
    arn = events.put_rule(Name=rule, EventPattern=json.dumps({"source": [f"test.{rule}"]}))["RuleArn"]
    events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": target}])
    events.put_events(Entries=[{"Source": f"test.{rule}", "DetailType": "x", "Detail": "{}"}])
    return str(arn)


def refusal(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return str(refused.value.response["Error"]["Code"])


@pytest.fixture(scope="module")
def channel(aws: Aws) -> str:
    """The bucket of a recorder in another account, whose role may write; the channel is open."""
    iam, s3 = aws.client("iam", account=OTHER), aws.client("s3", account=OTHER)
    trust = {"Effect": "Allow", "Principal": {"Service": "config.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="config-recorder", AssumeRolePolicyDocument=document(trust))
    allow(aws, "s3:PutObject")
    s3.create_bucket(Bucket="silent-failures")
    aws.start_recording(REGION, "silent-failures", account=OTHER)
    assert aws.running.wait_until_idle()
    return "silent-failures"


def allow(aws: Aws, *actions: str) -> None:
    iam = aws.client("iam", account=OTHER)
    policy = document({"Effect": "Allow", "Action": list(actions), "Resource": "*"})
    iam.put_role_policy(RoleName="config-recorder", PolicyName="deliver", PolicyDocument=policy)


def deliver(aws: Aws) -> None:
    aws.client("config", account=OTHER).deliver_config_snapshot(deliveryChannelName="default")
    assert aws.running.wait_until_idle()


def test_target_permission(aws: Aws) -> None:
    function = aws.function("not-permitted")
    rule = send(aws, "not-permitted", function)
    assert eventually(lambda: lost(aws, "uninvoked", function))[0]["source"] == rule


def test_topic_service_principals(aws: Aws) -> None:
    topic = aws.client("sns").create_topic(Name="no-policy-for-events")["TopicArn"]
    send(aws, "no-policy-for-events", topic)
    assert "sns:Publish" in eventually(lambda: lost(aws, "unpublished", topic))[0]["reason"]


def test_key_service_principals(aws: Aws) -> None:
    sns = aws.client("sns")
    topic = sns.create_topic(Name="closed-key")["TopicArn"]
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    opened = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish"}
    policy = document({**opened, "Resource": topic})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    sns.set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=key)
    send(aws, "closed-key", topic)
    assert key in eventually(lambda: lost(aws, "unpublished", topic))[0]["reason"]


def test_config_bucket_policy(aws: Aws, channel: str) -> None:
    """A role with the right to write is enough in one account: the channel was made, its check file written."""
    keys = [o["Key"] for o in aws.client("s3", account=OTHER).list_objects_v2(Bucket=channel).get("Contents", ())]
    assert f"AWSLogs/{OTHER}/Config/ConfigWritabilityCheckFile" in keys
    assert lost(aws, "undelivered", f"s3://{channel}") == []
    deliver(aws)
    assert failures(aws, "Snapshot") == []
    aws.client("s3", account=OTHER).create_bucket(Bucket="closed-to-config")
    allow(aws, "s3:GetObject")
    put = aws.client("config", account=OTHER).put_delivery_channel
    code = refusal(put, DeliveryChannel={"name": "default", "s3BucketName": "closed-to-config"})
    allow(aws, "s3:PutObject")
    assert code == "InsufficientDeliveryPolicyException"


def test_recorder_role(aws: Aws, channel: str) -> None:
    allow(aws, "s3:GetObject")
    deliver(aws)
    assert failures(aws, "Snapshot")[0]["code"] == "AccessDenied"
    assert lost(aws, "undelivered", f"s3://{channel}")
    allow(aws, "s3:PutObject")
    deliver(aws)
    assert failures(aws, "Snapshot") == []


def test_config_kms_access(aws: Aws, channel: str) -> None:
    s3, kms = aws.client("s3", account=OTHER), aws.client("kms", account=OTHER)
    key = kms.create_key()["KeyMetadata"]["Arn"]
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    s3.put_bucket_encryption(Bucket=channel, ServerSideEncryptionConfiguration=rules)
    deliver(aws)
    assert failures(aws, "Snapshot")[0]["code"] == "KMSAccessDenied"
    assert key in lost(aws, "undelivered", f"s3://{channel}")[-1]["reason"]
    allow(aws, "s3:PutObject", "kms:GenerateDataKey", "kms:Decrypt")
    deliver(aws)
    assert failures(aws, "Snapshot") == []
    s3.delete_bucket_encryption(Bucket=channel)


def test_channel_topic_encryption(aws: Aws, channel: str) -> None:
    sns, config = aws.client("sns", account=OTHER), aws.client("config", account=OTHER)
    topic = sns.create_topic(Name="encrypted-channel")["TopicArn"]
    opened = {"Effect": "Allow", "Principal": {"Service": "config.amazonaws.com"}, "Action": "sns:Publish"}
    policy = document({**opened, "Resource": topic})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    sns.set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue="alias/aws/sns")
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": channel, "snsTopicARN": topic})
    aws.client("s3", account=OTHER).create_bucket(Bucket="tells-the-topic")
    assert eventually(lambda: lost(aws, "unpublished", topic))
    assert eventually(lambda: failures(aws, "Stream"))[0]["code"] == "KMSEncryptedTopic"
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": channel})


def test_recorder_never_started(aws: Aws) -> None:
    account = "777788889999"
    aws.client("s3", account=account).create_bucket(Bucket="nobody-records-this")
    assert aws.running.wait_until_idle()
    assert {"account": account, "region": REGION} not in aws.running.status()["recorder"]["recording"]


def test_managed_policy_exists(aws: Aws) -> None:
    aws.role("no-such-policy", "config.amazonaws.com")
    attach = aws.client("iam").attach_role_policy
    arn = "arn:aws:iam::aws:policy/service-role/ConfigRole"
    assert refusal(attach, RoleName="no-such-policy", PolicyArn=arn) == "NoSuchEntity"


def test_function_runtime(aws: Aws) -> None:
    create = aws.client("lambda").create_function
    code = {"ZipFile": archive("")}
    role = aws.role("old-runtime", "lambda.amazonaws.com")
    refused = refusal(create, FunctionName="old-runtime", Runtime="python3.7", Role=role, Handler="a.b", Code=code)
    assert refused == "InvalidParameterValueException"


def test_bucket_public_access_block(aws: Aws) -> None:
    """Since April 2023 a new bucket blocks public access and has no ACLs:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="blocks-by-default")
    block = s3.get_public_access_block(Bucket="blocks-by-default")["PublicAccessBlockConfiguration"]
    assert list(block.values()) == [True] * 4
    ownership = s3.get_bucket_ownership_controls(Bucket="blocks-by-default")["OwnershipControls"]["Rules"]
    assert ownership == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    refused = refusal(s3.put_bucket_acl, Bucket="blocks-by-default", ACL="public-read")
    assert refused in ("AccessDenied", "AccessControlListNotSupported")


@pytest.mark.parametrize("case", ["default policy", "closed policy", "closed key"])
def test_key_service_principals_for_an_alarm(aws: Aws, case: str) -> None:
    """https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns"""
    sns = aws.client("sns")
    topic = sns.create_topic(Name=f"alarm-{case.replace(' ', '-')}")["TopicArn"]
    if case == "closed policy":
        opened = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish"}
        policy = document({**opened, "Resource": topic})
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    if case == "closed key":
        key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
        sns.set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=key)
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="alarm@example.com")
    cloudwatch = aws.client("cloudwatch")
    watched = {"Namespace": "n", "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
    limit = {"Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}
    cloudwatch.put_metric_alarm(AlarmName=case, **watched, **limit, AlarmActions=[topic])
    cloudwatch.set_alarm_state(AlarmName=case, StateValue="ALARM", StateReason="test")
    arrived = eventually(
        lambda: [m for m in aws.running.mail() if m["topic"] == topic] or lost(aws, "unpublished", topic)
    )
    if case == "default policy":
        assert arrived[0]["address"] == "alarm@example.com"
    else:
        assert ("key" if case == "closed key" else "policy") in arrived[0]["reason"]
