"""Amazon RDS, Aurora, Neptune and DocumentDB: instances, clusters, snapshots.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    COMPLIANT,
    FlagRule,
    Lookup,
    Parameters,
    array,
    flag,
    listed,
    not_applicable,
    number,
    pick,
    register_flags,
    required_aspect,
    rule,
    shown,
    text,
    verdict,
    violation,
)
from watchkeeper.rules.kms import among_keys

INSTANCE = "AWS::RDS::DBInstance"
CLUSTER = "AWS::RDS::DBCluster"
SNAPSHOT = "AWS::RDS::DBSnapshot"
CLUSTER_SNAPSHOT = "AWS::RDS::DBClusterSnapshot"
SNAPSHOTS = (SNAPSHOT, CLUSTER_SNAPSHOT)
ENGINE_FAMILIES = {"NEPTUNE": ("neptune", Severity.LOW), "DOCDB": ("docdb", Severity.MEDIUM)}
"""Prefix of the rules to their engine, and how bad a cluster is that can be deleted: for Security Hub not alike."""
OTHER_ENGINES = tuple(engine for engine, _ in ENGINE_FAMILIES.values())
MULTI_AZ_CLUSTER_ENGINES = ("mysql", "postgres")
IAM_ENGINES = ("mysql", "postgres", "aurora", "aurora-mysql", "aurora-postgresql")
"""Engines that RDS_INSTANCE_IAM_AUTHENTICATION_ENABLED judges."""
DEFAULT_ADMINS = ("admin", "postgres")

REQUIRED_LOGS = {
    "postgres": ("postgresql", "upgrade"),
    "mysql": ("audit", "error", "general", "slowquery"),
    "mariadb": ("audit", "error", "general", "slowquery"),
    "oracle": ("alert", "audit", "trace", "listener"),
    "sqlserver": ("error", "agent"),
    "aurora": ("audit", "error", "general", "slowquery"),
    "aurora-mysql": ("audit", "error", "general", "slowquery"),
    "aurora-postgresql": ("postgresql",),
}
"""Log types that RDS_LOGGING_ENABLED asks for, by engine or by what its editions (``oracle-ee``) have in common:
https://docs.aws.amazon.com/securityhub/latest/userguide/rds-controls.html#rds-9."""
IN_SERVICE = ("available", "backing-up", "storage-optimization", "storage-full")
"""The statuses in which AWS judges logging and IAM authentication of a DB instance."""


register_flags(
    (
        FlagRule("RDS_INSTANCE_PUBLIC_ACCESS_CHECK", (INSTANCE,), "publiclyAccessible", False, Severity.CRITICAL,
                 "Public access", "The DB instance is not publicly accessible.",
                 "modify the instance to be not publicly accessible"),
        FlagRule("RDS_AUTOMATIC_MINOR_VERSION_UPGRADE_ENABLED", (INSTANCE,), "autoMinorVersionUpgrade", True,
                 Severity.HIGH, "Configuration", "Minor version upgrades are automatic.",
                 "turn on automatic minor version upgrades"),
        FlagRule("RDS_CLUSTER_DELETION_PROTECTION_ENABLED", (CLUSTER,), "deletionProtection", True, Severity.MEDIUM,
                 "Backup and recovery", "The cluster is protected against deletion.", "turn on deletion protection"),
        FlagRule("RDS_CLUSTER_IAM_AUTHENTICATION_ENABLED", (CLUSTER,), "iamDatabaseAuthenticationEnabled", True,
                 Severity.MEDIUM, "Identity", "The cluster takes IAM authentication.",
                 "enable IAM database authentication"),
        FlagRule("AURORA_GLOBAL_DATABASE_ENCRYPTION_AT_REST", ("AWS::RDS::GlobalCluster",), "StorageEncrypted", True,
                 Severity.HIGH, "Encryption", "The global database is encrypted.", "recreate it with encryption"),
        FlagRule("AURORA_GLOBAL_DATABASE_DELETION_PROTECTION_ENABLED", ("AWS::RDS::GlobalCluster",),
                 "DeletionProtection", True, Severity.MEDIUM, "Backup and recovery",
                 "The global database is protected against deletion.", "turn on deletion protection"),
    )
)  # fmt: skip


def _engine(item: ConfigurationItem) -> str:
    return text(item.configuration, "engine").lower()


