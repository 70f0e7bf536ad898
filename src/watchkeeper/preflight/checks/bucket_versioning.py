"""bucket-versioning: every bucket keeps versions."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import WARNING, Check, Result
from watchkeeper.preflight.meaning.views import Views


def look(views: Views) -> Iterator[Result]:
    """Each bucket's versioning, inline or separate."""
    for bucket in views.buckets:
        if bucket.versioning is None or (bucket.versioning is False and "versioning" in bucket.unplaced):
            yield CHECK.unknown(bucket.resource, "its versioning is known only after the deployment")
        elif not bucket.versioning:
            yield CHECK.finding(bucket.resource, "the bucket has no versioning.")


CHECK = Check(
    id="bucket-versioning",
    severity=WARNING,
    title="Buckets keep versions",
    explanation="Without versions an overwritten or deleted report is gone, and with it the evidence.",
    aws_does="It overwrites and deletes for good.",
    fix='Add aws.s3.BucketVersioning with status="Enabled".',
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html",
    look=look,
    tags=("s3", "exposure"),
    needs_all=True,
)
