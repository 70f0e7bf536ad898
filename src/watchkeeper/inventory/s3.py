"""S3: buckets and the account's public access block.

One list call, then only the per-bucket calls whose aspect somebody looks at. Shapes: AWS::S3::Bucket and
AWS::S3::AccountPublicAccessBlock in https://github.com/awslabs/aws-config-resource-schema. Config's bucket items come
from AWS's Java SDK of old, which shows: permissions are ``FullControl``, a group is plain text ``AllUsers``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from watchkeeper.inventory.core import Context, Gap, Raw, Reader, Unreadable, config_spelling, make_item, tag_map
from watchkeeper.model import UNAVAILABLE_KEY, ConfigurationItem

BUCKET = "AWS::S3::Bucket"
ACCOUNT_BLOCK = "AWS::S3::AccountPublicAccessBlock"
_GONE = ("NoSuchBucket", "404")
_FEW = 5
"""Up to so many buckets are looked up one by one, more by listing all."""
_PERMISSIONS = {
    "FULL_CONTROL": "FullControl",
    "READ": "Read",
    "WRITE": "Write",
    "READ_ACP": "ReadAcp",
    "WRITE_ACP": "WriteAcp",
}


class _BucketGone(Exception):  # noqa: N818 - between two calls, nothing failed
    """The bucket was deleted while it was being read."""


def _grantee(raw: Raw) -> Any:
    if raw.get("Type") == "Group" or raw.get("URI"):
        return str(raw.get("URI", "")).rsplit("/", 1)[-1]
    return {"id": raw.get("ID"), "displayName": raw.get("DisplayName")}


def _acl(raw: Raw) -> Any:
    owner = {"displayName": raw.get("Owner", {}).get("DisplayName"), "id": raw.get("Owner", {}).get("ID")}
    grants = [
        {
            "grantee": _grantee(grant.get("Grantee", {})),
            "permission": _PERMISSIONS.get(grant.get("Permission", ""), grant.get("Permission")),
        }
        for grant in raw.get("Grants", ())
    ]
    return {"grantSet": None, "grantList": grants, "owner": owner, "isRequesterCharged": False}


def _encryption(raw: Raw) -> Any:
    rules = []
    for rule in raw.get("ServerSideEncryptionConfiguration", {}).get("Rules", ()):
        default = rule.get("ApplyServerSideEncryptionByDefault", {})
        rules.append(
            {
                "applyServerSideEncryptionByDefault": {
                    "sseAlgorithm": default.get("SSEAlgorithm"),
                    "kmsMasterKeyID": default.get("KMSMasterKeyID"),
                },
                "bucketKeyEnabled": bool(rule.get("BucketKeyEnabled")),
            }
        )
    return {"rules": rules} if rules else None


def _versioning(raw: Raw) -> Any:
    delete = {"Enabled": True, "Disabled": False}.get(raw.get("MFADelete", ""))
    return {"status": raw.get("Status") or "Off", "isMfaDeleteEnabled": delete}


def _logging(raw: Raw) -> Any:
    enabled = raw.get("LoggingEnabled") or {}
    return {"destinationBucketName": enabled.get("TargetBucket"), "logFilePrefix": enabled.get("TargetPrefix")}


def _policy(raw: Raw) -> Any:
    return {"policyText": raw.get("Policy")}


def _public_access(raw: Raw) -> Any:
    block = raw.get("PublicAccessBlockConfiguration")
    return config_spelling(block) if block else None


def _lifecycle_rule(rule: Raw) -> dict[str, Any]:
    expiration = rule.get("Expiration", {})
    noncurrent = rule.get("NoncurrentVersionExpiration", {})
    return {
        "id": rule.get("ID"),
        "prefix": rule.get("Prefix"),
        "status": rule.get("Status"),
        "filter": config_spelling(rule.get("Filter")),
        "expirationInDays": expiration.get("Days", -1),
        "expirationDate": config_spelling(expiration.get("Date")),
        "expiredObjectDeleteMarker": bool(expiration.get("ExpiredObjectDeleteMarker")),
        "noncurrentVersionExpirationInDays": noncurrent.get("NoncurrentDays", -1),
        "transitions": config_spelling(rule.get("Transitions")),
        "noncurrentVersionTransitions": config_spelling(rule.get("NoncurrentVersionTransitions")),
        "abortIncompleteMultipartUpload": config_spelling(rule.get("AbortIncompleteMultipartUpload")),
    }


def _lifecycle(raw: Raw) -> Any:
    rules = raw.get("Rules")
    return {"rules": [_lifecycle_rule(rule) for rule in rules]} if rules else None


def _replication(raw: Raw) -> Any:
    replication = raw.get("ReplicationConfiguration")
    if not replication:
        return None
    rules = {}
    for number, rule in enumerate(replication.get("Rules", ())):
        destination = rule.get("Destination", {})
        rules[rule.get("ID") or str(number)] = {
            "prefix": rule.get("Prefix"),
            "status": rule.get("Status"),
            "filter": config_spelling(rule.get("Filter")),
            "destinationConfig": {
                "bucketARN": destination.get("Bucket"),
                "storageClass": destination.get("StorageClass"),
                "account": destination.get("Account"),
            },
        }
    return {"roleARN": replication.get("Role"), "rules": rules}


_NOTIFICATION_TARGETS = (
    ("TopicConfigurations", "TopicArn", "topicARN", "TopicConfiguration"),
    ("QueueConfigurations", "QueueArn", "queueARN", "QueueConfiguration"),
    ("LambdaFunctionConfigurations", "LambdaFunctionArn", "functionARN", "LambdaConfiguration"),
)


def _notification(raw: Raw) -> Any:
    configurations = {}
    for list_key, arn_key, config_key, kind in _NOTIFICATION_TARGETS:
        for number, entry in enumerate(raw.get(list_key, ())):
            configurations[entry.get("Id") or f"{kind}-{number}"] = {
                "events": entry.get("Events", []),
                "filter": config_spelling(entry.get("Filter")),
                config_key: entry.get(arn_key),
                "type": kind,
            }
    if "EventBridgeConfiguration" in raw:
        configurations["EventBridge"] = {"type": "EventBridgeConfiguration"}
    return {"configurations": configurations}


def _object_lock(raw: Raw) -> Any:
    lock = raw.get("ObjectLockConfiguration")
    return config_spelling(lock) if lock else None


def _accelerate(raw: Raw) -> Any:
    return {"status": raw.get("Status")}


def _payer(raw: Raw) -> Any:
    return raw.get("Payer") == "Requester"


def _website(raw: Raw) -> Any:
    if not raw.get("IndexDocument") and not raw.get("RedirectAllRequestsTo"):
        return None
    return {
        "indexDocumentSuffix": raw.get("IndexDocument", {}).get("Suffix"),
        "errorDocument": raw.get("ErrorDocument", {}).get("Key"),
        "redirectAllRequestsTo": config_spelling(raw.get("RedirectAllRequestsTo")),
        "routingRules": config_spelling(raw.get("RoutingRules") or []),
    }


def _ownership(raw: Raw) -> Any:
    controls = raw.get("OwnershipControls")
    return config_spelling(controls) if controls else None


BUCKET_ASPECTS: dict[str, tuple[str, tuple[str, ...], Callable[[Raw], Any]]] = {
    # Config's key: boto3's call, codes that say "there is none", its shape in the item
    "AccessControlList": ("get_bucket_acl", (), _acl),
    "ServerSideEncryptionConfiguration": (
        "get_bucket_encryption",
        ("ServerSideEncryptionConfigurationNotFoundError",),
        _encryption,
    ),
    "BucketVersioningConfiguration": ("get_bucket_versioning", (), _versioning),
    "BucketLoggingConfiguration": ("get_bucket_logging", (), _logging),
    "BucketPolicy": ("get_bucket_policy", ("NoSuchBucketPolicy",), _policy),
    "PublicAccessBlockConfiguration": (
        "get_public_access_block",
        ("NoSuchPublicAccessBlockConfiguration",),
        _public_access,
    ),
    "BucketLifecycleConfiguration": (
        "get_bucket_lifecycle_configuration",
        ("NoSuchLifecycleConfiguration",),
        _lifecycle,
    ),
    "BucketReplicationConfiguration": (
        "get_bucket_replication",
        ("ReplicationConfigurationNotFoundError",),
        _replication,
    ),
    "BucketNotificationConfiguration": ("get_bucket_notification_configuration", (), _notification),
    "ObjectLockConfiguration": (
        "get_object_lock_configuration",
        ("ObjectLockConfigurationNotFoundError",),
        _object_lock,
    ),
    "BucketAccelerateConfiguration": (
        "get_bucket_accelerate_configuration",
        ("MethodNotAllowed", "NotImplemented", "UnsupportedOperation"),
        _accelerate,
    ),
    "IsRequesterPaysEnabled": ("get_bucket_request_payment", (), _payer),
    "BucketWebsiteConfiguration": ("get_bucket_website", ("NoSuchWebsiteConfiguration",), _website),
    "OwnershipControls": ("get_bucket_ownership_controls", ("OwnershipControlsNotFoundError",), _ownership),
}
"""What a bucket item holds beyond the listing, one call each; ``tags`` is one more."""


def _all_buckets(ctx: Context, prefix: str = "") -> Iterator[Raw]:
    token: dict[str, str] = {"Prefix": prefix} if prefix else {}
    while True:
        # With a parameter, S3 answers each bucket's region too, which saves a GetBucketLocation each.
        page = ctx.ask("s3", "list_buckets", MaxBuckets=1000, **token)
        for bucket in page.get("Buckets", ()):
            yield {**bucket, "Owner": page.get("Owner", {})}
        if not page.get("ContinuationToken"):
            return
        token["ContinuationToken"] = page["ContinuationToken"]


def _some_buckets(ctx: Context, keys: Sequence[str]) -> Iterator[Raw]:
    wanted = set(keys)
    prefixes = sorted(wanted) if len(wanted) <= _FEW else [""]
    return (bucket for prefix in prefixes for bucket in _all_buckets(ctx, prefix) if _wanted(bucket, prefix, wanted))


def _wanted(bucket: Raw, prefix: str, wanted: set[str]) -> bool:
    """With a prefix only the very bucket: another of the wanted ones may begin with it, and has its own turn."""
    return bucket["Name"] == prefix if prefix else bucket["Name"] in wanted


def _region_of(ctx: Context, bucket: Raw) -> str:
    if bucket.get("BucketRegion"):
        return str(bucket["BucketRegion"])
    answer = _ask(ctx, bucket["Name"], "get_bucket_location", ())
    return {"": "us-east-1", "EU": "eu-west-1"}.get(location := answer.get("LocationConstraint") or "", location)


def _bucket(ctx: Context, raw: Raw) -> ConfigurationItem | None:
    try:
        return _bucket_item(ctx, raw) if _region_of(ctx, raw) == ctx.region else None
    except _BucketGone:
        return None


def _bucket_item(ctx: Context, raw: Raw) -> ConfigurationItem:
    name = raw["Name"]
    supplementary: dict[str, Any] = {}
    unread: dict[str, str] = {}
    for key, (operation, none_codes, shape) in BUCKET_ASPECTS.items():
        if not ctx.wants(BUCKET, key):
            continue
        try:
            value = shape(_ask(ctx, name, operation, none_codes))
        except Unreadable as refusal:
            if ctx.on_partial is None:
                raise
            ctx.on_partial(Gap(BUCKET, refusal.operation, refusal.code, refusal.message, name, partial=True))
            unread[key] = f"{refusal.operation}: {refusal.code}"
            continue
        if value is not None:
            supplementary[key] = value
    if unread:
        supplementary[UNAVAILABLE_KEY] = unread
    tags: dict[str, str] = {}
    if ctx.wants(BUCKET, "tags"):
        tags = tag_map(_ask(ctx, name, "get_bucket_tagging", ("NoSuchTagSet",)).get("TagSet"))
        if tags:
            supplementary["BucketTaggingConfiguration"] = {"tagSets": [{"tags": tags}]}
    return make_item(
        ctx,
        BUCKET,
        name,
        name=name,
        arn=ctx.arn("s3", name, region="", account=""),
        configuration={
            "name": name,
            "owner": {"displayName": raw["Owner"].get("DisplayName"), "id": raw["Owner"].get("ID")},
            "creationDate": config_spelling(raw.get("CreationDate")),
        },
        supplementary=supplementary,
        tags=tags,
        created=raw.get("CreationDate"),
        zone="Regional",
    )


def _ask(ctx: Context, name: str, operation: str, none_codes: tuple[str, ...]) -> Raw:
    try:
        return ctx.ask("s3", operation, absent=none_codes, Bucket=name)
    except Unreadable as refusal:
        if refusal.code in _GONE:
            raise _BucketGone from refusal
        raise


def _account_blocks(ctx: Context) -> Iterator[Raw]:
    answer = ctx.ask(
        "s3control",
        "get_public_access_block",
        absent=("NoSuchPublicAccessBlockConfiguration",),
        AccountId=ctx.account,
    )
    if answer:
        yield answer["PublicAccessBlockConfiguration"]


def _account_block(ctx: Context, raw: Raw) -> ConfigurationItem:
    return make_item(ctx, ACCOUNT_BLOCK, ctx.account, arn="", configuration=config_spelling(raw))


READERS = (
    Reader(
        BUCKET,
        "s3",
        all=_all_buckets,
        some=_some_buckets,
        item=_bucket,
        aspects=frozenset({*BUCKET_ASPECTS, "tags"}),
        calls=True,
    ),
    Reader(
        ACCOUNT_BLOCK,
        "s3control",
        all=_account_blocks,
        some=lambda ctx, _keys: _account_blocks(ctx),
        item=_account_block,
        alike=True,
    ),
)
