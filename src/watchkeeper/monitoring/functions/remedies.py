"""The fixes that are safe to make: for which managed rule, how the resource is read again, and what is changed.

Each remedy reads the resource as it is now, says whether it is compliant, and holds the change. Nothing here decides
whether to act: that is :mod:`.compliance_remediation`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from watchkeeper.monitoring.functions.runtime import error_code
from watchkeeper.reports.results import Outcome

Client = Callable[[str], Any]

_DBI_RESOURCE_ID = re.compile(r"db-[A-Z0-9]{10,}")
MOST_RETENTION_DAYS = 35


@dataclass(frozen=True, slots=True)
class Limits:
    """What the deployment asks of a fixed resource."""

    minimum_retention_days: int
    kms_key_arn: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A resource as it is now."""

    compliant: bool
    state: Mapping[str, object]
    """The part that the remedy is about."""
    tags: Mapping[str, str]
    change: Callable[[], Outcome] | None
    """Makes the fix; None when a person has to."""
    planned: Mapping[str, object]
    """The state after the fix."""
    note: str = ""
    """Why a person has to, or what to know about the fix."""


class Remedy(Protocol):
    """Reads a resource by its AWS Config id; None when it is gone. Errors are botocore's."""

    def __call__(self, client: Client, resource_id: str, limits: Limits) -> Seen | None: ...


