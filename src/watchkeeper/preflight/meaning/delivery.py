"""Whether AWS Config can deliver: to the channel's bucket, with its key, through the recorder's role or by itself.

https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-policy.html and
https://docs.aws.amazon.com/config/latest/developerguide/s3-kms-key-policy.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from watchkeeper.preflight.meaning import policy as iam
from watchkeeper.preflight.meaning.values import all_of, any_of, text
from watchkeeper.preflight.meaning.views import (
    CONFIG_SERVICE,
    KEY,
    KEY_ALIAS,
    SERVICE_LINKED_ROLE,
    Bucket,
    Document,
    Key,
    Link,
    Role,
    Views,
)
from watchkeeper.pulumi.graph import Resource

WRITE = ("s3:GetBucketAcl", "s3:ListBucket", "s3:PutObject")
ROLE_WRITE = ("s3:GetBucketAcl", "s3:PutObject")
REQUEST = {
    "s3:x-amz-acl": "bucket-owner-full-control",
    "aws:securetransport": "true",
    "aws:principalisawsservice": "true",
    "aws:principalservicename": CONFIG_SERVICE,
}
"""What is known of Config's requests, for the conditions of a policy."""
KEY_USE = ("kms:Decrypt", "kms:GenerateDataKey")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One channel with its bucket and the roles of the recorders that write through it."""

    channel: Resource
    link: Link
    bucket: Bucket | None
    prefix: str
    roles: tuple[tuple[Link, Role | None], ...]


def deliveries(views: Views) -> Iterator[Delivery]:
    """Every channel of the program."""
    roles = tuple((link, role) for _, link, role in views.recorder_roles())
    for channel in views.channels:
        link = views.link(channel, "s3BucketName", "aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
        prefix = text(views.get(channel, "s3KeyPrefix")) or ""
        yield Delivery(channel, link, views.bucket(link), prefix, roles)


def service_linked(link: Link) -> bool:
    """Whether the role is Config's own, which cannot write to S3 or KMS."""
    if link.resource is not None and link.resource.type == SERVICE_LINKED_ROLE:
        return True
    return link.text is not None and "AWSServiceRoleForConfig" in link.text


def arns_of(views: Views, bucket: Bucket, action: str, prefix: str) -> list[str]:
    """What an action is done to: in one of the accounts that this may be."""
    if action != "s3:PutObject":
        return [bucket.arn]
    middle = f"{prefix.strip('/')}/" if prefix else ""
    return [f"{bucket.arn}/{middle}AWSLogs/{account}/Config/ConfigWritabilityCheckFile" for account in views.accounts]


def missing_in_policy(views: Views, delivery: Delivery) -> tuple[list[str], bool]:
    """The actions that the bucket's policies refuse Config, and whether something of them is unknown."""
    bucket = delivery.bucket
    if bucket is None:
        return [], True
    unknown = "policy" in bucket.unplaced
    missing: list[str] = []
    for action in WRITE:
        arns = arns_of(views, bucket, action, delivery.prefix)
        answer = any_of([service_answer(bucket.policies, action, arn) for arn in arns])
        if answer is False:
            missing.append(action)
        unknown = unknown or answer is None
    return missing, unknown


def service_answer(
    documents: Iterable[Document], action: str, arn: str | None, service: str = CONFIG_SERVICE
) -> bool | None:
    """Whether one of the resource policies lets the service do it."""
    context = REQUEST if service == CONFIG_SERVICE else None
    answers = [
        None if document.policy is None else iam.service_allowed(document.policy, service, action, arn, context)
        for document in documents
    ]
    return any_of(answers)


def by_role(views: Views, delivery: Delivery) -> bool | None:
    """Whether a recorder's role may write to the bucket by itself."""
    bucket = delivery.bucket
    if bucket is None or not delivery.roles:
        return None
    answers: list[bool | None] = []
    for link, role in delivery.roles:
        if service_linked(link):
            answers.append(False)
        elif role is None:
            answers.append(None)
        else:
            answers.append(
                all_of(
                    [
                        any_of([role.allows(action, arn) for arn in arns_of(views, bucket, action, delivery.prefix)])
                        for action in ROLE_WRITE
                    ]
                )
            )
    return all_of(answers)


def key_of(views: Views, delivery: Delivery) -> tuple[Link, Key | None]:
    """The key that what is delivered is encrypted with: the channel's own, or the bucket's."""
    link = views.link(delivery.channel, "s3KmsKeyArn", KEY, KEY_ALIAS)
    if not link.present and delivery.bucket is not None:
        link = delivery.bucket.key
    return link, views.key(link)


def key_by_role(delivery: Delivery, key: Key) -> bool | None:
    """Whether a recorder's role may use the key; needs a key policy that lets IAM decide."""
    answers = [
        False if service_linked(link) else None if role is None else role.allows("kms:GenerateDataKey", key.arn)
        for link, role in delivery.roles
    ]
    if not answers:
        return None
    return all_of([all_of(answers), delegates(key, [role.arn for _, role in delivery.roles if role is not None])])


def delegates(key: Key, principals: Iterable[str] = ()) -> bool | None:
    """Whether a key's policy lets IAM policies of the account (or these roles) decide; without one it does."""
    if not key.documents:
        return True
    if any(document.policy is None for document in key.documents):
        return None
    wanted = set(principals)
    return any(
        statement.allow
        and kind == "AWS"
        and isinstance(value, str)
        and (value.endswith(":root") or value in wanted or value == "*")
        for document in key.documents
        if document.policy is not None
        for statement in document.policy.statements
        for kind, value in statement.principals
    )
