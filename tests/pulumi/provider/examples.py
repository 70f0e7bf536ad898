"""One example for each resource type: what it needs first, how it is made, how it is changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from watchkeeper.pulumi.graph import Archive, Asset

ACCOUNT = "000000000000"

Values = dict[str, Any]


@dataclass(frozen=True)
class Needed:
    """A resource that the example stands on: its type and inputs (which may refer to those before it)."""

    type: str
    inputs: Callable[[Mapping[str, Any]], Values] | Values


@dataclass(frozen=True)
class Example:
    """``inputs`` and ``changed`` are functions of the ids and outputs of what is needed, by its short name."""

    type: str
    inputs: Callable[[Mapping[str, Any]], Values] | Values
    changed: Callable[[Mapping[str, Any]], Values] | Values | None = None
    needs: Mapping[str, Needed] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    """Outputs that have to be there and not empty."""
    variant: str = ""

    @property
    def id(self) -> str:
        """The test's name."""
        return (
            self.type.rsplit(":", 1)[-1] + (f"-{self.variant}" if self.variant else "") + f"-{self.type.split(':')[1]}"
        )


def trust(service: str = "lambda.amazonaws.com") -> str:
    """A trust policy for a service."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def policy(action: str, resource: str = "*") -> str:
    """An identity policy."""
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}
    )


def resource_policy(service: str, action: str, resource: str) -> str:
    """A resource policy for a service."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def code(body: str) -> Archive:
    """A function's code with one file."""
    return Archive(parts={"index.py": Asset(text=body)})


ROLE = Needed("aws:iam/role:Role", {"assumeRolePolicy": trust()})
BUCKET = Needed("aws:s3/bucket:Bucket", {"forceDestroy": True})
OWNERS = Needed(
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    lambda n: {"bucket": n["bucket"]["id"], "rule": {"objectOwnership": "BucketOwnerPreferred"}},
)
KEY = Needed("aws:kms/key:Key", {"description": "needed"})
TOPIC = Needed("aws:sns/topic:Topic", {})
QUEUE = Needed("aws:sqs/queue:Queue", {})
FUNCTION = Needed(
    "aws:lambda/function:Function",
    lambda n: {
        "code": code("def handler(event, context):\n    return 1\n"),
        "role": n["role"]["arn"],
        "runtime": "python3.12",
        "handler": "index.handler",
        "publish": True,
    },
)
EVENT_RULE = Needed("aws:cloudwatch/eventRule:EventRule", {"scheduleExpression": "rate(6 hours)"})
LOG_GROUP = Needed("aws:cloudwatch/logGroup:LogGroup", {})
ALARM_INPUTS: Values = {
    "comparisonOperator": "GreaterThanThreshold",
    "evaluationPeriods": 1,
    "metricName": "Errors",
    "namespace": "AWS/Lambda",
    "period": 60,
    "statistic": "Sum",
    "threshold": 0,
}

