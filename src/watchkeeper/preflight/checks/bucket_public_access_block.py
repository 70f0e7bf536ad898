"""bucket-public-access-block: every bucket blocks public access in all four ways."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import WARNING, Check, Result
from watchkeeper.preflight.meaning.views import Views


def look(views: Views) -> Iterator[Result]:
    """Each bucket's public access block, inline or separate."""
    for bucket in views.buckets:
        off = [switch for switch, value in bucket.blocks.items() if value is False]
        if bucket.blocks and not off:
            if any(value is None for value in bucket.blocks.values()):
                yield CHECK.unknown(
                    bucket.resource, "a switch of its public access block is known only after the deployment"
                )
        elif "block" in bucket.unplaced:
            yield CHECK.unknown(bucket.resource, "a public access block belongs to a bucket that is not known")
        elif off:
            yield CHECK.finding(bucket.resource, f"the public access block leaves {', '.join(off)} off.")
        else:
            yield CHECK.finding(bucket.resource, "the bucket has no public access block.")


CHECK = Check(
    id="bucket-public-access-block",
    severity=WARNING,
    title="Buckets block public access",
    explanation="All four switches of the public access block keep a later mistake in an ACL or a policy from exposing "
    "compliance data.",
    aws_does="It accepts the bucket; one wrong policy or ACL exposes it.",
    fix="Add aws.s3.BucketPublicAccessBlock for the bucket with all four switches true.",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
    look=look,
    tags=("s3", "exposure"),
    needs_all=True,
)
