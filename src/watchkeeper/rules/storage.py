"""Amazon EFS, AWS Backup, Kinesis and other stores.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    FlagRule,
    Lookup,
    Parameters,
    flag,
    listed,
    need,
    number,
    pick,
    register_flags,
    rule,
    shown,
    text,
    verdict,
    violation,
)
from watchkeeper.rules.s3 import same_key

FILE_SYSTEM = "AWS::EFS::FileSystem"
ACCESS_POINT = "AWS::EFS::AccessPoint"
STREAM = "AWS::Kinesis::Stream"

register_flags(
    (
        FlagRule("BACKUP_RECOVERY_POINT_ENCRYPTED", ("AWS::Backup::RecoveryPoint",), "IsEncrypted", True,
                 Severity.MEDIUM, "Encryption", "The recovery point is encrypted.", "use an encrypted vault"),
        FlagRule("SAGEMAKER_MODEL_ISOLATION_ENABLED", ("AWS::SageMaker::Model",), "EnableNetworkIsolation", True,
                 Severity.MEDIUM, "Network", "The model has no network access.", "enable network isolation", False),
        FlagRule("DMS_AUTO_MINOR_VERSION_UPGRADE_CHECK", ("AWS::DMS::ReplicationInstance",), "AutoMinorVersionUpgrade",
                 True, Severity.MEDIUM, "Configuration", "Minor version upgrades are automatic.",
                 "turn on automatic minor version upgrades"),
        FlagRule("DMS_REPLICATION_NOT_PUBLIC", ("AWS::DMS::ReplicationInstance",), "PubliclyAccessible", False,
                 Severity.CRITICAL, "Public access", "The replication instance is not public.",
                 "recreate it without public access"),
        FlagRule("DMS_REPLICATION_INSTANCE_MULTI_AZ_ENABLED", ("AWS::DMS::ReplicationInstance",), "MultiAZ", True,
                 Severity.MEDIUM, "Backup and recovery", "The replication instance is Multi-AZ.", "enable Multi-AZ"),
        FlagRule("NETFW_DELETION_PROTECTION_ENABLED", ("AWS::NetworkFirewall::Firewall",), "firewall.deleteProtection",
                 True, Severity.MEDIUM, "Backup and recovery", "The firewall is protected against deletion.",
                 "turn on deletion protection"),
        FlagRule("NETFW_SUBNET_CHANGE_PROTECTION_ENABLED", ("AWS::NetworkFirewall::Firewall",),
                 "firewall.subnetChangeProtection", True, Severity.MEDIUM, "Backup and recovery",
                 "The firewall's subnets are protected against changes.", "turn on subnet change protection"),
        FlagRule("AURORA_GLOBAL_DATABASE_ENCRYPTION_AT_REST", ("AWS::RDS::GlobalCluster",), "StorageEncrypted", True,
                 Severity.HIGH, "Encryption", "The global database is encrypted.", "recreate it with encryption"),
        FlagRule("AURORA_GLOBAL_DATABASE_DELETION_PROTECTION_ENABLED", ("AWS::RDS::GlobalCluster",),
                 "DeletionProtection", True, Severity.MEDIUM, "Backup and recovery",
                 "The global database is protected against deletion.", "turn on deletion protection"),
    )
)  # fmt: skip


@rule("EFS_ENCRYPTED_CHECK", types=(FILE_SYSTEM,), severity=Severity.MEDIUM, category="Encryption")
def efs_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The file system is encrypted, with KmsKeyId where it is given."""
    wanted = parameters.get("KmsKeyId")
    return _encrypted(item, (wanted,) if wanted else ())


