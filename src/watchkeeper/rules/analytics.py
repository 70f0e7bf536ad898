"""Amazon Redshift and OpenSearch (with Elasticsearch).

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
    array,
    dig,
    flag,
    listed,
    need,
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
from watchkeeper.rules.s3 import same_key

CLUSTER = "AWS::Redshift::Cluster"
DOMAIN = "AWS::OpenSearch::Domain"
ELASTICSEARCH = "AWS::Elasticsearch::Domain"
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
    if flag(item.configuration, "encrypted") != parameters["clusterDbEncrypted"]:
        return violation(f"encrypted is not {str(parameters['clusterDbEncrypted']).lower()}; change the encryption.")
    if flag(required_aspect(item, LOGGING), "loggingEnabled", default=False) != parameters["loggingEnabled"]:
        return violation(f"Audit logging is not {str(parameters['loggingEnabled']).lower()}; change it.")
    kind, allowed = text(item.configuration, "nodeType"), parameters.get("nodeTypes", ())
    return verdict(not allowed or kind in allowed, f"The node type is {shown(kind)}; use one of {listed(allowed)}.")


@rule("REDSHIFT_CLUSTER_MAINTENANCESETTINGS_CHECK", types=(CLUSTER,), severity=Severity.MEDIUM,
      category="Configuration")  # fmt: skip
def maintenance_settings(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Version upgrades, maintenance window and snapshot retention are as given."""
    if flag(item.configuration, "allowVersionUpgrade") != parameters["allowVersionUpgrade"]:
        return violation(f"allowVersionUpgrade is not {str(parameters['allowVersionUpgrade']).lower()}; change it.")
    window, wanted = item.configuration.get("preferredMaintenanceWindow"), parameters.get("preferredMaintenanceWindow")
    if wanted and str(window).lower() != wanted.lower():
        return violation(f"The maintenance window is {shown(window)}; set it to {shown(wanted)}.")
    days, least = (
        number(item.configuration, "automatedSnapshotRetentionPeriod"),
        parameters.get("automatedSnapshotRetentionPeriod"),
    )
    return verdict(least is None or days == least, f"Snapshots are kept for {days:g} days; keep them for {least}.")


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
    if not allowed or any(same_key(key, arn) for arn in allowed):
        return COMPLIANT
    return violation(f"The cluster is encrypted with {shown(key, 90)}; use one of {listed(allowed, 1)}.")


@rule("REDSHIFT_AUDIT_LOGGING_ENABLED", types=(CLUSTER,), severity=Severity.MEDIUM, category="Logging and monitoring",
      aspects=(LOGGING,))  # fmt: skip
