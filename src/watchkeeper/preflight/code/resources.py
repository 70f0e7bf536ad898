"""boto3's resources: what ``boto3.resource("s3").Bucket(…).upload_file(…)`` calls, from boto3's own resource models.

A resource is written ``service/Kind``, the service resource itself ``service/``.
https://docs.aws.amazon.com/boto3/latest/guide/resources.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from typing import Any

from botocore import xform_name

from watchkeeper.preflight.code.services import model_of

ADDED: Mapping[str, Mapping[str, str]] = {
    "s3/Bucket": {
        "upload_file": "PutObject",
        "upload_fileobj": "PutObject",
        "download_file": "GetObject",
        "download_fileobj": "GetObject",
        "copy": "CopyObject",
        "load": "ListBuckets",
    },
    "s3/Object": {
        "upload_file": "PutObject",
        "upload_fileobj": "PutObject",
        "download_file": "GetObject",
        "download_fileobj": "GetObject",
        "copy": "CopyObject",
    },
    "s3/ObjectSummary": {"load": "HeadObject"},
    "dynamodb/Table": {"batch_writer": "BatchWriteItem"},
}
"""Methods that boto3 adds to the models."""


@cache
def _model(service: str) -> Mapping[str, Any]:
    spec = find_spec("boto3")
    root = next(iter(spec.submodule_search_locations or ()), "") if spec else ""
    return model_of(service, "resources-1", root)


@cache
def _shape(kind: str) -> Mapping[str, Any]:
    service, _, name = kind.partition("/")
    model = _model(service)
    shape: Mapping[str, Any] = model.get("resources", {}).get(name, {}) if name else model.get("service", {})
    return shape


def is_resource(kind: str) -> bool:
    """Whether it names a resource, not a client."""
    return "/" in kind


def step(kind: str, name: str) -> str | None:
    """The resource that a method or an attribute of another gives: ``s3/`` and ``Bucket`` to ``s3/Bucket``."""
    service, _, of = kind.partition("/")
    if not of and name in _model(service).get("resources", {}):
        return f"{service}/{name}"
    inner = _shape(kind).get("has", {}).get(name) or _actions(kind).get(name)
    found = inner.get("resource", {}).get("type") if inner else None
    return f"{service}/{found}" if found else None


def _actions(kind: str) -> Mapping[str, Any]:
    return {xform_name(name): action for name, action in _shape(kind).get("actions", {}).items()}


def operation(kind: str, method: str) -> str | None:
    """The operation that a method of a resource calls; "" for one that calls none, None where that is not known."""
    added = ADDED.get(kind, {}).get(method)
    if added is not None:
        return added
    if method in ("load", "reload"):
        return str(_shape(kind).get("load", {}).get("request", {}).get("operation", ""))
    action = _actions(kind).get(method)
    if action is not None:
        return str(action.get("request", {}).get("operation", ""))
    return "" if step(kind, method) else None


def listing(kind: str, collection: str) -> str | None:
    """The operation behind a collection: ``objects`` of ``s3/Bucket``; None for no collection."""
    many = {xform_name(name): item for name, item in _shape(kind).get("hasMany", {}).items()}
    found = many.get(collection)
    return str(found["request"]["operation"]) if found else None
