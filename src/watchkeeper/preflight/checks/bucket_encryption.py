"""bucket-encryption: every bucket encrypts with KMS by default."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import WARNING, Check, Result
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import Views
from watchkeeper.pulumi.graph import UNKNOWN

KMS = ("aws:kms", "aws:kms:dsse")


def look(views: Views) -> Iterator[Result]:
    """Each bucket's default encryption, inline or separate."""
    for bucket in views.buckets:
        known = [item for item in bucket.algorithms if item is not UNKNOWN]
        if any(item in KMS for item in known):
            continue
        if len(known) != len(bucket.algorithms) or (not known and "encryption" in bucket.unplaced):
            yield CHECK.unknown(bucket.resource, "its default encryption is known only after the deployment")
        elif known:
            yield CHECK.finding(bucket.resource, f"the default encryption is {quote(known[0])}, not KMS.")
        else:
            yield CHECK.finding(
                bucket.resource, "the bucket has no KMS encryption: S3 would use its own keys (SSE-S3)."
            )


CHECK = Check(
    id="bucket-encryption",
    severity=WARNING,
    title="Buckets encrypt with KMS",
    explanation="S3 encrypts every new bucket with keys of its own (SSE-S3). Only with a KMS key does the key policy "
    "decide who can read, and CloudTrail show who did.",
    aws_does="It encrypts with SSE-S3.",
    fix='Give the default encryption sse_algorithm="aws:kms" with a kms_master_key_id.',
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html",
    look=look,
    tags=("s3", "kms", "exposure"),
    needs_all=True,
)
