"""Amazon OpenSearch Service: domains, and those of its older name Elasticsearch, of which AWS's rules ask the same.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from typing import Any

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    COMPLIANT,
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
    text,
    verdict,
    violation,
)

DOMAIN = "AWS::OpenSearch::Domain"
ELASTICSEARCH = "AWS::Elasticsearch::Domain"


def _option(item: ConfigurationItem, options: str, name: str) -> bool:
    """Whether an option is on. A domain without the options has it off; options that are there say it."""
    held = pick(item.configuration, options)
    return held is not None and flag(held, name)


def _register_domains(prefix: str, resource_type: str) -> None:
    """The rules that AWS has for OpenSearch and for Elasticsearch domains alike."""
    types = (resource_type,)

    @rule(f"{prefix}_ENCRYPTED_AT_REST", types=types, severity=Severity.MEDIUM, category="Encryption")
    def encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
        """Encryption at rest is on."""
        need(item.configuration, "DomainName")
        on = _option(item, "EncryptionAtRestOptions", "Enabled")
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
        on = _option(item, "NodeToNodeEncryptionOptions", "Enabled")
        return verdict(on, "Node-to-node encryption is off; enable it.")

    @rule(f"{prefix}_LOGS_TO_CLOUDWATCH", types=types, severity=Severity.MEDIUM, category="Logging and monitoring")
    def logs(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
        """Some log goes to CloudWatch Logs; all of logTypes where they are given."""
        need(item.configuration, "DomainName")
        published = pick(item.configuration, "LogPublishingOptions")
        on = {name for kind, name in _LOG_NAMES.items() if _publishes(pick(published, kind))}
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
    if not _option(item, "DomainEndpointOptions", "EnforceHTTPS"):
        return violation("HTTP is allowed; require HTTPS.")
    if not allowed:
        return COMPLIANT
    policy = text(options, "TLSSecurityPolicy")
    return verdict(policy in allowed, f"The TLS policy is {shown(policy)}; use one of {listed(allowed)}.")


@rule("OPENSEARCH_ACCESS_CONTROL_ENABLED", types=(DOMAIN,), severity=Severity.HIGH, category="Identity")
def access_control(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Fine-grained access control is on."""
    need(item.configuration, "DomainName")
    on = _option(item, "AdvancedSecurityOptions", "Enabled")
    return verdict(on, "Fine-grained access control is off; enable it.")


@rule("OPENSEARCH_AUDIT_LOGGING_ENABLED", types=(DOMAIN,), severity=Severity.MEDIUM, category="Logging and monitoring")
def domain_audit(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Audit logs are on, to one of cloudWatchLogsLogGroupArnList where it is given."""
    need(item.configuration, "DomainName")
    log = pick(pick(item.configuration, "LogPublishingOptions"), "AUDIT_LOGS")
    if not _publishes(log):
        return violation("Audit logs are off; publish them to CloudWatch Logs.")
    allowed = [_group(arn) for arn in parameters.get("cloudWatchLogsLogGroupArnList", ())]
    if not allowed:
        return COMPLIANT
    group = _group(text(log, "CloudWatchLogsLogGroupArn"))
    return verdict(group in allowed, f"Audit logs go to {shown(group, 110)}; use an allowed group.")


def _publishes(log: Any) -> bool:
    """Whether a log is published. The options name only logs that are or were; each says whether it is."""
    return log is not None and flag(log, "Enabled")


def _group(arn: str) -> str:
    """A log group's ARN without the ``:*`` that stands for its streams: both spellings name the group."""
    return arn.removesuffix(":*")


@rule("OPENSEARCH_DATA_NODE_FAULT_TOLERANCE", types=(DOMAIN,), severity=Severity.MEDIUM,
      category="Backup and recovery")  # fmt: skip
def data_nodes(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """At least three data nodes, spread over zones."""
    cluster = need(item.configuration, "ClusterConfig")
    on = number(cluster, "InstanceCount") >= 3 and flag(cluster, "ZoneAwarenessEnabled")
    return verdict(on, "Fewer than three data nodes or no zone awareness; use three nodes over zones.")


@rule("OPENSEARCH_PRIMARY_NODE_FAULT_TOLERANCE", types=(DOMAIN,), severity=Severity.LOW,
      category="Backup and recovery")  # fmt: skip
def primary_nodes(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """At least three dedicated primary nodes."""
    cluster = need(item.configuration, "ClusterConfig")
    on = flag(cluster, "DedicatedMasterEnabled") and number(cluster, "DedicatedMasterCount") >= 3
    return verdict(on, "Fewer than three dedicated primary nodes; use three.")
