"""What the AWS managed policies that functions and recorders carry allow.

Documents: AWS Managed Policy Reference, https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html.
A policy that is not here is not guessed: what a role with it may do is then not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from watchkeeper.preflight.policy import Policy, Statement

_LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
_NETWORK = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
_QUEUE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
_STREAM = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams")
_TRACE = (
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:GetSamplingStatisticSummaries",
)
ACTIONS: Mapping[str, tuple[str, ...]] = {
    "service-role/AWSLambdaBasicExecutionRole": _LOGS,
    "service-role/AWSLambdaVPCAccessExecutionRole": (*_LOGS, *_NETWORK),
    "service-role/AWSLambdaSQSQueueExecutionRole": (*_LOGS, *_QUEUE),
    "service-role/AWSLambdaDynamoDBExecutionRole": (*_LOGS, *_STREAM),
    "service-role/AWSConfigRulesExecutionRole": (
        *_LOGS,
        "s3:GetObject",
        "config:Put*",
        "config:Get*",
        "config:List*",
        "config:Describe*",
    ),
    "AWSXRayDaemonWriteAccess": _TRACE,
    "AWSXrayWriteOnlyAccess": _TRACE,
    "AdministratorAccess": ("*",),
    "AmazonS3FullAccess": ("s3:*", "s3-object-lambda:*"),
    "AmazonS3ReadOnlyAccess": (
        "s3:Get*",
        "s3:List*",
        "s3:Describe*",
        "s3-object-lambda:Get*",
        "s3-object-lambda:List*",
    ),
    "AmazonSNSFullAccess": ("sns:*",),
    "AmazonSQSFullAccess": ("sqs:*",),
    "AmazonDynamoDBReadOnlyAccess": (
        "dynamodb:BatchGetItem",
        "dynamodb:Describe*",
        "dynamodb:List*",
        "dynamodb:GetItem",
        "dynamodb:Query",
        "dynamodb:Scan",
    ),
    "CloudWatchFullAccess": ("cloudwatch:*", "logs:*", "sns:*"),
    "CloudWatchLogsFullAccess": ("logs:*", "cloudwatch:GenerateQuery"),
}
"""Actions on every resource, by the part of the ARN after ``policy/``."""


@lru_cache(maxsize=256)
def managed_document(arn: str) -> Policy | None:
    """What an AWS managed policy allows, or None when it is not known here."""
    head, _, name = arn.partition(":policy/")
    if not head.endswith(":iam::aws") or name not in ACTIONS:
        return None
    return Policy((Statement(allow=True, actions=ACTIONS[name], resources=("*",)),))
