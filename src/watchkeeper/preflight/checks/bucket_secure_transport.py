"""bucket-secure-transport: every bucket refuses plain HTTP."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import WARNING, Check, Result
from watchkeeper.preflight.meaning.policy import Policy, Statement, covers_action, covers_resource
from watchkeeper.preflight.meaning.views import Bucket, Views

OBJECTS = ("s3:GetObject", "s3:PutObject")
"""What a Deny has to speak of: a bucket's objects are what is read and written."""


def look(views: Views) -> Iterator[Result]:
    """Each bucket's policies, for a Deny on aws:SecureTransport false (or an old TLS version)."""
    for bucket in views.buckets:
        if any(_denies_http(document.policy, bucket) for document in bucket.policies if document.policy is not None):
            continue
        if any(document.policy is None for document in bucket.policies) or "policy" in bucket.unplaced:
            yield CHECK.unknown(bucket.resource, "its policy is known only after the deployment")
        else:
            yield CHECK.finding(
                bucket.resource, "no statement of the bucket's policy denies plain HTTP for its objects.", path="policy"
            )


def _denies_http(policy: Policy, bucket: Bucket) -> bool:
    return any(
        not statement.allow and _about_transport(statement) and _about_objects(statement, bucket)
        for statement in policy.statements
    )


def _about_objects(statement: Statement, bucket: Bucket) -> bool:
    """Whether it speaks of reading and writing the bucket's objects; an ARN that is not known yet may be theirs."""
    return covers_resource(statement, f"{bucket.arn}/key") is not False and all(
        covers_action(statement, action) is not False for action in OBJECTS
    )


def _about_transport(statement: Statement) -> bool:
    return any(
        (key == "aws:securetransport" and "false" in [str(value).lower() for value in values]) or key == "s3:tlsversion"
        for _, key, values in statement.conditions
    )


CHECK = Check(
    id="bucket-secure-transport",
    severity=WARNING,
    title="Buckets refuse plain HTTP",
    explanation="A Deny for everyone where aws:SecureTransport is false makes every request use TLS.",
    aws_does="It answers requests over plain HTTP.",
    fix='Add {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [bucket, bucket/*], '
    '"Condition": {"Bool": '
    '{"aws:SecureTransport": "false"}}} to the bucket policy.',
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html",
    look=look,
    tags=("s3", "exposure"),
    needs_all=True,
)
