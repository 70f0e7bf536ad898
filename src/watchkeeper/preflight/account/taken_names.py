"""Which names of a program an account has given away already: one read-only call for each name that the program chose.

A name that AWS or Pulumi makes up cannot be taken, and is not asked for. What AWS does with a taken name differs: some
creations are refused, others silently change what is there. Errors as the service's own API reference lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError


@dataclass(frozen=True, slots=True)
class Question:
    """How one type's names are asked for, and what a creation does with a taken one."""

    service: str
    operation: str
    parameter: str
    """What takes the name (or the ARN, see ``by_arn``)."""
    aws_does: str
    refused: bool = True
    """Whether AWS refuses the creation; False: it changes what is there."""
    free: tuple[str, ...] = ()
    """Error codes that say: nobody has it."""
    elsewhere: tuple[str, ...] = ()
    """Error codes that say: another account has it."""
    by_arn: bool = False
    listed: Callable[[Any, str], bool] | None = None
    """For an operation that lists: whether its answer names it."""
    as_list: bool = False
    """Whether the parameter takes a list."""


def _in(key: str, field: str) -> Callable[[Any, str], bool]:
    return lambda answer, name: any(item.get(field) == name for item in answer.get(key, ()))


_BUCKET = Question(
    "s3",
    "head_bucket",
    "Bucket",
    "CreateBucket answers BucketAlreadyExists or BucketAlreadyOwnedByYou.",
    free=("404", "NoSuchBucket"),
    elsewhere=("403", "301", "AccessDenied"),
)
QUESTIONS: Mapping[str, Question] = {
    "aws:s3/bucket:Bucket": _BUCKET,
    "aws:s3/bucketV2:BucketV2": _BUCKET,
    "aws:iam/role:Role": Question(
        "iam", "get_role", "RoleName", "CreateRole answers EntityAlreadyExists.", free=("NoSuchEntity",)
    ),
    "aws:iam/policy:Policy": Question(
        "iam",
        "get_policy",
        "PolicyArn",
        "CreatePolicy answers EntityAlreadyExists.",
        free=("NoSuchEntity",),
        by_arn=True,
    ),
    "aws:lambda/function:Function": Question(
        "lambda",
        "get_function_configuration",
        "FunctionName",
        "CreateFunction answers ResourceConflictException.",
        free=("ResourceNotFoundException",),
    ),
    "aws:cloudwatch/logGroup:LogGroup": Question(
        "logs",
        "describe_log_groups",
        "logGroupNamePrefix",
        "CreateLogGroup answers ResourceAlreadyExistsException.",
        listed=_in("logGroups", "logGroupName"),
    ),
    "aws:kms/alias:Alias": Question(
        "kms", "describe_key", "KeyId", "CreateAlias answers AlreadyExistsException.", free=("NotFoundException",)
    ),
    "aws:sns/topic:Topic": Question(
        "sns",
        "get_topic_attributes",
        "TopicArn",
        "CreateTopic returns the existing topic, and its settings are overwritten.",
        refused=False,
        free=("NotFound", "NotFoundException"),
        by_arn=True,
    ),
    "aws:sqs/queue:Queue": Question(
        "sqs",
        "get_queue_url",
        "QueueName",
        "CreateQueue answers QueueNameExists, or returns the existing queue where the attributes are the same.",
        free=("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"),
    ),
    "aws:dynamodb/table:Table": Question(
        "dynamodb",
        "describe_table",
        "TableName",
        "CreateTable answers ResourceInUseException.",
        free=("ResourceNotFoundException",),
    ),
    "aws:cloudwatch/eventRule:EventRule": Question(
        "events",
        "describe_rule",
        "Name",
        "PutRule changes the existing rule.",
        refused=False,
        free=("ResourceNotFoundException",),
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Question(
        "cloudwatch",
        "describe_alarms",
        "AlarmNames",
        "PutMetricAlarm overwrites the existing alarm.",
        refused=False,
        listed=_in("MetricAlarms", "AlarmName"),
        as_list=True,
    ),
    "aws:cloudwatch/dashboard:Dashboard": Question(
        "cloudwatch",
        "get_dashboard",
        "DashboardName",
        "PutDashboard overwrites the existing dashboard.",
        refused=False,
        free=("ResourceNotFound", "DashboardNotFoundError", "ResourceNotFoundException"),
    ),
}
"""Resource type to its question. Config's own names are in :class:`watchkeeper.preflight.check.AccountState`."""


def held(client: Any, question: Question, name: str) -> str:
    """Who has a name: ``""`` nobody, ``"this"`` account, ``"another"`` one. Raises ClientError when AWS won't say."""
    argument = {question.parameter: [name] if question.as_list else name}
    try:
        answer = getattr(client, question.operation)(**argument)
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in question.free:
            return ""
        if code in question.elsewhere:
            return "another"
        raise
    return "this" if question.listed is None or question.listed(answer, name) else ""
