"""bucket-lifecycle: buckets that collect files let them expire."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.preflight.check import WARNING, Check, Result
from watchkeeper.preflight.meaning.identity import BUCKET_TYPES
from watchkeeper.preflight.meaning.values import one, truth
from watchkeeper.preflight.meaning.views import Views
from watchkeeper.pulumi.graph import UNKNOWN, Resource

COLLECTS = re.compile(r"report|complian|config|log|audit|snapshot", re.IGNORECASE)
EFFECTS = (
    "expiration",
    "expirations",
    "transition",
    "transitions",
    "noncurrentVersionExpiration",
    "noncurrentVersionExpirations",
    "noncurrentVersionTransition",
    "noncurrentVersionTransitions",
)


def look(views: Views) -> Iterator[Result]:
    """Each bucket that Config or a function writes to, or whose name says that it collects."""
    receivers = _receivers(views)
    for bucket in views.buckets:
        if bucket.resource.urn not in receivers and not COLLECTS.search(f"{bucket.resource.name} {bucket.name}"):
            continue
        rules = [rule for rule in bucket.lifecycle if rule is not UNKNOWN]
        if any(_works(rule) for rule in rules):
            continue
        if len(rules) != len(bucket.lifecycle) or "lifecycle" in bucket.unplaced:
            yield CHECK.unknown(bucket.resource, "its lifecycle is known only after the deployment")
        elif rules:
            yield CHECK.finding(bucket.resource, "no lifecycle rule of the bucket is enabled and lets anything expire.")
        else:
            yield CHECK.finding(bucket.resource, "the bucket collects files and has no lifecycle.")


def _receivers(views: Views) -> set[str]:
    links = [views.link(channel, "s3BucketName", *BUCKET_TYPES) for channel in views.channels]
    named = {link.resource.urn for link in links if link.resource}
    return named | {
        resource.urn for function in views.functions for resource in _in_environment(views, function.environment)
    }


def _in_environment(views: Views, environment: Any) -> list[Resource]:
    if not isinstance(environment, Mapping):
        return []
    found = [views.find(value, *BUCKET_TYPES) for value in environment.values() if isinstance(value, str)]
    return [resource for resource in found if resource is not None]


def _works(rule: Any) -> bool:
    on = one(rule, ("status",)) == "Enabled" or truth(one(rule, ("enabled",))) is True
    return (
        on
        and isinstance(rule, Mapping)
        and any(rule.get(effect) for effect in EFFECTS if rule.get(effect) is not UNKNOWN)
    )


CHECK = Check(
    id="bucket-lifecycle",
    severity=WARNING,
    title="Buckets that collect files let them expire",
    explanation="Snapshots, histories and reports are written every day; without a lifecycle they are kept and "
    "paid for "
    "for ever.",
    aws_does="It keeps every file and bills it.",
    fix="Add aws.s3.BucketLifecycleConfiguration with an enabled rule that expires objects, noncurrent versions too.",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html",
    look=look,
    tags=("s3", "cost"),
    needs_all=True,
)
