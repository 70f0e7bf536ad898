"""Amazon OpenSearch Service: domains, and those of its older name Elasticsearch, of which AWS's rules ask the same.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    Lookup,
    Parameters,
    array,
    flag,
    listed,
    need,
    number,
    pick,
    rule,
    shown,
    verdict,
    violation,
)

DOMAIN = "AWS::OpenSearch::Domain"
ELASTICSEARCH = "AWS::Elasticsearch::Domain"


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