@rule("EFS_FILESYSTEM_CT_ENCRYPTED", types=(FILE_SYSTEM,), severity=Severity.MEDIUM, category="Encryption")
def efs_ct_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The file system is encrypted, with one of kmsKeyArns where they are given."""
    return _encrypted(item, tuple(a.strip() for a in parameters.get("kmsKeyArns", "").split(",") if a.strip()))


def _encrypted(item: ConfigurationItem, allowed: tuple[str, ...]) -> Verdict:
    if not flag(item.configuration, "Encrypted"):
        return violation("The file system is not encrypted; create an encrypted one and move the files.")
    key = pick(item.configuration, "KmsKeyId") or ""
    fits = not allowed or any(same_key(key, arn) or same_key(arn, key) for arn in allowed)
    return verdict(fits, f"It is encrypted with {shown(key, 90)}; use {listed(allowed, 1)}.")


@rule("EFS_AUTOMATIC_BACKUPS_ENABLED", types=(FILE_SYSTEM,), severity=Severity.MEDIUM, category="Backup and recovery")
def efs_backups(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Automatic backups are on."""
    status = need(pick(item.configuration, "BackupPolicy"), "Status")
    return verdict(status in ("ENABLED", "ENABLING"), "Automatic backups are off; enable the backup policy.")


@rule("EFS_ACCESS_POINT_ENFORCE_ROOT_DIRECTORY", types=(ACCESS_POINT,), severity=Severity.MEDIUM, category="Identity")
def access_point_root(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The access point's root directory is not /, one of approvedDirectories where they are given."""
    path = pick(pick(item.configuration, "RootDirectory"), "Path") or "/"
    need(item.configuration, "AccessPointId", "Arn", "FileSystemId")
    allowed = parameters.get("approvedDirectories", ())
    fits = path != "/" and (not allowed or path in allowed)
    return verdict(fits, f"The root directory is {shown(path)}; make it a directory of its own.")


@rule("EFS_ACCESS_POINT_ENFORCE_USER_IDENTITY", types=(ACCESS_POINT,), severity=Severity.MEDIUM, category="Identity")
def access_point_user(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The access point enforces a user, of approvedUids and approvedGids where they are given."""
    need(item.configuration, "AccessPointId", "Arn", "FileSystemId")
    user = pick(item.configuration, "PosixUser")
    if not user:
        return violation("No user is enforced; set a POSIX user.")
    for name, key in (("approvedUids", "Uid"), ("approvedGids", "Gid")):
        allowed = parameters.get(name, ())
        if allowed and str(pick(user, key)) not in allowed:
            return violation(f"{key} is {shown(pick(user, key))}; use one of {listed(allowed)}.")
    return verdict(pick(user, "Uid") is not None, "No user is enforced; set a POSIX user.")


@rule("KINESIS_STREAM_ENCRYPTED", types=(STREAM,), severity=Severity.MEDIUM, category="Encryption")
def stream_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The stream is encrypted with KMS."""
    need(item.configuration, "Name", "Arn")
    kind = pick(pick(item.configuration, "StreamEncryption"), "EncryptionType")
    return verdict(kind == "KMS", "The stream is not encrypted; start encryption with a KMS key.")


@rule("KINESIS_STREAM_BACKUP_RETENTION_CHECK", types=(STREAM,), severity=Severity.MEDIUM,
      category="Backup and recovery")  # fmt: skip
def stream_retention(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Records are kept for at least minimumBackupRetentionPeriod (168) hours."""
    hours = number(item.configuration, "RetentionPeriodHours")
    least = int(parameters.get("minimumBackupRetentionPeriod", 168))
    return verdict(hours >= least, f"Records are kept for {hours:g} hours; keep them for {least} or more.")


@rule("BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK", types=("AWS::Backup::RecoveryPoint",), severity=Severity.MEDIUM,
      category="Backup and recovery")  # fmt: skip
def recovery_point_retention(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The recovery point is kept for at least requiredRetentionDays (35), or for ever."""
    text(item.configuration, "RecoveryPointArn", "Arn")
    days = number(pick(item.configuration, "Lifecycle"), "DeleteAfterDays", default=-1)
    least = parameters.get("requiredRetentionDays", 35)
    fits = days < 0 or days >= least
    return verdict(fits, f"The recovery point is deleted after {days:g} days; keep it for {least} or more.")
