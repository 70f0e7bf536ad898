"""Amazon Redshift: clusters.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    COMPLIANT,
    FlagRule,
    Lookup,
    Parameters,
    flag,
    listed,
    number,
    register_flags,
    required_aspect,
    rule,
    shown,
    text,
    verdict,
    violation,
    worst,
)
from watchkeeper.rules.kms import among_keys

CLUSTER = "AWS::Redshift::Cluster"
LOGGING = "LoggingStatus"


register_flags(
    (
        FlagRule("REDSHIFT_CLUSTER_PUBLIC_ACCESS_CHECK", (CLUSTER,), "publiclyAccessible", False, Severity.CRITICAL,
                 "Public access", "The cluster is not publicly accessible.", "turn off public access"),
        FlagRule("REDSHIFT_ENHANCED_VPC_ROUTING_ENABLED", (CLUSTER,), "enhancedVpcRouting", True, Severity.MEDIUM,
                 "Network", "The cluster's traffic goes through the VPC.", "turn on enhanced VPC routing"),
    )
)  # fmt: skip


@rule("REDSHIFT_CLUSTER_CONFIGURATION_CHECK", types=(CLUSTER,), severity=Severity.MEDIUM, category="Configuration",
      aspects=(LOGGING,))  # fmt: skip
def cluster_configuration(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Encryption, audit logging and node types are as given."""
    encrypted, logging = parameters["clusterDbEncrypted"], parameters["loggingEnabled"]

    def encryption() -> Verdict:
        fits = flag(item.configuration, "encrypted") == encrypted
        return verdict(fits, f"encrypted is not {str(encrypted).lower()}; change the encryption.")

    def audit() -> Verdict:
        fits = flag(required_aspect(item, LOGGING), "loggingEnabled") == logging
        return verdict(fits, f"Audit logging is not {str(logging).lower()}; change it.")

    def nodes() -> Verdict:
        kind, allowed = text(item.configuration, "nodeType"), parameters.get("nodeTypes", ())
        return verdict(not allowed or kind in allowed, f"The node type is {shown(kind)}; use one of {listed(allowed)}.")

    return worst(encryption, audit, nodes)


@rule("REDSHIFT_CLUSTER_MAINTENANCESETTINGS_CHECK", types=(CLUSTER,), severity=Severity.MEDIUM,
      category="Configuration")  # fmt: skip
def maintenance_settings(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Version upgrades, maintenance window and snapshot retention are as given."""
    upgrades, wanted = parameters["allowVersionUpgrade"], parameters.get("preferredMaintenanceWindow")

    def versions() -> Verdict:
        fits = flag(item.configuration, "allowVersionUpgrade") == upgrades
        return verdict(fits, f"allowVersionUpgrade is not {str(upgrades).lower()}; change it.")

    def window() -> Verdict:
        if not wanted:
            return COMPLIANT
        held = text(item.configuration, "preferredMaintenanceWindow")
        fits = held.lower() == wanted.lower()
        return verdict(fits, f"The maintenance window is {shown(held)}; set it to {shown(wanted)}.")

    def snapshots() -> Verdict:
        exact = parameters.get("automatedSnapshotRetentionPeriod")
        if exact is None:
            return COMPLIANT
        days = number(item.configuration, "automatedSnapshotRetentionPeriod")
        return verdict(days == exact, f"Snapshots are kept for {days:g} days; keep them for {exact}.")

    return worst(versions, window, snapshots)


@rule("REDSHIFT_BACKUP_ENABLED", types=(CLUSTER,), severity=Severity.MEDIUM, category="Backup and recovery")
def backup_enabled(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Automated snapshots are on, kept between MinRetentionPeriod and MaxRetentionPeriod days where given."""
    days = int(number(item.configuration, "automatedSnapshotRetentionPeriod"))
    low, high = parameters.get("MinRetentionPeriod", 1), parameters.get("MaxRetentionPeriod", 35)
    return verdict(low <= days <= high, f"Snapshots are kept for {days} days; keep them for {low} to {high}.")


@rule("REDSHIFT_CLUSTER_KMS_ENABLED", types=(CLUSTER,), severity=Severity.MEDIUM, category="Encryption")
def cluster_kms(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The cluster is encrypted with a KMS key, one of kmsKeyArns where they are given."""
    key, allowed = item.configuration.get("kmsKeyId"), parameters.get("kmsKeyArns", ())
    if not flag(item.configuration, "encrypted") or not key:
        return violation("The cluster is not encrypted with KMS; modify it to use a key.")
    if not allowed or among_keys(key, allowed):
        return COMPLIANT
    return violation(f"The cluster is encrypted with {shown(key, 90)}; use one of {listed(allowed, 1)}.")


@rule("REDSHIFT_AUDIT_LOGGING_ENABLED", types=(CLUSTER,), severity=Severity.MEDIUM, category="Logging and monitoring",
      aspects=(LOGGING,))  # fmt: skip
def audit_logging(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Audit logging is on, to one of bucketNames where they are given."""
    status, names = required_aspect(item, LOGGING), parameters.get("bucketNames", ())
    if not flag(status, "loggingEnabled"):
        return violation("Audit logging is off; enable it.")
    if not names:
        return COMPLIANT
    bucket = text(status, "bucketName")
    return verdict(bucket in names, f"Audit logs go to {shown(bucket)}; use one of {listed(names)}.")


@rule("REDSHIFT_DEFAULT_ADMIN_CHECK", types=(CLUSTER,), severity=Severity.MEDIUM, category="Identity")
def default_admin(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The admin user is not awsuser, and one of validAdminUserNames where they are given."""
    name = text(item.configuration, "masterUsername")
    return _not_default(name, "awsuser", parameters.get("validAdminUserNames", ()))


@rule("REDSHIFT_DEFAULT_DB_NAME_CHECK", types=(CLUSTER,), severity=Severity.MEDIUM, category="Configuration")
def default_database(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The database is not named dev, and one of validDatabaseNames where they are given."""
    return _not_default(text(item.configuration, "dBName"), "dev", parameters.get("validDatabaseNames", ()))


def _not_default(name: str, default: str, allowed: tuple[str, ...]) -> Verdict:
    if name == default:
        return violation(f"The name is the default {shown(default)}; choose another one.")
    return verdict(not allowed or name in allowed, f"The name is {shown(name)}; use one of {listed(allowed)}.")
