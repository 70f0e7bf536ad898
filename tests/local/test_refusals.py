"""What AWS refuses is refused, and what AWS loses in silence is lost, and counted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.support import ACCOUNT, Aws, archive, document
from tests.support.waiting import eventually


def code_of(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return str(refused.value.response["Error"]["Code"])


def losses(aws: Aws, kind: str, target: str) -> list[dict[str, str]]:
    last = aws.running.status()["losses"]["last"]
    return [loss for loss in last if loss["kind"] == kind and loss["target"] == target]


def pattern(source: str) -> str:
    return json.dumps({"source": [source]})


def put_event(aws: Aws, source: str) -> None:
    aws.client("events").put_events(Entries=[{"Source": source, "DetailType": "x", "Detail": "{}"}])


@pytest.mark.parametrize("kind", ["role", "user", "group"])
def test_a_managed_policy_that_does_not_exist(aws: Aws, kind: str) -> None:
    iam = aws.client("iam")
    name = f"refused-{kind}"
    more = {"AssumeRolePolicyDocument": document()} if kind == "role" else {}
    getattr(iam, f"create_{kind}")(**{f"{kind.title()}Name": name}, **more)
    attach = getattr(iam, f"attach_{kind}_policy")
    for arn in ("arn:aws:iam::aws:policy/service-role/ConfigRole", f"arn:aws:iam::{ACCOUNT}:policy/nothing"):
        assert code_of(attach, **{f"{kind.title()}Name": name}, PolicyArn=arn) == "NoSuchEntity"
    attach(**{f"{kind.title()}Name": name}, PolicyArn="arn:aws:iam::aws:policy/service-role/AWS_ConfigRole")


def test_a_managed_policy_of_aws_has_its_document(aws: Aws) -> None:
    iam = aws.client("iam")
    arn = "arn:aws:iam::aws:policy/service-role/AWS_ConfigRole"
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    statements = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]["Statement"]
    assert any("s3:GetBucketAcl" in statement["Action"] for statement in statements)


@pytest.mark.parametrize(
    ("runtime", "code"),
    [("python3.7", "InvalidParameterValueException"), ("python9", "InvalidParameterValueException")],
)
def test_a_runtime_past_its_end(aws: Aws, runtime: str, code: str) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/config-recorder"
    create = aws.client("lambda").create_function
    source = {"ZipFile": archive("")}
    assert code_of(create, FunctionName="old", Runtime=runtime, Role=role, Handler="a.b", Code=source) == code


@pytest.mark.parametrize(
    "expression",
    ["every 6 hours", "rate(1 hours)", "rate(2 hour)", "rate(0 minutes)", "cron(0 8 * * *)", "cron(0 8 * * * * *)"],
)
def test_a_schedule_that_is_none(aws: Aws, expression: str) -> None:
    put = aws.client("events").put_rule
    assert code_of(put, Name="bad-schedule", ScheduleExpression=expression) == "ValidationException"


@pytest.mark.parametrize("expression", ["rate(1 hour)", "rate(6 hours)", "cron(0 8 * * ? *)"])
def test_a_schedule_that_is_one(aws: Aws, expression: str) -> None:
    assert aws.client("events").put_rule(Name="good-schedule", ScheduleExpression=expression)["RuleArn"]


def test_an_invalid_event_pattern(aws: Aws) -> None:
    put = aws.client("events").put_rule
    assert code_of(put, Name="bad-pattern", EventPattern='{"source": "aws.config"}') == "InvalidEventPatternException"


def test_a_delivery_policy_on_an_email_subscription(aws: Aws) -> None:
    sns = aws.client("sns")
    topic = sns.create_topic(Name="mail-topic")["TopicArn"]
    policy = json.dumps({"healthyRetryPolicy": {"numRetries": 5}})
    mail = {"TopicArn": topic, "Protocol": "email", "Endpoint": "a@example.com", "ReturnSubscriptionArn": True}
    assert code_of(sns.subscribe, **mail, Attributes={"DeliveryPolicy": policy}) == "InvalidParameter"
    subscription = sns.subscribe(**mail)["SubscriptionArn"]
    attribute = {"AttributeName": "DeliveryPolicy", "AttributeValue": policy}
    assert code_of(sns.set_subscription_attributes, SubscriptionArn=subscription, **attribute) == "InvalidParameter"


def test_a_rule_s_function_without_permission_is_never_invoked(aws: Aws) -> None:
    events, functions = aws.client("events"), aws.client("lambda")
    arn = aws.function("uninvoked")
    rule = events.put_rule(Name="uninvoked", EventPattern=pattern("test.uninvoked"))["RuleArn"]
    events.put_targets(Rule="uninvoked", Targets=[{"Id": "1", "Arn": arn}])
    put_event(aws, "test.uninvoked")
    lost = eventually(lambda: losses(aws, "uninvoked", arn))
    assert "events.amazonaws.com" in lost[0]["reason"]
    assert lost[0]["source"] == rule

    allowed = {"Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com", "SourceArn": rule}
    functions.add_permission(FunctionName="uninvoked", StatementId="events", **allowed)
    put_event(aws, "test.uninvoked")
    logs = aws.client("logs")

    def invoked() -> bool:
        groups = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/uninvoked")["logGroups"]
        return bool(groups)

    assert eventually(invoked)
    assert len(losses(aws, "uninvoked", arn)) == 1


def test_what_a_target_does_not_get_goes_to_its_dead_letter_queue(aws: Aws) -> None:
    events, sqs = aws.client("events"), aws.client("sqs")
    arn = aws.function("dead-lettered")
    rule = events.put_rule(Name="dead-lettered", EventPattern=pattern("test.dead"))["RuleArn"]
    url = sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead-letters"
    allow = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    condition = {"ArnEquals": {"aws:SourceArn": rule}}
    policy = document({**allow, "Resource": queue, "Condition": condition})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    events.put_targets(Rule="dead-lettered", Targets=[{"Id": "1", "Arn": arn, "DeadLetterConfig": {"Arn": queue}}])
    put_event(aws, "test.dead")
    messages = eventually(lambda: sqs.receive_message(QueueUrl=url).get("Messages"))
    assert json.loads(messages[0]["Body"])["source"] == "test.dead"


@pytest.mark.parametrize("case", ["no statement", "encrypted", "open"])
def test_a_rule_s_topic(aws: Aws, case: str) -> None:
    events, sns, kms = aws.client("events"), aws.client("sns"), aws.client("kms")
    name = f"target-{case.replace(' ', '-')}"
    topic = sns.create_topic(Name=name)["TopicArn"]
    allow = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish"}
    if case != "no statement":
        policy = document({**allow, "Resource": topic})
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    if case == "encrypted":
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        sns.set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=key)
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=f"{name}@example.com")
    events.put_rule(Name=name, EventPattern=pattern(f"test.{name}"))
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": topic}])
    put_event(aws, f"test.{name}")
    sent = [mail for mail in aws.running.mail() if mail["topic"] == topic]
    lost = losses(aws, "unpublished", topic)
    assert (len(sent), len(lost)) == ((1, 0) if case == "open" else (0, 1))
    if case == "encrypted":
        assert "key" in lost[0]["reason"]


def test_config_asks_for_permission_like_every_service(aws: Aws) -> None:
    iam = aws.client("iam")
    iam.create_user(UserName="config-reader")
    pair = iam.create_access_key(UserName="config-reader")["AccessKey"]
    where = aws.running.boto() | {
        "aws_access_key_id": pair["AccessKeyId"],
        "aws_secret_access_key": pair["SecretAccessKey"],
    }
    import boto3

    config = boto3.client("config", **where)
    assert code_of(config.describe_configuration_recorders) == "AccessDeniedException"
    allow = {"Effect": "Allow", "Action": "config:DescribeConfigurationRecorders", "Resource": "*"}
    iam.put_user_policy(UserName="config-reader", PolicyName="own", PolicyDocument=document(allow))
    assert config.describe_configuration_recorders()["ConfigurationRecorders"]
    assert code_of(config.describe_delivery_channels) == "AccessDeniedException"
    wrong = boto3.client("config", **(where | {"aws_secret_access_key": "wrong"}))
    assert code_of(wrong.describe_configuration_recorders) in ("InvalidSignatureException", "SignatureDoesNotMatch")


def test_a_policy_that_wants_tls_lets_clients_in(aws: Aws) -> None:
    """The endpoint stands for AWS's, which has TLS."""
    iam, s3 = aws.client("iam"), aws.client("s3")
    s3.create_bucket(Bucket="tls-only")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*"}
    resources = ["arn:aws:s3:::tls-only", "arn:aws:s3:::tls-only/*"]
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    s3.put_bucket_policy(Bucket="tls-only", Policy=document({**deny, "Resource": resources, "Condition": condition}))
    iam.create_user(UserName="tls-user")
    allow = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    iam.put_user_policy(UserName="tls-user", PolicyName="own", PolicyDocument=document(allow))
    pair = iam.create_access_key(UserName="tls-user")["AccessKey"]
    import boto3

    own = boto3.client(
        "s3",
        **(
            aws.running.boto()
            | {"aws_access_key_id": pair["AccessKeyId"], "aws_secret_access_key": pair["SecretAccessKey"]}
        ),
    )
    own.put_object(Bucket="tls-only", Key="a", Body=b"b")
    assert own.get_object(Bucket="tls-only", Key="a")["Body"].read() == b"b"
