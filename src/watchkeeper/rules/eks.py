"""Amazon EKS: clusters.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

import re
from typing import Any

from watchkeeper.model import ConfigurationItem, Severity, Unavailable, Verdict
from watchkeeper.rules.base import (
    COMPLIANT,
    Lookup,
    Parameters,
    array,
    flag,
    listed,
    need,
    pick,
    rule,
    shown,
    text,
    that_fail,
    verdict,
    violation,
)
from watchkeeper.rules.kms import among_keys

EKS = "AWS::EKS::Cluster"


@rule("EKS_ENDPOINT_NO_PUBLIC_ACCESS", types=(EKS,), severity=Severity.HIGH, category="Public access")
def endpoint_private(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The cluster's endpoint is not public."""
    public = flag(pick(item.configuration, "ResourcesVpcConfig"), "EndpointPublicAccess")
    return verdict(not public, "The API endpoint is public; turn on private access only.")


def _secrets_encrypted(item: ConfigurationItem, parameters: Parameters) -> Verdict:
    need(item.configuration, "Name", "Arn")
    encrypted = [c for c in array(item.configuration, "EncryptionConfig") if "secrets" in array(c, "Resources")]
    if not encrypted:
        return violation("Kubernetes secrets are not encrypted; enable envelope encryption with a KMS key.")
    allowed = parameters.get("kmsKeyArns", ())
    if not allowed:
        return COMPLIANT
    # The schema of the item has the key beside the configuration, too.
    beside = pick(item.configuration, "EncryptionConfigKeyArn")
    keys = [pick(pick(c, "Provider"), "KeyArn") or beside for c in encrypted]
    others = that_fail(keys, lambda key: among_keys(key, allowed))
    return verdict(not others, f"Secrets are encrypted with {listed(others, 1)}; use one of {listed(allowed, 1)}.")


@rule("EKS_SECRETS_ENCRYPTED", types=(EKS,), severity=Severity.MEDIUM, category="Encryption")
def secrets_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Kubernetes secrets are encrypted with a KMS key, one of kmsKeyArns where they are given."""
    return _secrets_encrypted(item, parameters)


@rule("EKS_CLUSTER_SECRETS_ENCRYPTED", types=(EKS,), severity=Severity.MEDIUM, category="Encryption")
def cluster_secrets_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Kubernetes secrets of the cluster are encrypted with a KMS key, one of kmsKeyArns where they are given."""
    return _secrets_encrypted(item, parameters)


LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")


@rule("EKS_CLUSTER_LOG_ENABLED", types=(EKS,), severity=Severity.MEDIUM, category="Logging and monitoring")
def cluster_logs(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The cluster's control plane logs are on, all or the given logTypes."""
    return _logs(item, parameters.get("logTypes") or LOG_TYPES)


@rule("EKS_CLUSTER_LOGGING_ENABLED", types=(EKS,), severity=Severity.MEDIUM, category="Logging and monitoring")
def all_cluster_logs(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """All control plane logs of the cluster are on."""
    return _logs(item, LOG_TYPES)


def _logs(item: ConfigurationItem, wanted: tuple[str, ...]) -> Verdict:
    need(item.configuration, "Name", "Arn")
    on = _enabled_logs(pick(item.configuration, "Logging"))
    missing = [name for name in wanted if name not in on]
    return verdict(not missing, f"Control plane logs that are off: {listed(missing)}; enable them.")


def _enabled_logs(logging: Any) -> set[str]:
    cluster = pick(logging, "ClusterLogging")
    if isinstance(cluster, list):
        return {kind for c in cluster if flag(c, "Enabled") for kind in array(c, "Types")}
    return {str(pick(entry, "Type")) for entry in array(cluster, "EnabledTypes")}


def _version(item: ConfigurationItem) -> tuple[int, ...]:
    version = text(item.configuration, "Version")
    if not re.fullmatch(r"\d+(\.\d+)*", version):
        raise Unavailable(f"{shown(version)} is not a version of Kubernetes")
    return _numbers(version)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


@rule("EKS_CLUSTER_OLDEST_SUPPORTED_VERSION", types=(EKS,), severity=Severity.MEDIUM, category="Configuration")
def oldest_version(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The cluster does not run oldestVersionSupported itself, whose support ends next."""
    version, oldest = _version(item), parameters["oldestVersionSupported"]
    if version < _numbers(oldest):
        raise Unavailable(f"the version is before {oldest}; the rule only tells clusters at {oldest} from later ones")
    return verdict(version != _numbers(oldest), f"Kubernetes {oldest} is the oldest supported version; upgrade.")


@rule("EKS_CLUSTER_SUPPORTED_VERSION", types=(EKS,), severity=Severity.HIGH, category="Configuration")
def supported_version(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The cluster runs oldestVersionSupported or later."""
    version, oldest = _version(item), parameters["oldestVersionSupported"]
    fits = version >= _numbers(oldest)
    return verdict(fits, f"Kubernetes {shown(pick(item.configuration, 'Version'))}; upgrade to {oldest} or later.")
