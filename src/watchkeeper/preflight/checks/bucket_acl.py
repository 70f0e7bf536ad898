"""bucket-acl: an ACL is given only to a bucket that takes ACLs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.meaning.identity import BUCKET_TYPES
from watchkeeper.preflight.meaning.values import at, quote
from watchkeeper.preflight.meaning.views import Views
from watchkeeper.pulumi.graph import UNKNOWN, Resource

ACLS = ("aws:s3/bucketAcl:BucketAcl", "aws:s3/bucketAclV2:BucketAclV2")
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
TAKE_ACLS = frozenset({"BucketOwnerPreferred", "ObjectWriter"})
INLINE = ("acl", "accessControl")
"""The bucket's own argument: Pulumi's and Terraform's, CloudFormation's."""
DEFAULTS = (None, "private", "Private", "BucketOwnerFullControl")
"""What a new bucket may be given as its ACL whatever its ownership."""


def look(views: Views) -> Iterator[Result]:
    """Each ACL of a bucket that the program makes, beside its ownership controls."""
    for bucket in views.of_type(*BUCKET_TYPES):
        for path in INLINE:
            given = views.get(bucket, path)
            if given not in DEFAULTS and not bucket.id:
                yield from _held(views, bucket, bucket, path, given)
    for acl in views.of_type(*ACLS):
        owner = views.link(acl, "bucket", *BUCKET_TYPES).resource
        if owner is not None and not owner.id:
            yield from _held(views, acl, owner, "acl", views.get(acl, "acl"))


def _held(views: Views, resource: Resource, bucket: Resource, path: str, given: Any) -> Iterator[Result]:
    ownership = _ownership(views, bucket)
    if ownership is UNKNOWN:
        yield CHECK.unknown(resource, "who owns the bucket's objects is known only after the deployment")
    elif ownership not in TAKE_ACLS:
        said = quote(given) if isinstance(given, str) else "an ACL"
        yield CHECK.finding(
            resource, f"it gives {said} to a bucket whose ACLs are disabled (BucketOwnerEnforced).", path=path
        )


def _ownership(views: Views, bucket: Resource) -> Any:
    """The bucket's object ownership: None where nothing sets it, UNKNOWN where nobody can say."""
    inline = at(views.get(bucket, "ownershipControls"), "rules", "objectOwnership")
    parts = [
        part
        for part in views.of_type(OWNERSHIP)
        if (link := views.link(part, "bucket", *BUCKET_TYPES)).resource is bucket or link.unknown
    ]
    found = [*inline, *(item for part in parts for item in at(views.get(part, "rule"), "objectOwnership"))]
    if UNKNOWN in found or views.get(bucket, "ownershipControls") is UNKNOWN:
        return UNKNOWN
    return next(iter(found), UNKNOWN if parts else None)


CHECK = Check(
    id="bucket-acl",
    severity=ERROR,
    title="A bucket with an ACL takes ACLs",
    explanation="S3 has disabled the ACLs of new buckets since April 2023 (object ownership BucketOwnerEnforced). Only "
    "a bucket whose ownership controls say something else takes an ACL.",
    aws_does="S3 answers AccessControlListNotSupported: the bucket does not allow ACLs.",
    fix="Use a bucket policy, or give the bucket ownership controls with BucketOwnerPreferred before the ACL.",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html",
    look=look,
    tags=("s3",),
)
