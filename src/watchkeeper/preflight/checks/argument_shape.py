"""argument-shape: a name where a name belongs, an ARN where an ARN belongs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from watchkeeper.aws import refusals
from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import Link, Views
from watchkeeper.pulumi.graph import Resource

NAME = "name"
ARN = "ARN"
ARGUMENTS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "aws:cfg/deliveryChannel:DeliveryChannel": {
        "s3BucketName": (NAME, "NoSuchBucketException"),
        "snsTopicArn": (ARN, "InvalidSNSTopicARNException"),
        "s3KmsKeyArn": (ARN, "InvalidS3KmsKeyArnException"),
    },
    "aws:cfg/recorder:Recorder": {"roleArn": (ARN, "InvalidRoleException")},
    "aws:cfg/recorderStatus:RecorderStatus": {"name": (NAME, "NoSuchConfigurationRecorderException")},
    "aws:cfg/remediationConfiguration:RemediationConfiguration": {
        "configRuleName": (NAME, "NoSuchConfigRuleException")
    },
    "aws:s3/bucketPolicy:BucketPolicy": {"bucket": (NAME, "NoSuchBucket")},
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": {"bucket": (NAME, "NoSuchBucket")},
    "aws:s3/bucketVersioning:BucketVersioning": {"bucket": (NAME, "NoSuchBucket")},
    "aws:s3/bucketVersioningV2:BucketVersioningV2": {"bucket": (NAME, "NoSuchBucket")},
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": {"bucket": (NAME, "NoSuchBucket")},
    "aws:s3/bucketNotification:BucketNotification": {"bucket": (NAME, "NoSuchBucket")},
    "aws:sns/topicPolicy:TopicPolicy": {"arn": (ARN, "InvalidParameter")},
    "aws:sns/topicSubscription:TopicSubscription": {"topic": (ARN, "InvalidParameter")},
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {
        "role": (NAME, "ValidationError"),
        "policyArn": (ARN, "ValidationError"),
    },
    "aws:iam/rolePolicy:RolePolicy": {"role": (NAME, "ValidationError")},
    "aws:lambda/function:Function": {"role": (ARN, "ValidationException")},
    "aws:lambda/permission:Permission": {"sourceArn": (ARN, "ValidationException")},
    "aws:cloudwatch/eventTarget:EventTarget": {
        "rule": (NAME, "ValidationException"),
        "arn": (ARN, "ValidationException"),
        "roleArn": (ARN, "ValidationException"),
    },
    "aws:cloudwatch/metricAlarm:MetricAlarm": {
        "alarmActions": (ARN, "ValidationError"),
        "okActions": (ARN, "ValidationError"),
    },
}
"""Per type: the argument, what it wants, and how AWS refuses the other."""


PREFIX = "s3KeyPrefix"


def look(views: Views) -> Iterator[Result]:
    """Each argument of the table."""
    for kind, arguments in ARGUMENTS.items():
        for resource in views.of_type(kind):
            for path, (wanted, error) in arguments.items():
                for link in views.links(resource, path):
                    yield from _look_at(views, resource, path, wanted, error, link)
    yield from _prefixes(views)


def _prefixes(views: Views) -> Iterator[Result]:
    """What AWS refuses of a channel's key prefix."""
    for channel in views.channels:
        prefix = views.get(channel, PREFIX)
        refused = refusals.key_prefix(prefix) if isinstance(prefix, str) else None
        if refused:
            yield CHECK.finding(
                channel,
                f"{refused.reason}.",
                fix="Leave it out, or name a folder above AWSLogs.",
                path=PREFIX,
                aws_does=f"PutDeliveryChannel answers {refused.code}.",
            )


def _look_at(views: Views, resource: Resource, path: str, wanted: str, error: str, link: Link) -> Iterator[Result]:
    if link.text is None:
        return
    is_arn = link.text.startswith("arn:")
    if is_arn == (wanted == ARN):
        return
    target = link.resource or views.find(link.text)
    instead = _instead(views, wanted, link.text, target)
    yield CHECK.finding(
        resource,
        f"{path} is {'an ARN' if is_arn else 'a name'}, {quote(link.text)}, where "
        f"{'a name' if wanted == NAME else 'an ARN'} "
        "belongs.",
        fix=f"Write {instead}.",
        path=path,
        aws_does=f"It answers {error}.",
    )


def _instead(views: Views, wanted: str, given: str, target: Resource | None) -> str:
    if target is not None:
        value = views.arn(target) if wanted == ARN else views.name(target)
        return f"{target.name}{'.arn' if wanted == ARN else ' by its name'}, here {quote(value)}"
    return f"the name alone, {quote(given.rpartition(':')[2].rpartition('/')[2])}" if wanted == NAME else "the ARN"


CHECK = Check(
    id="argument-shape",
    severity=ERROR,
    title="Names stand where names belong, ARNs where ARNs belong",
    explanation="Some arguments take a name, some an ARN. SDKs type both as text, so only AWS notices.",
    aws_does="It refuses the call, e.g. NoSuchBucketException for an ARN as s3_bucket_name.",
    fix="Give the name or the ARN as the argument's documentation says.",
    source="https://docs.aws.amazon.com/config/latest/APIReference/API_DeliveryChannel.html",
    look=look,
    tags=("shape",),
)