IAM = (
    Example(
        "aws:iam/role:Role",
        {"assumeRolePolicy": trust(), "description": "one", "tags": {"a": "1"}},
        {
            "assumeRolePolicy": trust("config.amazonaws.com"),
            "tags": {"b": "2"},
            "managedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
            "inlinePolicies": [{"name": "inline", "policy": policy("s3:GetObject")}],
        },
        outputs=("arn", "name", "uniqueId", "createDate"),
    ),
    Example(
        "aws:iam/rolePolicy:RolePolicy",
        lambda n: {"role": n["role"]["id"], "policy": policy("s3:GetObject")},
        lambda n: {"role": n["role"]["id"], "policy": policy("s3:PutObject")},
        {"role": ROLE},
        ("name",),
    ),
    Example(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        lambda n: {"role": n["role"]["id"], "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
        None,
        {"role": ROLE},
    ),
    Example(
        "aws:iam/policy:Policy",
        {"policy": policy("s3:GetObject"), "tags": {"a": "1"}},
        {"policy": policy("s3:PutObject"), "tags": {"a": "2"}},
        outputs=("arn", "name", "policyId"),
    ),
    Example(
        "aws:iam/user:User",
        {"tags": {"a": "1"}},
        {"tags": {"a": "2"}, "forceDestroy": True},
        outputs=("arn", "uniqueId"),
    ),
    Example(
        "aws:iam/userPolicy:UserPolicy",
        lambda n: {"user": n["user"]["id"], "policy": policy("s3:GetObject")},
        lambda n: {"user": n["user"]["id"], "policy": policy("s3:PutObject")},
        {"user": Needed("aws:iam/user:User", {})},
    ),
    Example(
        "aws:iam/userPolicyAttachment:UserPolicyAttachment",
        lambda n: {"user": n["user"]["id"], "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
        None,
        {"user": Needed("aws:iam/user:User", {})},
    ),
    Example("aws:iam/group:Group", {}, None, outputs=("arn", "uniqueId")),
    Example(
        "aws:iam/groupPolicy:GroupPolicy",
        lambda n: {"group": n["group"]["id"], "policy": policy("s3:GetObject")},
        lambda n: {"group": n["group"]["id"], "policy": policy("s3:PutObject")},
        {"group": Needed("aws:iam/group:Group", {})},
    ),
    Example(
        "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
        lambda n: {"group": n["group"]["id"], "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
        None,
        {"group": Needed("aws:iam/group:Group", {})},
    ),
    Example(
        "aws:iam/instanceProfile:InstanceProfile",
        lambda n: {"role": n["role"]["id"]},
        {},
        {"role": ROLE},
        ("arn", "uniqueId", "createDate"),
    ),
)

KMS = (
    Example(
        "aws:kms/key:Key",
        {"enableKeyRotation": True, "deletionWindowInDays": 7, "tags": {"a": "1"}},
        {"description": "changed", "deletionWindowInDays": 7, "tags": {"b": "2"}},
        outputs=("arn", "keyId", "policy"),
    ),
    Example(
        "aws:kms/alias:Alias",
        lambda n: {"targetKeyId": n["key"]["keyId"]},
        lambda n: {"targetKeyId": n["other"]["keyId"]},
        {"key": KEY, "other": KEY},
        ("arn", "name", "targetKeyArn"),
    ),
    Example(
        "aws:kms/keyPolicy:KeyPolicy",
        lambda n: {"keyId": n["key"]["keyId"], "policy": resource_policy("sns.amazonaws.com", "kms:Decrypt", "*")},
        lambda n: {"keyId": n["key"]["keyId"], "policy": resource_policy("sqs.amazonaws.com", "kms:Decrypt", "*")},
        {"key": KEY},
    ),
)


def _on_bucket(type_: str, first: Values, second: Values | None, outputs: tuple[str, ...] = ()) -> Example:
    return Example(
        type_,
        lambda n: {"bucket": n["bucket"]["id"], **first},
        None if second is None else (lambda n: {"bucket": n["bucket"]["id"], **second}),
        {"bucket": BUCKET},
        outputs,
    )


def _sse(algorithm: str) -> Values:
    return {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": algorithm}, "bucketKeyEnabled": True}]}


def _lifecycle(days: int) -> Values:
    return {
        "rules": [
            {
                "id": "expire",
                "status": "Enabled",
                "expiration": {"days": days},
                "noncurrentVersionExpiration": {"noncurrentDays": days},
                "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
            },
            {"id": "tagged", "status": "Disabled", "filter": {"prefix": "logs/"}, "expiration": {"days": 1}},
        ]
    }


_SWITCHES = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")

S3 = (
    Example(
        "aws:s3/bucket:Bucket",
        {"tags": {"a": "1"}, "versioning": {"enabled": True}, "forceDestroy": True},
        {
            "forceDestroy": True,
            "serverSideEncryptionConfiguration": {
                "rule": {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}
            },
            "lifecycleRules": [{"enabled": True, "expiration": {"days": 3}, "prefix": "x/"}],
        },
        outputs=("arn", "bucket", "bucketDomainName", "bucketRegionalDomainName", "hostedZoneId", "region"),
    ),
    Example("aws:s3/bucketV2:BucketV2", {}, {"tags": {"a": "1"}}, outputs=("arn", "bucket")),
    *(
        _on_bucket(
            f"aws:s3/bucketVersioning{v}:BucketVersioning{v}",
            {"versioningConfiguration": {"status": "Enabled"}},
            {"versioningConfiguration": {"status": "Suspended"}},
        )
        for v in ("", "V2")
    ),
    *(
        _on_bucket(
            f"aws:s3/bucketServerSideEncryptionConfiguration{v}:BucketServerSideEncryptionConfiguration{v}",
            _sse("AES256"),
            _sse("aws:kms"),
        )
        for v in ("", "V2")
    ),
    *(
        _on_bucket(
            f"aws:s3/bucketLifecycleConfiguration{v}:BucketLifecycleConfiguration{v}", _lifecycle(30), _lifecycle(60)
        )
        for v in ("", "V2")
    ),
    _on_bucket(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        dict.fromkeys(_SWITCHES, True),
        {"blockPublicAcls": True},
    ),
    Example(
        "aws:s3/bucketPolicy:BucketPolicy",
        lambda n: {
            "bucket": n["bucket"]["id"],
            "policy": resource_policy("config.amazonaws.com", "s3:GetBucketAcl", n["bucket"]["arn"]),
        },
        lambda n: {
            "bucket": n["bucket"]["id"],
            "policy": resource_policy("config.amazonaws.com", "s3:ListBucket", n["bucket"]["arn"]),
        },
        {"bucket": BUCKET},
    ),
    _on_bucket(
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        {"rule": {"objectOwnership": "BucketOwnerEnforced"}},
        {"rule": {"objectOwnership": "BucketOwnerPreferred"}},
    ),
    *(
        _on_bucket(
            f"aws:s3/bucketCorsConfiguration{v}:BucketCorsConfiguration{v}",
            {"corsRules": [{"allowedMethods": ["GET"], "allowedOrigins": ["https://example.com"]}]},
            {"corsRules": [{"allowedMethods": ["GET", "PUT"], "allowedOrigins": ["https://example.org"]}]},
        )
        for v in ("", "V2")
    ),
    *(
        Example(
            f"aws:s3/bucketLogging{v}:BucketLogging{v}",
            lambda n: {"bucket": n["bucket"]["id"], "targetBucket": n["logs"]["id"], "targetPrefix": "a/"},
            lambda n: {"bucket": n["bucket"]["id"], "targetBucket": n["logs"]["id"], "targetPrefix": "b/"},
            {"bucket": BUCKET, "logs": BUCKET},
        )
        for v in ("", "V2")
    ),
    *(
        _on_bucket(
            f"aws:s3/bucketWebsiteConfiguration{v}:BucketWebsiteConfiguration{v}",
            {"indexDocument": {"suffix": "index.html"}},
            {"indexDocument": {"suffix": "index.html"}, "errorDocument": {"key": "error.html"}},
            ("websiteEndpoint",),
        )
        for v in ("", "V2")
    ),
    *(
        Example(
            f"aws:s3/bucketAcl{v}:BucketAcl{v}",
            lambda n: {"bucket": n["bucket"]["id"], "acl": "private"},
            lambda n: {"bucket": n["bucket"]["id"], "acl": "public-read"},
            {"bucket": BUCKET, "owners": OWNERS},
        )
        for v in ("", "V2")
    ),
    Example(
        "aws:s3/bucketNotification:BucketNotification",
        lambda n: {"bucket": n["bucket"]["id"], "eventbridge": True},
        lambda n: {
            "bucket": n["bucket"]["id"],
            "queues": [{"queueArn": n["queue"]["arn"], "events": ["s3:ObjectCreated:*"], "filterPrefix": "in/"}],
        },
        {"bucket": BUCKET, "queue": QUEUE},
    ),
    *(
        Example(
            f"aws:s3/{t}:{t[0].upper()}{t[1:]}",
            lambda n: {
                "bucket": n["bucket"]["id"],
                "key": "a.json",
                "content": "{}",
                "contentType": "application/json",
            },
            lambda n: {"bucket": n["bucket"]["id"], "key": "a.json", "source": Asset(text="[]"), "tags": {"a": "1"}},
            {"bucket": BUCKET},
            ("etag",),
        )
        for t in ("bucketObject", "bucketObjectv2")
    ),
)

MESSAGING = (
    Example(
        "aws:sns/topic:Topic",
        {"displayName": "one", "tags": {"a": "1"}},
        lambda n: {"displayName": "two", "kmsMasterKeyId": n["key"]["arn"], "tags": {"b": "2"}},
        {"key": KEY},
        ("arn", "name", "owner"),
    ),
    Example(
        "aws:sns/topicPolicy:TopicPolicy",
        lambda n: {
            "arn": n["topic"]["arn"],
            "policy": resource_policy("config.amazonaws.com", "sns:Publish", n["topic"]["arn"]),
        },
        lambda n: {
            "arn": n["topic"]["arn"],
            "policy": resource_policy("events.amazonaws.com", "sns:Publish", n["topic"]["arn"]),
        },
        {"topic": TOPIC},
        ("owner",),
    ),
    Example(
        "aws:sns/topicSubscription:TopicSubscription",
        lambda n: {"topic": n["topic"]["arn"], "protocol": "sqs", "endpoint": n["queue"]["arn"]},
        lambda n: {
            "topic": n["topic"]["arn"],
            "protocol": "sqs",
            "endpoint": n["queue"]["arn"],
            "filterPolicy": json.dumps({"severity": ["high"]}),
            "rawMessageDelivery": True,
        },
        {"topic": TOPIC, "queue": QUEUE},
        ("arn", "ownerId"),
    ),
    Example(
        "aws:sns/topicSubscription:TopicSubscription",
        lambda n: {
            "topic": n["topic"]["arn"],
            "protocol": "email",
            "endpoint": "a@example.com",
            "filterPolicy": json.dumps({"severity": ["high"]}),
        },
        None,
        {"topic": TOPIC},
        variant="email",
    ),
    Example(
        "aws:sqs/queue:Queue",
        {"messageRetentionSeconds": 600, "tags": {"a": "1"}},
        lambda n: {
            "visibilityTimeoutSeconds": 60,
            "redrivePolicy": json.dumps({"deadLetterTargetArn": n["dead"]["arn"], "maxReceiveCount": 3}),
        },
        {"dead": QUEUE},
        ("arn", "url", "name"),
    ),
    Example("aws:sqs/queue:Queue", {"fifoQueue": True}, None, variant="fifo"),
    Example(
        "aws:sqs/queuePolicy:QueuePolicy",
        lambda n: {
            "queueUrl": n["queue"]["id"],
            "policy": resource_policy("sns.amazonaws.com", "sqs:SendMessage", n["queue"]["arn"]),
        },
        lambda n: {
            "queueUrl": n["queue"]["id"],
            "policy": resource_policy("events.amazonaws.com", "sqs:SendMessage", n["queue"]["arn"]),
        },
        {"queue": QUEUE},
    ),
)


def _function(n: Mapping[str, Any], body: str, **more: Any) -> Values:
    return {
        "code": code(body),
        "role": n["role"]["arn"],
        "runtime": "python3.12",
        "handler": "index.handler",
        **more,
    }


LAMBDA = (
    Example(
        "aws:lambda/function:Function",
        lambda n: _function(n, "a = 1\n", environment={"variables": {"A": "1"}}, tags={"a": "1"}),
        lambda n: _function(n, "a = 2\n", timeout=30, memorySize=256, tags={"b": "2"}),
        {"role": ROLE},
        ("arn", "invokeArn", "qualifiedArn", "version", "sourceCodeHash", "lastModified"),
    ),
    Example(
        "aws:lambda/permission:Permission",
        lambda n: {
            "action": "lambda:InvokeFunction",
            "function": n["function"]["name"],
            "principal": "events.amazonaws.com",
            "sourceArn": f"arn:aws:events:us-east-1:{ACCOUNT}:rule/x",
        },
        None,
        {"role": ROLE, "function": FUNCTION},
        ("statementId",),
    ),
    Example(
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
        lambda n: {
            "functionName": n["function"]["name"],
            "maximumRetryAttempts": 0,
            "destinationConfig": {"onFailure": {"destination": n["queue"]["arn"]}},
        },
        lambda n: {"functionName": n["function"]["name"], "maximumRetryAttempts": 1},
        {"role": ROLE, "function": FUNCTION, "queue": QUEUE},
    ),
    Example(
        "aws:lambda/alias:Alias",
        lambda n: {"functionName": n["function"]["name"], "functionVersion": "1", "description": "one"},
        lambda n: {"functionName": n["function"]["name"], "functionVersion": "1", "description": "two"},
        {"role": ROLE, "function": FUNCTION},
        ("arn", "invokeArn"),
    ),
    Example(
        "aws:lambda/layerVersion:LayerVersion",
        {"layerName": "layer", "code": code("b = 1\n"), "compatibleRuntimes": ["python3.12"]},
        None,
        outputs=("arn", "layerArn", "version", "sourceCodeHash"),
    ),
    Example(
        "aws:lambda/eventSourceMapping:EventSourceMapping",
        lambda n: {"eventSourceArn": n["queue"]["arn"], "functionName": n["function"]["name"], "batchSize": 5},
        lambda n: {"eventSourceArn": n["queue"]["arn"], "functionName": n["function"]["name"], "batchSize": 6},
        {"role": ROLE, "function": FUNCTION, "queue": QUEUE},
        ("uuid",),
    ),
)

EVENTS = (
    Example(
        "aws:cloudwatch/eventRule:EventRule",
        {"eventPattern": json.dumps({"source": ["aws.config"]}), "tags": {"a": "1"}},
        {"scheduleExpression": "rate(1 hour)", "state": "DISABLED", "description": "x"},
        outputs=("arn", "name"),
    ),
    Example(
        "aws:cloudwatch/eventTarget:EventTarget",
        lambda n: {"rule": n["rule"]["name"], "arn": n["queue"]["arn"], "input": json.dumps({"a": 1})},
        lambda n: {
            "rule": n["rule"]["name"],
            "arn": n["queue"]["arn"],
            "inputTransformer": {"inputPaths": {"a": "$.detail"}, "inputTemplate": '"<a>"'},
            "retryPolicy": {"maximumRetryAttempts": 3, "maximumEventAgeInSeconds": 600},
            "deadLetterConfig": {"arn": n["queue"]["arn"]},
        },
        {"rule": EVENT_RULE, "queue": QUEUE},
        ("targetId",),
    ),
    Example("aws:cloudwatch/eventBus:EventBus", {"tags": {"a": "1"}}, {"tags": {"b": "2"}}, outputs=("arn",)),
    Example(
        "aws:cloudwatch/eventPermission:EventPermission",
        {"principal": "123456789012", "statementId": "other-account"},
        {"principal": "210987654321", "statementId": "other-account"},
    ),
    Example(
        "aws:scheduler/schedule:Schedule",
        lambda n: {
            "scheduleExpression": "rate(6 hours)",
            "flexibleTimeWindow": {"mode": "OFF"},
            "target": {"arn": n["queue"]["arn"], "roleArn": n["role"]["arn"], "input": "{}"},
        },
        lambda n: {
            "scheduleExpression": "cron(0 8 * * ? *)",
            "flexibleTimeWindow": {"mode": "FLEXIBLE", "maximumWindowInMinutes": 10},
            "state": "DISABLED",
            "target": {
                "arn": n["queue"]["arn"],
                "roleArn": n["role"]["arn"],
                "retryPolicy": {"maximumRetryAttempts": 3},
            },
        },
        {"role": ROLE, "queue": QUEUE},
        ("arn",),
    ),
    Example(
        "aws:scheduler/scheduleGroup:ScheduleGroup",
        {"tags": {"a": "1"}},
        {"tags": {"b": "2"}},
        outputs=("arn", "state"),
    ),
)

CLOUDWATCH = (
    Example(
        "aws:cloudwatch/logGroup:LogGroup",
        {"retentionInDays": 7, "tags": {"a": "1"}},
        {"tags": {"b": "2"}},
        outputs=("arn",),
    ),
    Example(
        "aws:cloudwatch/logMetricFilter:LogMetricFilter",
        lambda n: {
            "logGroupName": n["group"]["name"],
            "pattern": "ERROR",
            "metricTransformation": {"name": "errors", "namespace": "app", "value": "1"},
        },
        lambda n: {
            "logGroupName": n["group"]["name"],
            "pattern": "FATAL",
            "metricTransformation": {"name": "errors", "namespace": "app", "value": "1", "defaultValue": "0"},
        },
        {"group": LOG_GROUP},
    ),
    Example(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        lambda n: {**ALARM_INPUTS, "dimensions": {"FunctionName": "f"}, "alarmActions": [n["topic"]["arn"]]},
        lambda n: {
            **{key: ALARM_INPUTS[key] for key in ("comparisonOperator", "evaluationPeriods", "threshold")},
            "treatMissingData": "notBreaching",
            "metricQueries": [
                {"id": "e", "expression": "a * 2", "label": "twice", "returnData": True},
                {"id": "a", "metric": {"metricName": "Errors", "namespace": "AWS/Lambda", "period": 60, "stat": "Sum"}},
            ],
        },
        {"topic": TOPIC},
        ("arn",),
    ),
    Example(
        "aws:cloudwatch/compositeAlarm:CompositeAlarm",
        lambda n: {"alarmName": "both", "alarmRule": f"ALARM({n['alarm']['name']})"},
        lambda n: {"alarmName": "both", "alarmRule": f"OK({n['alarm']['name']})", "alarmDescription": "x"},
        {"alarm": Needed("aws:cloudwatch/metricAlarm:MetricAlarm", ALARM_INPUTS)},
        ("arn",),
    ),
    Example(
        "aws:cloudwatch/dashboard:Dashboard",
        {"dashboardName": "board", "dashboardBody": json.dumps({"widgets": []})},
        {
            "dashboardName": "board",
            "dashboardBody": json.dumps(
                {
                    "widgets": [
                        {"type": "text", "x": 0, "y": 0, "width": 3, "height": 3, "properties": {"markdown": "x"}}
                    ]
                }
            ),
        },
        outputs=("dashboardArn",),
    ),
)

INSTANCE: Values = {"ami": "ami-0c55b159cbfafe1f0", "instanceType": "t3.micro"}
VPC = Needed("aws:ec2/vpc:Vpc", {"cidrBlock": "10.1.0.0/16"})
DATABASE: Values = {
    "engine": "postgres",
    "instanceClass": "db.t3.micro",
    "allocatedStorage": 20,
    "username": "root_user",
    "password": "not-a-secret-1",
    "skipFinalSnapshot": True,
}

COMPUTE = (
    Example(
        "aws:ec2/instance:Instance",
        {**INSTANCE, "tags": {"Name": "one"}},
        {**INSTANCE, "tags": {"Name": "two"}},
        outputs=("arn", "privateIp", "instanceState", "availabilityZone"),
    ),
    Example(
        "aws:ebs/volume:Volume",
        {"availabilityZone": "us-east-1a", "size": 10, "tags": {"a": "1"}},
        {"availabilityZone": "us-east-1a", "size": 20, "type": "gp3"},
        outputs=("arn",),
    ),
    Example(
        "aws:ec2/securityGroup:SecurityGroup",
        lambda n: {
            "vpcId": n["vpc"]["id"],
            "ingress": [{"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["10.0.0.0/8"]}],
        },
        lambda n: {
            "vpcId": n["vpc"]["id"],
            "ingress": [{"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["10.0.0.0/8"], "self": True}],
            "egress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}],
            "tags": {"a": "1"},
        },
        {"vpc": VPC},
        ("arn", "name", "ownerId"),
    ),
    Example(
        "aws:ec2/vpc:Vpc",
        {"cidrBlock": "10.2.0.0/16", "tags": {"a": "1"}},
        {"cidrBlock": "10.2.0.0/16", "enableDnsHostnames": True},
        outputs=("arn", "defaultSecurityGroupId", "ownerId"),
    ),
    Example(
        "aws:ec2/subnet:Subnet",
        lambda n: {"vpcId": n["vpc"]["id"], "cidrBlock": "10.1.1.0/24", "availabilityZone": "us-east-1b"},
        lambda n: {
            "vpcId": n["vpc"]["id"],
            "cidrBlock": "10.1.1.0/24",
            "availabilityZone": "us-east-1b",
            "mapPublicIpOnLaunch": True,
            "tags": {"a": "1"},
        },
        {"vpc": VPC},
        ("arn",),
    ),
    Example(
        "aws:ec2/eip:Eip",
        {"tags": {"a": "1"}},
        lambda n: {"instance": n["instance"]["id"]},
        {"instance": Needed("aws:ec2/instance:Instance", INSTANCE)},
        ("allocationId", "publicIp"),
    ),
    Example(
        "aws:rds/instance:Instance",
        {**DATABASE, "tags": {"a": "1"}},
        {**DATABASE, "backupRetentionPeriod": 7, "tags": {"b": "2"}},
        outputs=("arn", "address", "endpoint", "identifier", "resourceId"),
    ),
)

STORAGE = (
    Example(
        "aws:ssm/parameter:Parameter",
        {"type": "String", "value": "one", "tags": {"a": "1"}},
        {"type": "SecureString", "value": "two", "description": "x"},
        outputs=("arn", "name", "version"),
    ),
    Example(
        "aws:secretsmanager/secret:Secret",
        {"tags": {"a": "1"}, "recoveryWindowInDays": 0},
        {"description": "changed", "tags": {"b": "2"}, "recoveryWindowInDays": 7},
        outputs=("arn", "name"),
    ),
    Example(
        "aws:secretsmanager/secretVersion:SecretVersion",
        lambda n: {"secretId": n["secret"]["id"], "secretString": "hidden"},
        None,
        {"secret": Needed("aws:secretsmanager/secret:Secret", {"recoveryWindowInDays": 0})},
        ("arn", "versionId"),
    ),
    Example(
        "aws:dynamodb/table:Table",
        {
            "billingMode": "PAY_PER_REQUEST",
            "hashKey": "id",
            "attributes": [{"name": "id", "type": "S"}],
            "tags": {"a": "1"},
        },
        {
            "billingMode": "PROVISIONED",
            "readCapacity": 2,
            "writeCapacity": 3,
            "hashKey": "id",
            "attributes": [{"name": "id", "type": "S"}, {"name": "owner", "type": "S"}],
            "globalSecondaryIndexes": [
                {"name": "by-owner", "hashKey": "owner", "projectionType": "ALL", "readCapacity": 1, "writeCapacity": 1}
            ],
            "pointInTimeRecovery": {"enabled": True},
            "ttl": {"enabled": True, "attributeName": "until"},
        },
        outputs=("arn",),
    ),
)

ANALYTICS = (
    Example(
        "aws:cloudtrail/trail:Trail",
        lambda n: {"s3BucketName": n["bucket"]["id"], "tags": {"a": "1"}},
        lambda n: {"s3BucketName": n["bucket"]["id"], "enableLogging": False, "isMultiRegionTrail": True},
        {"bucket": BUCKET},
        ("arn", "name", "homeRegion"),
    ),
    Example(
        "aws:athena/workgroup:Workgroup",
        {"description": "one", "tags": {"a": "1"}},
        {"configuration": {"resultConfiguration": {"outputLocation": "s3://x/y"}}, "state": "DISABLED"},
        outputs=("arn",),
    ),
    Example(
        "aws:glue/catalogDatabase:CatalogDatabase",
        {"description": "one"},
        {"description": "two", "tags": {"a": "1"}},
        outputs=("arn", "name"),
    ),
)

RULE_INPUTS: Values = {"source": {"owner": "AWS", "sourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"}}
RECORDER = Needed(
    "aws:cfg/recorder:Recorder",
    lambda n: {
        "roleArn": n["role"]["arn"],
        "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
    },
)
CONFIG_ROLE = Needed(
    "aws:iam/role:Role",
    {
        "assumeRolePolicy": trust("config.amazonaws.com"),
        "managedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AWS_ConfigRole"],
    },
)
DELIVERY_POLICY = Needed(
    "aws:s3/bucketPolicy:BucketPolicy",
    lambda n: {
        "bucket": n["bucket"]["id"],
        "policy": json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "config.amazonaws.com"},
                        "Action": ["s3:GetBucketAcl", "s3:ListBucket", "s3:PutObject"],
                        "Resource": [n["bucket"]["arn"], f"{n['bucket']['arn']}/*"],
                    }
                ],
            }
        ),
    },
)
DELIVERED = {"role": CONFIG_ROLE, "recorder": RECORDER, "bucket": BUCKET, "policy": DELIVERY_POLICY}
CHANNEL = Needed("aws:cfg/deliveryChannel:DeliveryChannel", lambda n: {"s3BucketName": n["bucket"]["id"]})
PACK = """
Resources:
  Versioning:
    Type: AWS::Config::ConfigRule
    Properties:
      ConfigRuleName: pack-versioning
      Source:
        Owner: AWS
        SourceIdentifier: S3_BUCKET_VERSIONING_ENABLED
"""

CONFIG = (
    Example(
        "aws:cfg/recorder:Recorder",
        lambda n: {"roleArn": n["role"]["arn"], "recordingGroup": {"includeGlobalResourceTypes": True}},
        lambda n: {
            "roleArn": n["role"]["arn"],
            "recordingGroup": {"allSupported": False, "resourceTypes": ["AWS::S3::Bucket", "AWS::EC2::Instance"]},
            "recordingMode": {"recordingFrequency": "CONTINUOUS"},
        },
        {"role": CONFIG_ROLE},
        ("name",),
    ),
    Example(
        "aws:cfg/deliveryChannel:DeliveryChannel",
        lambda n: {"s3BucketName": n["bucket"]["id"]},
        lambda n: {
            "s3BucketName": n["bucket"]["id"],
            "s3KeyPrefix": "config",
            "snapshotDeliveryProperties": {"deliveryFrequency": "Six_Hours"},
        },
        DELIVERED,
        ("name",),
    ),
    Example(
        "aws:cfg/recorderStatus:RecorderStatus",
        lambda n: {"name": n["recorder"]["name"], "isEnabled": True},
        lambda n: {"name": n["recorder"]["name"], "isEnabled": False},
        {**DELIVERED, "channel": CHANNEL},
    ),
    Example(
        "aws:cfg/rule:Rule",
        {**RULE_INPUTS, "description": "one", "tags": {"a": "1"}},
        {
            "source": {"owner": "AWS", "sourceIdentifier": "DESIRED_INSTANCE_TYPE"},
            "inputParameters": json.dumps({"instanceType": "t3.micro,t3.small"}),
            "scope": {"complianceResourceTypes": ["AWS::EC2::Instance"]},
            "tags": {"b": "2"},
        },
        {"role": CONFIG_ROLE, "recorder": RECORDER},
        ("arn", "ruleId", "name"),
    ),
    Example(
        "aws:cfg/configurationAggregator:ConfigurationAggregator",
        {"accountAggregationSource": {"accountIds": ["123456789012"], "allRegions": True}, "tags": {"a": "1"}},
        {"accountAggregationSource": {"accountIds": ["123456789012"], "regions": ["us-east-1", "eu-west-1"]}},
        outputs=("arn", "name"),
    ),
    Example(
        "aws:cfg/aggregateAuthorization:AggregateAuthorization",
        {"accountId": "210987654321", "authorizedAwsRegion": "eu-west-1"},
        {"accountId": "210987654321", "authorizedAwsRegion": "eu-west-1", "tags": {"a": "1"}},
        outputs=("arn",),
    ),
    Example(
        "aws:cfg/remediationConfiguration:RemediationConfiguration",
        lambda n: {
            "configRuleName": n["rule"]["name"],
            "targetType": "SSM_DOCUMENT",
            "targetId": "AWS-ConfigureS3BucketVersioning",
            "resourceType": "AWS::S3::Bucket",
            "parameters": [
                {"name": "AutomationAssumeRole", "staticValue": n["role"]["arn"]},
                {"name": "BucketName", "resourceValue": "RESOURCE_ID"},
            ],
        },
        lambda n: {
            "configRuleName": n["rule"]["name"],
            "targetType": "SSM_DOCUMENT",
            "targetId": "AWS-ConfigureS3BucketVersioning",
            "resourceType": "AWS::S3::Bucket",
            "automatic": True,
            "maximumAutomaticAttempts": 3,
            "retryAttemptSeconds": 120,
            "executionControls": {"ssmControls": {"concurrentExecutionRatePercentage": 25, "errorPercentage": 20}},
            "parameters": [
                {"name": "AutomationAssumeRole", "staticValue": n["role"]["arn"]},
                {"name": "BucketName", "resourceValue": "RESOURCE_ID"},
            ],
        },
        {"role": CONFIG_ROLE, "recorder": RECORDER, "rule": Needed("aws:cfg/rule:Rule", RULE_INPUTS)},
        ("arn",),
    ),
    Example(
        "aws:cfg/conformancePack:ConformancePack",
        {"templateBody": PACK},
        {"templateBody": PACK.replace("pack-versioning", "pack-versioned")},
        {"role": CONFIG_ROLE, "recorder": RECORDER},
        ("arn", "name"),
    ),
    Example(
        "aws:cfg/retentionConfiguration:RetentionConfiguration",
        {"retentionPeriodInDays": 90},
        {"retentionPeriodInDays": 365},
        outputs=("name",),
    ),
)

EXAMPLES: tuple[Example, ...] = (
    *IAM,
    *KMS,
    *S3,
    *MESSAGING,
    *LAMBDA,
    *EVENTS,
    *CLOUDWATCH,
    *COMPUTE,
    *STORAGE,
    *ANALYTICS,
    *CONFIG,
)