def s3_encryption(client: Client, resource_id: str, limits: Limits) -> Seen | None:
    """Default encryption with KMS and a bucket key (Amazon S3 user guide, "Setting default server-side encryption").

    Without a key of the user's choice it takes the AWS managed key ``aws/s3``: the stack's own key would be deleted
    with the stack, and what the bucket holds with it. Objects written before keep their encryption.
    """
    s3 = client("s3")
    tags = _bucket_tags(s3, resource_id)
    if tags is None:
        return None
    current = _bucket_encryption(s3, resource_id)
    default: dict[str, str] = {"SSEAlgorithm": "aws:kms"}
    if limits.kms_key_arn:
        default["KMSMasterKeyID"] = limits.kms_key_arn
    wanted = {"Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]}

    def change() -> Outcome:
        s3.put_bucket_encryption(Bucket=resource_id, ServerSideEncryptionConfiguration=wanted)
        return Outcome.APPLIED

    return Seen(
        compliant=str(current.get("SSEAlgorithm", "")).startswith("aws:kms"),
        state=current,
        tags=tags,
        change=change,
        planned=default,
        note="objects written before keep the encryption they have",
    )


def s3_public_access_block(client: Client, resource_id: str, limits: Limits) -> Seen | None:
    """All four settings of the bucket's public access block (Amazon S3 user guide, "Blocking public access")."""
    del limits
    s3 = client("s3")
    tags = _bucket_tags(s3, resource_id)
    if tags is None:
        return None
    wanted = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    current = _or_absent(
        lambda: s3.get_public_access_block(Bucket=resource_id)["PublicAccessBlockConfiguration"],
        "NoSuchPublicAccessBlockConfiguration",
    )

    def change() -> Outcome:
        s3.put_public_access_block(Bucket=resource_id, PublicAccessBlockConfiguration=wanted)
        return Outcome.APPLIED

    return Seen(all(current.get(name) is True for name in wanted), current, tags, change, dict(wanted))


def s3_versioning(client: Client, resource_id: str, limits: Limits) -> Seen | None:
    """Versioning (Amazon S3 user guide, "Enabling versioning on buckets"). MFA delete is left as it is."""
    del limits
    s3 = client("s3")
    tags = _bucket_tags(s3, resource_id)
    if tags is None:
        return None
    status = s3.get_bucket_versioning(Bucket=resource_id).get("Status", "Off")

    def change() -> Outcome:
        s3.put_bucket_versioning(Bucket=resource_id, VersioningConfiguration={"Status": "Enabled"})
        return Outcome.APPLIED

    return Seen(
        status == "Enabled",
        {"Status": status},
        tags,
        change,
        {"Status": "Enabled"},
        "noncurrent versions cost storage until a lifecycle rule expires them",
    )


def rds_backup_retention(client: Client, resource_id: str, limits: Limits) -> Seen | None:
    """Automated backups kept at least the minimum (Amazon RDS user guide, "Backup retention period").

    From 0 to a number of days AWS restarts the instance: that change waits for its maintenance window. From one number
    to a higher one there is no outage: applied at once, unless other changes are pending, which that would apply too.
    Aurora keeps retention on the cluster, and a read replica follows its source: both need a person.
    """
    rds = client("rds")
    instance = _db_instance(rds, resource_id)
    if instance is None:
        return None
    days = int(instance.get("BackupRetentionPeriod", 0))
    pending = dict(instance.get("PendingModifiedValues") or {})
    state: dict[str, object] = {"BackupRetentionPeriod": days}
    if "BackupRetentionPeriod" in pending:
        state["PendingBackupRetentionPeriod"] = int(pending["BackupRetentionPeriod"])
    by_hand = _needs_person(instance)
    wanted = max(days, min(limits.minimum_retention_days, MOST_RETENTION_DAYS))
    at_once = days > 0 and not pending

    def change() -> Outcome:
        rds.modify_db_instance(
            DBInstanceIdentifier=instance["DBInstanceIdentifier"],
            BackupRetentionPeriod=wanted,
            ApplyImmediately=at_once,
        )
        return Outcome.APPLIED if at_once else Outcome.SCHEDULED

    covered = max(days, int(pending.get("BackupRetentionPeriod", 0)))
    note = "" if at_once else "waits for the maintenance window: enabling backups restarts the instance"
    return Seen(
        compliant=covered >= limits.minimum_retention_days,
        state=state,
        tags={tag["Key"]: tag.get("Value", "") for tag in instance.get("TagList", ())},
        change=None if by_hand else change,
        planned={"BackupRetentionPeriod": wanted},
        note=by_hand or note,
    )


@dataclass(frozen=True, slots=True)
class Action:
    """A remedy under its name, for one resource type."""

    name: str
    resource_type: str
    remedy: Remedy


_ENCRYPT = Action("enable-kms-encryption", "AWS::S3::Bucket", s3_encryption)
_BLOCK = Action("block-public-access", "AWS::S3::Bucket", s3_public_access_block)
_VERSION = Action("enable-versioning", "AWS::S3::Bucket", s3_versioning)
_BACKUP = Action("set-backup-retention", "AWS::RDS::DBInstance", rds_backup_retention)

ACTIONS: Mapping[str, Action] = {
    "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED": _ENCRYPT,
    "S3_DEFAULT_ENCRYPTION_KMS": _ENCRYPT,
    "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED": _BLOCK,
    "S3_BUCKET_PUBLIC_READ_PROHIBITED": _BLOCK,
    "S3_BUCKET_PUBLIC_WRITE_PROHIBITED": _BLOCK,
    "S3_BUCKET_VERSIONING_ENABLED": _VERSION,
    "DB_INSTANCE_BACKUP_ENABLED": _BACKUP,
}
"""Managed rule identifier -> the fix for its violations. For every other rule a person is needed."""


def _or_absent(read: Callable[[], Mapping[str, object]], absent: str) -> dict[str, object]:
    try:
        return dict(read())
    except Exception as error:
        if error_code(error) == absent:
            return {}
        raise


def _bucket_encryption(s3: Any, bucket: str) -> dict[str, object]:
    found = _or_absent(
        lambda: s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"],
        "ServerSideEncryptionConfigurationNotFoundError",
    )
    rules: Any = found.get("Rules") or [{}]
    return dict(rules[0].get("ApplyServerSideEncryptionByDefault", {}))


def _bucket_tags(s3: Any, bucket: str) -> dict[str, str] | None:
    """The bucket's tags; None when there is no such bucket."""
    try:
        return {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]}
    except Exception as error:
        code = error_code(error)
        if code == "NoSuchTagSet":
            return {}
        if code == "NoSuchBucket":
            return None
        raise


def _db_instance(rds: Any, resource_id: str) -> dict[str, Any] | None:
    """The instance by AWS Config's id, which is its DbiResourceId; an identifier is taken too."""
    if not _DBI_RESOURCE_ID.fullmatch(resource_id):
        try:
            found: list[dict[str, Any]] = rds.describe_db_instances(DBInstanceIdentifier=resource_id)["DBInstances"]
        except Exception as error:
            if error_code(error) in ("DBInstanceNotFound", "DBInstanceNotFoundFault"):
                return None
            raise
        return found[0] if found else None
    pages = rds.get_paginator("describe_db_instances").paginate(
        Filters=[{"Name": "dbi-resource-id", "Values": [resource_id]}]
    )
    instances = (instance for page in pages for instance in page["DBInstances"])
    return next((instance for instance in instances if instance.get("DbiResourceId") == resource_id), None)


def _needs_person(instance: Mapping[str, Any]) -> str:
    """Why this instance can't be fixed here; empty when it can."""
    if instance.get("DBClusterIdentifier"):
        return f"backup retention belongs to the cluster {instance['DBClusterIdentifier']}"
    if instance.get("ReadReplicaSourceDBInstanceIdentifier"):
        return f"it is a read replica of {instance['ReadReplicaSourceDBInstanceIdentifier']}"
    return ""
