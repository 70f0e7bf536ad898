"""bucket-secure-transport: every bucket refuses plain HTTP."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import WARNING, Check, Result
from watchkeeper.preflight.policy import Policy, Statement
from watchkeeper.preflight.views import Views


def look(views: Views) -> Iterator[Result]:
    """Each bucket's policies, for a Deny on aws:SecureTransport false (or an old TLS version)."""
    for bucket in views.buckets:
        if any(document.policy is not None and _denies_http(document.policy) for document in bucket.policies):
            continue
        if any(document.policy is None for document in bucket.policies) or "policy" in bucket.unplaced:
            yield CHECK.unknown(bucket.resource, "its policy is known only after the deployment")
        else:
            yield CHECK.finding(
                bucket.resource, "no statement of the bucket's policy denies plain HTTP.", path="policy"
            )


def _denies_http(policy: Policy) -> bool:
    return any(not statement.allow and _about_transport(statement) for statement in policy.statements)


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
)
