"""A function of the graph together with the facts of its code, read once for each graph."""

from __future__ import annotations

from pathlib import Path
from weakref import WeakKeyDictionary

from watchkeeper.preflight.code.bundle import facts_of
from watchkeeper.preflight.code.facts import Facts
from watchkeeper.preflight.meaning.identity import BUCKET_TYPES
from watchkeeper.preflight.meaning.values import text
from watchkeeper.preflight.meaning.views import Function, Views
from watchkeeper.pulumi.graph import UNKNOWN, Archive, Asset, Resource

OBJECTS = ("aws:s3/bucketObject:BucketObject", "aws:s3/bucketObjectv2:BucketObjectv2")

_READ: WeakKeyDictionary[Views, dict[str, Facts]] = WeakKeyDictionary()


def facts(views: Views, function: Function) -> Facts:
    """What the function's code does; ``unread`` says what of it could not be read."""
    read = _READ.setdefault(views, {})
    if function.resource.urn not in read:
        read[function.resource.urn] = _facts(views, function)
    return read[function.resource.urn]


def _facts(views: Views, function: Function) -> Facts:
    code = function.code if function.code is not None else _uploaded(views, function)
    if isinstance(code, Asset | Archive):
        handler = text(views.get(function.resource, "handler")) or ""
        return facts_of(code, Path(views.options.root or "."), text(function.runtime) or "python", handler)
    reason = "its code is known only after the deployment" if code is UNKNOWN else "its code is not in the program"
    if views.get(function.resource, "s3Bucket") is not None:
        reason = "its code is in S3"
    if views.get(function.resource, "imageUri") is not None:
        reason = "its code is a container image"
    return Facts(unread=[reason])


def _uploaded(views: Views, function: Function) -> Asset | Archive | None:
    """The package of a function whose code is an object that the program uploads to S3."""
    bucket, key = (views.get(function.resource, name) for name in ("s3Bucket", "s3Key"))
    for item in views.of_type(*OBJECTS):
        source = item.inputs.get("source")
        same = isinstance(key, str) and views.get(item, "key") == key and bucket in (UNKNOWN, *_names(views, item))
        if isinstance(source, Asset | Archive) and (same or item.urn in _origins(function)):
            return source
    return None


def _names(views: Views, item: Resource) -> tuple[object, ...]:
    given = views.link(item, "bucket", *BUCKET_TYPES)
    return (given.text, views.name(given.resource) if given.resource is not None else None)


def _origins(function: Function) -> tuple[str, ...]:
    return function.resource.property_dependencies.get("s3Key", ())