def audit_logging(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Audit logging is on, to one of bucketNames where they are given."""
    status, names = required_aspect(item, LOGGING), parameters.get("bucketNames", ())
    if not flag(status, "loggingEnabled", default=False):
        return violation("Audit logging is off; enable it.")
    bucket = dig(status, "bucketName")
    return verdict(not names or bucket in names, f"Audit logs go to {shown(bucket)}; use one of {listed(names)}.")


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


def _register_domains(prefix: str, resource_type: str) -> None:
    """The rules that AWS has for OpenSearch and for Elasticsearch domains alike."""
    types = (resource_type,)

    @rule(f"{prefix}_ENCRYPTED_AT_REST", types=types, severity=Severity.MEDIUM, category="Encryption")
    def encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
        """Encryption at rest is on."""
        on = flag(pick(item.configuration, "EncryptionAtRestOptions"), "Enabled", default=False)
        need(item.configuration, "DomainName")
        return verdict(on, "Encryption at rest is off; enable it.")

    @rule(f"{prefix}_IN_VPC_ONLY", types=types, severity=Severity.CRITICAL, category="Public access")
    def in_vpc(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
        """The domain is in a VPC."""
        need(item.configuration, "DomainName")
        on = bool(array(pick(item.configuration, "VPCOptions"), "SubnetIds"))
        return verdict(on, "The domain's endpoint is public; recreate it in a VPC.")

    @rule(f"{prefix}_NODE_TO_NODE_ENCRYPTION_CHECK", types=types, severity=Severity.MEDIUM, category="Encryption")
    def node_to_node(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
        """Traffic between the nodes is encrypted."""
        need(item.configuration, "DomainName")
        on = flag(pick(item.configuration, "NodeToNodeEncryptionOptions"), "Enabled", default=False)
        return verdict(on, "Node-to-node encryption is off; enable it.")

    @rule(f"{prefix}_LOGS_TO_CLOUDWATCH", types=types, severity=Severity.MEDIUM, category="Logging and monitoring")
    def logs(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
        """Some log goes to CloudWatch Logs; all of logTypes where they are given."""
        need(item.configuration, "DomainName")
        published = pick(item.configuration, "LogPublishingOptions")
        on = {name for kind, name in _LOG_NAMES.items() if flag(pick(published, kind), "Enabled", default=False)}
        missing = [kind for kind in parameters.get("logTypes", ()) if kind not in on]
        lacking = f" of {listed(missing)}" if missing else ""
        return verdict(bool(on) and not missing, f"No log{lacking} is published; send it to CloudWatch Logs.")


_LOG_NAMES = {
    "ES_APPLICATION_LOGS": "error",
    "SEARCH_SLOW_LOGS": "search",
    "INDEX_SLOW_LOGS": "index",
    "AUDIT_LOGS": "audit",
}

for _prefix, _type in (("OPENSEARCH", DOMAIN), ("ELASTICSEARCH", ELASTICSEARCH)):
    _register_domains(_prefix, _type)


@rule("OPENSEARCH_HTTPS_REQUIRED", types=(DOMAIN,), severity=Severity.MEDIUM, category="Encryption")
def https_required(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Requests must use HTTPS, with one of tlsPolicies where they are given."""
    need(item.configuration, "DomainName")
    options, allowed = pick(item.configuration, "DomainEndpointOptions"), parameters.get("tlsPolicies", ())
    if not flag(options, "EnforceHTTPS", default=False):
        return violation("HTTP is allowed; require HTTPS.")
    policy = pick(options, "TLSSecurityPolicy")
    return verdict(
        not allowed or policy in allowed, f"The TLS policy is {shown(policy)}; use one of {listed(allowed)}."
    )


@rule("OPENSEARCH_ACCESS_CONTROL_ENABLED", types=(DOMAIN,), severity=Severity.HIGH, category="Identity")
def access_control(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Fine-grained access control is on."""
    need(item.configuration, "DomainName")
    on = flag(pick(item.configuration, "AdvancedSecurityOptions"), "Enabled", default=False)
    return verdict(on, "Fine-grained access control is off; enable it.")


@rule("OPENSEARCH_AUDIT_LOGGING_ENABLED", types=(DOMAIN,), severity=Severity.MEDIUM, category="Logging and monitoring")
def domain_audit(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Audit logs are on, to one of cloudWatchLogsLogGroupArnList where it is given."""
    need(item.configuration, "DomainName")
    log = pick(pick(item.configuration, "LogPublishingOptions"), "AUDIT_LOGS")
    if not flag(log, "Enabled", default=False):
        return violation("Audit logs are off; publish them to CloudWatch Logs.")
    group, allowed = pick(log, "CloudWatchLogsLogGroupArn"), parameters.get("cloudWatchLogsLogGroupArnList", ())
    return verdict(not allowed or group in allowed, f"Audit logs go to {shown(group, 110)}; use an allowed group.")


@rule("OPENSEARCH_DATA_NODE_FAULT_TOLERANCE", types=(DOMAIN,), severity=Severity.MEDIUM,
      category="Backup and recovery")  # fmt: skip
def data_nodes(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """At least three data nodes, spread over zones."""
    cluster = need(item.configuration, "ClusterConfig")
    on = number(cluster, "InstanceCount", default=1) >= 3 and flag(cluster, "ZoneAwarenessEnabled", default=False)
    return verdict(on, "Fewer than three data nodes or no zone awareness; use three nodes over zones.")


@rule("OPENSEARCH_PRIMARY_NODE_FAULT_TOLERANCE", types=(DOMAIN,), severity=Severity.LOW,
      category="Backup and recovery")  # fmt: skip
def primary_nodes(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """At least three dedicated primary nodes."""
    cluster = need(item.configuration, "ClusterConfig")
    on = (
        flag(cluster, "DedicatedMasterEnabled", default=False)
        and number(cluster, "DedicatedMasterCount", default=0) >= 3
    )
    return verdict(on, "Fewer than three dedicated primary nodes; use three.")
