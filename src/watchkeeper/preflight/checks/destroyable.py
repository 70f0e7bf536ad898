"""destroyable: nothing stops the stack from being destroyed."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import WARNING, Check, Result
from watchkeeper.preflight.meaning.identity import BUCKET_TYPES
from watchkeeper.preflight.meaning.values import truth
from watchkeeper.preflight.meaning.views import Views
from watchkeeper.pulumi.graph import UNKNOWN, Resource

SWITCHES = (
    "deletionProtection",
    "deletionProtectionEnabled",
    "enableDeletionProtection",
    "skipDestroy",
    "disableApiTermination",
)


def look(views: Views) -> Iterator[Result]:
    """Each resource's options and deletion switches; off when the settings do not ask for a destroyable stack."""
    if not views.options.destroyable:
        return
    for resource in views.made:
        if resource.protect:
            yield CHECK.finding(resource, "the resource is protected.", fix="Remove protect=True.", path="protect")
        if resource.retain_on_delete:
            yield CHECK.finding(
                resource,
                "the resource is retained when the stack is destroyed.",
                fix="Remove DeletionPolicy: Retain." if views.cloudformation else "Remove retain_on_delete.",
                path="retainOnDelete",
            )
        for switch in SWITCHES:
            if truth(views.get(resource, switch)):
                yield CHECK.finding(resource, f"{switch} is true.", fix=f"Set {switch} to false.", path=switch)
        yield from _bucket(views, resource)


def _bucket(views: Views, resource: Resource) -> Iterator[Result]:
    if resource.type not in BUCKET_TYPES or views.cloudformation:
        return
    value = views.get(resource, "forceDestroy")
    if value is UNKNOWN:
        yield CHECK.unknown(resource, "forceDestroy is known only after the deployment")
    elif not truth(value):
        yield CHECK.finding(
            resource,
            "the bucket has no forceDestroy: once it holds a file it cannot be deleted.",
            fix="Set forceDestroy to true.",
            path="forceDestroy",
            aws_does="DeleteBucket answers BucketNotEmpty.",
        )


CHECK = Check(
    id="destroyable",
    severity=WARNING,
    title="The stack can be destroyed",
    explanation="A stack that is made for each pull request or test has to go without a hand's help. Switch "
    "this check off "
    "for those that must stay (settings: destroyable false).",
    aws_does="Destroy stops at the resource, or leaves it behind.",
    fix="Remove what protects or retains it.",
    source="https://www.pulumi.com/docs/iac/concepts/options/protect/",
    look=look,
    tags=("pulumi",),
)