def _is_member(item: ConfigurationItem) -> bool:
    """Whether the DB instance is part of a cluster: Aurora, DocumentDB and Neptune have no others."""
    if pick(item.configuration, "dBClusterIdentifier"):
        return True
    return _engine(item).startswith(("aurora", *OTHER_ENGINES))


@rule("RDS_STORAGE_ENCRYPTED", types=(INSTANCE,), severity=Severity.MEDIUM, category="Encryption")
def storage_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The DB instance's storage is encrypted, with kmsKeyId where it is given."""
    if not flag(item.configuration, "storageEncrypted"):
        return violation("Storage is not encrypted; restore an encrypted copy of a snapshot and replace the instance.")
    wanted, key = parameters.get("kmsKeyId"), item.configuration.get("kmsKeyId")
    fits = not wanted or among_keys(key, (wanted,))
    return verdict(fits, f"Storage is encrypted with {shown(key, 90)}; use {shown(wanted, 90)}.")


@rule("DB_INSTANCE_BACKUP_ENABLED", types=(INSTANCE,), severity=Severity.MEDIUM, category="Backup and recovery")
def backup_enabled(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Automated backups are on, kept for backupRetentionPeriod days (at least backupRetentionMinimum), taken in
    preferredBackupWindow; read replicas are checked with checkReadReplicas=true only."""
    # A replica in another account or of a cluster has the second.
    sources = ("readReplicaSourceDBInstanceIdentifier", "readReplicaSourceDBClusterIdentifier")
    if any(item.configuration.get(name) for name in sources) and not parameters.get("checkReadReplicas"):
        return not_applicable("The DB instance is a read replica, and checkReadReplicas is not true.")
    days = int(number(item.configuration, "backupRetentionPeriod"))
    if days == 0:
        return violation("Automated backups are off; set the backup retention period to 1 day or more.")
    exact, least = parameters.get("backupRetentionPeriod"), parameters.get("backupRetentionMinimum")
    if exact is not None and days != exact:
        return violation(f"Backups are kept for {days} days; set the retention period to {exact}.")
    if least is not None and days < least:
        return violation(f"Backups are kept for {days} days; set the retention period to {least} or more.")
    wanted = parameters.get("preferredBackupWindow")
    if not wanted:
        return COMPLIANT
    window = text(item.configuration, "preferredBackupWindow")
    return verdict(window == wanted, f"The backup window is {shown(window)}; set it to {shown(wanted)}.")


@rule("RDS_MULTI_AZ_SUPPORT", types=(INSTANCE,), severity=Severity.MEDIUM, category="Backup and recovery")
def multi_az(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The DB instance is Multi-AZ; members of a cluster (Multi-AZ, Aurora, DocumentDB, Neptune) are not applicable:
    https://docs.aws.amazon.com/securityhub/latest/userguide/rds-controls.html#rds-5."""
    if _is_member(item):
        return not_applicable("High availability is the cluster's matter.")
    return verdict(flag(item.configuration, "multiAZ"), "The DB instance is in one availability zone; enable Multi-AZ.")


@rule("RDS_INSTANCE_DELETION_PROTECTION_ENABLED", types=(INSTANCE,), severity=Severity.LOW,
      category="Backup and recovery")  # fmt: skip
def deletion_protection(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The DB instance is protected against deletion; only databaseEngines where they are given. Members of a cluster
    are not applicable: the cluster is what can be protected."""
    if _is_member(item):
        return not_applicable("Deletion protection is the cluster's matter.")
    engines = tuple(engine.lower() for engine in parameters.get("databaseEngines", ()))
    if engines and _engine(item) not in engines:
        return not_applicable(f"The engine {shown(_engine(item))} is not among databaseEngines.")
    return verdict(flag(item.configuration, "deletionProtection"), "Deletion protection is off; turn it on.")


@rule("RDS_INSTANCE_IAM_AUTHENTICATION_ENABLED", types=(INSTANCE,), severity=Severity.MEDIUM, category="Identity")
def instance_iam_authentication(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The DB instance takes IAM authentication; engines but MySQL, PostgreSQL and Aurora, and DB instances that are
    not available, are not applicable."""
    if _engine(item) not in IAM_ENGINES:
        return not_applicable(f"AWS does not judge the engine {shown(_engine(item))}.")
    if (status := text(item.configuration, "dBInstanceStatus")) not in IN_SERVICE:
        return not_applicable(f"The DB instance is {status}.")
    on = flag(item.configuration, "iAMDatabaseAuthenticationEnabled")
    return verdict(on, "IAM database authentication is off; enable it.")


@rule("RDS_LOGGING_ENABLED", types=(INSTANCE,), severity=Severity.MEDIUM, category="Logging and monitoring")
def logging_enabled(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """All log types of the engine go to CloudWatch Logs, with those of additionalLogs for it; a DB instance that is not
    available is not applicable."""
    if (status := text(item.configuration, "dBInstanceStatus")) not in IN_SERVICE:
        return not_applicable(f"The DB instance is {status}.")
    engine = _engine(item)
    required = REQUIRED_LOGS.get(engine) or REQUIRED_LOGS.get(engine.partition("-")[0])
    if required is None:
        return not_applicable(f"AWS asks for no logs of the engine {shown(engine)}.")
    wanted = (*required, *_additional_logs(engine, parameters.get("additionalLogs", {})))
    exported = array(item.configuration, "enabledCloudwatchLogsExports")
    missing = [name for name in dict.fromkeys(wanted) if name not in exported]
    return verdict(not missing, f"The logs {listed(missing)} don't go to CloudWatch Logs; export them.")


def _additional_logs(engine: str, given: Mapping[str, str]) -> Iterator[str]:
    """Those given for the engine (``oracle-ee``) or for its family (``oracle``)."""
    for family, names in given.items():
        if engine == family.lower() or engine.startswith(f"{family.lower()}-"):
            yield from (name.strip() for name in names.split(",") if name.strip())


@rule("RDS_ENHANCED_MONITORING_ENABLED", types=(INSTANCE,), severity=Severity.LOW, category="Logging and monitoring")
def enhanced_monitoring(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Enhanced monitoring is on, every monitoringInterval seconds where it is given."""
    seconds = int(number(item.configuration, "monitoringInterval"))
    if not seconds:
        return violation("Enhanced monitoring is off; set a monitoring interval and role.")
    wanted = parameters.get("monitoringInterval")
    fits = wanted is None or seconds == wanted
    return verdict(fits, f"Enhanced monitoring runs every {seconds} s; set the interval to {wanted} s.")


def _admin(item: ConfigurationItem, parameters: Parameters) -> Verdict:
    name, allowed = text(item.configuration, "masterUsername"), parameters.get("validAdminUserNames", ())
    if allowed:
        return verdict(name in allowed, f"The admin user is {shown(name)}; use one of {listed(allowed)}.")
    return verdict(name not in DEFAULT_ADMINS, f"The admin user is the default {shown(name)}; choose another name.")


@rule("RDS_INSTANCE_DEFAULT_ADMIN_CHECK", types=(INSTANCE,), severity=Severity.MEDIUM, category="Identity")
def instance_admin(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The DB instance's admin user does not have a default name, or has one of validAdminUserNames; members of a
    cluster are not applicable: https://docs.aws.amazon.com/securityhub/latest/userguide/rds-controls.html#rds-25."""
    return not_applicable("The admin user is the cluster's.") if _is_member(item) else _admin(item, parameters)


@rule("RDS_CLUSTER_DEFAULT_ADMIN_CHECK", types=(CLUSTER,), severity=Severity.MEDIUM, category="Identity")
def cluster_admin(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The cluster's admin user does not have a default name, or has one of validAdminUserNames; clusters of DocumentDB
    and Neptune are not applicable: https://docs.aws.amazon.com/securityhub/latest/userguide/rds-controls.html#rds-24."""
    if _engine(item) in OTHER_ENGINES:
        return not_applicable(f"The engine is {_engine(item)}.")
    return _admin(item, parameters)


@rule("RDS_CLUSTER_ENCRYPTED_AT_REST", types=(CLUSTER,), severity=Severity.MEDIUM, category="Encryption")
def cluster_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The cluster's storage is encrypted."""
    on = flag(item.configuration, "storageEncrypted")
    return verdict(on, "The cluster is not encrypted; restore a snapshot with encryption and replace it.")


@rule("RDS_CLUSTER_MULTI_AZ_ENABLED", types=(CLUSTER,), severity=Severity.MEDIUM, category="Backup and recovery")
def cluster_multi_az(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """An Aurora or Multi-AZ DB cluster is replicated to several availability zones; those of DocumentDB and Neptune are
    not applicable."""
    if _engine(item) in OTHER_ENGINES:
        return not_applicable(f"The engine is {_engine(item)}.")
    on = flag(item.configuration, "multiAZ")
    return verdict(on, "The cluster's instances are in one availability zone; add a replica in another.")


@rule("RDS_CLUSTER_AUTO_MINOR_VERSION_UPGRADE_ENABLE", types=(CLUSTER,), severity=Severity.MEDIUM,
      category="Configuration")  # fmt: skip
def cluster_minor_upgrades(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Minor version upgrades of a Multi-AZ DB cluster are automatic; other clusters are not applicable."""
    if _engine(item) not in MULTI_AZ_CLUSTER_ENGINES:
        return not_applicable(f"The engine {shown(_engine(item))} has no Multi-AZ DB clusters.")
    on = flag(item.configuration, "autoMinorVersionUpgrade")
    return verdict(on, "Automatic minor version upgrades are off; turn them on.")


def _retention(item: ConfigurationItem, least: int) -> Verdict:
    days = int(number(item.configuration, "backupRetentionPeriod"))
    return verdict(days >= least, f"Backups are kept for {days} days; set the retention period to {least} or more.")


@rule("RDS_CLUSTER_BACKUP_RETENTION_CHECK", types=(CLUSTER,), severity=Severity.MEDIUM,
      category="Backup and recovery")  # fmt: skip
def cluster_retention(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The cluster's backups are kept for at least minimumBackupRetentionPeriod days (7)."""
    return _retention(item, parameters.get("minimumBackupRetentionPeriod", 7))


@rule("AURORA_MYSQL_BACKTRACKING_ENABLED", types=(CLUSTER,), severity=Severity.MEDIUM, category="Backup and recovery")
def backtracking(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """An Aurora MySQL cluster can be backtracked, BacktrackWindowInHours where they are given."""
    if _engine(item) not in ("aurora", "aurora-mysql"):
        return not_applicable("Only Aurora MySQL has backtracking.")
    hours = number(item.configuration, "backtrackWindow", default=0) / 3600
    wanted = parameters.get("BacktrackWindowInHours")
    if not hours:
        return violation("Backtracking is off; set a backtrack window.")
    return verdict(wanted is None or hours == wanted, f"The backtrack window is {hours:g} hours; set it to {wanted}.")


def _exports(item: ConfigurationItem, engine: str, name: str) -> Verdict:
    if _engine(item) != engine:
        return not_applicable(f"The engine is {shown(_engine(item))}, not {engine}.")
    exported = array(item.configuration, "enabledCloudwatchLogsExports")
    return verdict(name in exported, f"The {name} log does not go to CloudWatch Logs; export it.")


@rule("RDS_AURORA_MYSQL_AUDIT_LOGGING_ENABLED", types=(CLUSTER,), severity=Severity.MEDIUM,
      category="Logging and monitoring")  # fmt: skip
def aurora_mysql_audit(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """An Aurora MySQL cluster exports its audit log."""
    return _exports(item, "aurora-mysql", "audit")


@rule("RDS_AURORA_POSTGRESQL_LOGS_TO_CLOUDWATCH", types=(CLUSTER,), severity=Severity.MEDIUM,
      category="Logging and monitoring")  # fmt: skip
def aurora_postgresql_logs(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """An Aurora PostgreSQL cluster exports its log."""
    return _exports(item, "aurora-postgresql", "postgresql")


@rule("RDS_POSTGRESQL_LOGS_TO_CLOUDWATCH", types=(INSTANCE,), severity=Severity.MEDIUM,
      category="Logging and monitoring")  # fmt: skip
def postgresql_logs(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A PostgreSQL instance exports its log, or the logTypes given."""
    return _instance_exports(item, ("postgres",), parameters.get("logTypes") or ("postgresql",))


@rule("RDS_SQL_SERVER_LOGS_TO_CLOUDWATCH", types=(INSTANCE,), severity=Severity.MEDIUM,
      category="Logging and monitoring")  # fmt: skip
def sql_server_logs(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A SQL Server instance exports its error and agent logs, or the logTypes given."""
    return _instance_exports(item, ("sqlserver",), parameters.get("logTypes") or ("error", "agent"))


def _instance_exports(item: ConfigurationItem, engines: tuple[str, ...], wanted: tuple[str, ...]) -> Verdict:
    if not _engine(item).startswith(engines):
        return not_applicable(f"The engine is {shown(_engine(item))}.")
    exported = array(item.configuration, "enabledCloudwatchLogsExports")
    missing = [name for name in wanted if name not in exported]
    return verdict(not missing, f"The logs {listed(missing)} don't go to CloudWatch Logs; export them.")


def _copies_tags(item: ConfigurationItem, engine: str) -> Verdict:
    if _engine(item) != engine:
        return not_applicable(f"The engine is {shown(_engine(item))}, not {engine}.")
    return verdict(flag(item.configuration, "copyTagsToSnapshot"), "Tags are not copied to snapshots; turn that on.")


@rule("RDS_MYSQL_CLUSTER_COPY_TAGS_TO_SNAPSHOT_CHECK", types=(CLUSTER,), severity=Severity.LOW, category="Tags")
def mysql_cluster_copies_tags(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A MySQL cluster copies its tags to its snapshots."""
    return _copies_tags(item, "mysql")


@rule("RDS_PGSQL_CLUSTER_COPY_TAGS_TO_SNAPSHOT_CHECK", types=(CLUSTER,), severity=Severity.LOW, category="Tags")
def pgsql_cluster_copies_tags(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A PostgreSQL cluster copies its tags to its snapshots."""
    return _copies_tags(item, "postgres")


SHARING = ("DBSnapshotAttributes", "DBClusterSnapshotAttributes")


def _restorable_by(item: ConfigurationItem) -> list[Any]:
    name = SHARING[0] if item.resource_type == SNAPSHOT else SHARING[1]
    attributes = array({name: required_aspect(item, name)}, name)
    restore = [a for a in attributes if pick(a, "attributeName") == "restore"]
    return [value for attribute in restore for value in array(attribute, "attributeValues")]


def _not_public(item: ConfigurationItem) -> Verdict:
    return verdict("all" not in _restorable_by(item), 'Anyone can restore the snapshot; remove "all" from its sharing.')


@rule("RDS_SNAPSHOTS_PUBLIC_PROHIBITED", types=SNAPSHOTS, severity=Severity.CRITICAL, category="Public access",
      aspects=SHARING)  # fmt: skip
def snapshots_not_public(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The snapshot can't be restored by everybody."""
    return _not_public(item)


@rule("RDS_SNAPSHOT_ENCRYPTED", types=SNAPSHOTS, severity=Severity.MEDIUM, category="Encryption")
def snapshot_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The snapshot is encrypted."""
    on = flag(item.configuration, "encrypted" if item.resource_type == SNAPSHOT else "storageEncrypted")
    return verdict(on, "The snapshot is not encrypted; copy it with a KMS key and delete it.")


@rule("RDS_DB_SECURITY_GROUP_NOT_ALLOWED", types=("AWS::RDS::DBSecurityGroup",), severity=Severity.MEDIUM,
      category="Network")  # fmt: skip
def no_db_security_group(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """No DB security group exists but the default one."""
    name = item.resource_name or item.resource_id
    return verdict(name == "default", f"DB security group {shown(name)}; delete it and use VPC security groups.")


def _of_engine(item: ConfigurationItem, engine: str) -> Verdict | None:
    if _engine(item) == engine:
        return None
    return not_applicable(f"The engine is {shown(_engine(item))}, not {engine}.")


def _of_manual(item: ConfigurationItem) -> Verdict | None:
    """AWS judges manual cluster snapshots only: an automated one can't be shared."""
    kind = text(item.configuration, "snapshotType")
    return None if kind == "manual" else not_applicable(f"The snapshot's type is {shown(kind)}, not manual.")


def _register_family(prefix: str, engine: str, unprotected: Severity) -> None:
    """The rules that AWS has for Neptune and for DocumentDB alike, each on clusters of that engine only."""

    @rule(f"{prefix}_CLUSTER_BACKUP_RETENTION_CHECK", types=(CLUSTER,), severity=Severity.MEDIUM,
          category="Backup and recovery")  # fmt: skip
    def retention(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
        """The cluster's backups are kept for at least minimumBackupRetentionPeriod days (7)."""
        return _of_engine(item, engine) or _retention(item, parameters.get("minimumBackupRetentionPeriod", 7))

    @rule(f"{prefix}_CLUSTER_DELETION_PROTECTION_ENABLED", types=(CLUSTER,), severity=unprotected,
          category="Backup and recovery")  # fmt: skip
    def protected(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
        """The cluster is protected against deletion."""
        other = _of_engine(item, engine)
        return other or verdict(flag(item.configuration, "deletionProtection"), "Turn on deletion protection.")

    @rule(f"{prefix}_CLUSTER_ENCRYPTED", types=(CLUSTER,), severity=Severity.MEDIUM, category="Encryption")
    def encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
        """The cluster is encrypted, with one of the given KMS keys where they are given."""
        other = _of_engine(item, engine)
        if other:
            return other
        if not flag(item.configuration, "storageEncrypted"):
            return violation("The cluster is not encrypted; restore a snapshot with encryption and replace it.")
        allowed = parameters.get("kmsKeyArns", parameters.get("KmsKeyArns", ()))
        key = item.configuration.get("kmsKeyId")
        fits = not allowed or among_keys(key, allowed)
        return verdict(fits, f"It is encrypted with {shown(key, 90)}; use one of {listed(allowed, 1)}.")

    @rule(f"{prefix}_CLUSTER_SNAPSHOT_PUBLIC_PROHIBITED", types=(CLUSTER_SNAPSHOT,), severity=Severity.CRITICAL,
          category="Public access", aspects=SHARING)  # fmt: skip
    def not_public(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
        """The manual cluster snapshot can't be restored by everybody; others are not applicable."""
        return _of_engine(item, engine) or _of_manual(item) or _not_public(item)


for _prefix, (_family, _unprotected) in ENGINE_FAMILIES.items():
    _register_family(_prefix, _family, _unprotected)


@rule("DOCDB_CLUSTER_AUDIT_LOGGING_ENABLED", types=(CLUSTER,), severity=Severity.MEDIUM,
      category="Logging and monitoring")  # fmt: skip
def docdb_audit(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A DocumentDB cluster exports its audit log."""
    return _exports(item, "docdb", "audit")


@rule("NEPTUNE_CLUSTER_CLOUDWATCH_LOG_EXPORT_ENABLED", types=(CLUSTER,), severity=Severity.MEDIUM,
      category="Logging and monitoring")  # fmt: skip
def neptune_audit(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A Neptune cluster exports its audit log."""
    return _exports(item, "neptune", "audit")


@rule("NEPTUNE_CLUSTER_COPY_TAGS_TO_SNAPSHOT_ENABLED", types=(CLUSTER,), severity=Severity.LOW, category="Tags")
def neptune_copies_tags(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A Neptune cluster copies its tags to its snapshots."""
    return _copies_tags(item, "neptune")


@rule("NEPTUNE_CLUSTER_IAM_DATABASE_AUTHENTICATION", types=(CLUSTER,), severity=Severity.MEDIUM, category="Identity")
def neptune_iam(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A Neptune cluster takes IAM authentication."""
    other = _of_engine(item, "neptune")
    return other or verdict(
        flag(item.configuration, "iamDatabaseAuthenticationEnabled"), "Enable IAM database authentication."
    )


@rule("NEPTUNE_CLUSTER_MULTI_AZ_ENABLED", types=(CLUSTER,), severity=Severity.MEDIUM, category="Backup and recovery")
def neptune_multi_az(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A Neptune cluster is replicated to several availability zones."""
    other = _of_engine(item, "neptune")
    return other or verdict(flag(item.configuration, "multiAZ"), "Add a replica in another availability zone.")


@rule("NEPTUNE_CLUSTER_SNAPSHOT_ENCRYPTED", types=(CLUSTER_SNAPSHOT,), severity=Severity.MEDIUM, category="Encryption")
def neptune_snapshot_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A Neptune cluster snapshot is encrypted."""
    other = _of_engine(item, "neptune")
    return other or verdict(flag(item.configuration, "storageEncrypted"), "Copy it with a KMS key.")
