"""A function of the graph together with the facts of its code, read once for each graph."""

from __future__ import annotations

from pathlib import Path
from weakref import WeakKeyDictionary

from watchkeeper.graph import UNKNOWN, Archive, Asset
from watchkeeper.preflight.code.bundle import facts_of
from watchkeeper.preflight.code.facts import Facts
from watchkeeper.preflight.values import text
from watchkeeper.preflight.views import Function, Views

_READ: WeakKeyDictionary[Views, dict[str, Facts]] = WeakKeyDictionary()


def facts(views: Views, function: Function) -> Facts:
    """What the function's code does; ``unread`` says what of it could not be read."""
    read = _READ.setdefault(views, {})
    if function.resource.urn not in read:
        read[function.resource.urn] = _facts(views, function)
    return read[function.resource.urn]


def _facts(views: Views, function: Function) -> Facts:
    code = function.code
    if isinstance(code, Asset | Archive):
        handler = text(views.get(function.resource, "handler")) or ""
        return facts_of(code, Path(views.options.root or "."), text(function.runtime) or "python", handler)
    reason = "its code is known only after the deployment" if code is UNKNOWN else "its code is not in the program"
    if views.get(function.resource, "s3Bucket") is not None:
        reason = "its code is in S3"
    if views.get(function.resource, "imageUri") is not None:
        reason = "its code is a container image"
    return Facts(unread=[reason])
