"""Amazon ECR, ECS and EKS.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    COMPLIANT,
    Lookup,
    Parameters,
    array,
    dig,
    flag,
    listed,
    need,
    pick,
    rule,
    shown,
    text,
    verdict,
    violation,
)
from watchkeeper.rules.s3 import same_key

REPOSITORY = "AWS::ECR::Repository"
CLUSTER = "AWS::ECS::Cluster"
TASK = "AWS::ECS::TaskDefinition"
EKS = "AWS::EKS::Cluster"


@rule("ECR_PRIVATE_IMAGE_SCANNING_ENABLED", types=(REPOSITORY,), severity=Severity.HIGH, category="Configuration")
def image_scanning(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Images are scanned on push."""
    on = flag(pick(item.configuration, "ImageScanningConfiguration"), "ScanOnPush", default=False)
    need(item.configuration, "RepositoryName", "Arn")
    return verdict(on, "Images are not scanned on push; turn scanning on.")


@rule("ECR_PRIVATE_TAG_IMMUTABILITY_ENABLED", types=(REPOSITORY,), severity=Severity.MEDIUM, category="Configuration")
def tag_immutability(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Image tags can't be overwritten."""
    value = text(item.configuration, "ImageTagMutability")
    return verdict(value.startswith("IMMUTABLE"), "Tags are mutable; set tag immutability.")


@rule("ECR_PRIVATE_LIFECYCLE_POLICY_CONFIGURED", types=(REPOSITORY,), severity=Severity.LOW, category="Cost")
def lifecycle_policy(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The repository has a lifecycle policy."""
    need(item.configuration, "RepositoryName", "Arn")
    held = pick(item.configuration, "LifecyclePolicy")
    on = bool(pick(held, "LifecyclePolicyText")) if isinstance(held, dict) else bool(held)
    return verdict(on, "No lifecycle policy; add one that expires old images.")


@rule("ECR_REPOSITORY_CMK_ENCRYPTION_ENABLED", types=(REPOSITORY,), severity=Severity.LOW, category="Encryption")
def repository_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The repository is encrypted with a customer managed KMS key, one of kmsKeyArns where they are given."""
    need(item.configuration, "RepositoryName", "Arn")
    encryption = pick(item.configuration, "EncryptionConfiguration")
    key, allowed = pick(encryption, "KmsKey") or "", parameters.get("kmsKeyArns", ())
    if pick(encryption, "EncryptionType") not in ("KMS", "KMS_DSSE") or not key:
        return violation("Not encrypted with a customer managed key; recreate the repository with one.")
    fits = not allowed or any(same_key(key, arn) for arn in allowed)
    return verdict(fits, f"It is encrypted with {shown(key, 90)}; use one of {listed(allowed, 1)}.")


@rule("ECS_CONTAINER_INSIGHTS_ENABLED", types=(CLUSTER,), severity=Severity.LOW, category="Logging and monitoring")
def container_insights(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Container Insights is on."""
    need(item.configuration, "ClusterName", "Arn")
    settings = {pick(s, "Name"): pick(s, "Value") for s in array(item.configuration, "ClusterSettings")}
    on = settings.get("containerInsights") in ("enabled", "enhanced")
    return verdict(on, "Container Insights is off; set containerInsights to enabled.")


def _containers(item: ConfigurationItem) -> list[Any]:
    found: list[Any] = need(item.configuration, "ContainerDefinitions")
    return found


def _named(containers: Iterator[Any]) -> list[str]:
    return [str(pick(container, "Name")) for container in containers]


@rule("ECS_CONTAINERS_NONPRIVILEGED", types=(TASK,), severity=Severity.HIGH, category="Configuration")
def nonprivileged(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """No container runs privileged."""
    bad = _named(c for c in _containers(item) if flag(c, "Privileged", default=False))
    return verdict(not bad, f"Privileged containers: {listed(bad)}; set Privileged to false.")


@rule("ECS_CONTAINERS_READONLY_ACCESS", types=(TASK,), severity=Severity.MEDIUM, category="Configuration")
def readonly_root(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Every container's root file system is read-only."""
    bad = _named(c for c in _containers(item) if not flag(c, "ReadonlyRootFilesystem", default=False))
    return verdict(not bad, f"Writable root file systems: {listed(bad)}; set ReadonlyRootFilesystem to true.")


@rule("ECS_NO_ENVIRONMENT_SECRETS", types=(TASK,), severity=Severity.HIGH, category="Identity")
def no_environment_secrets(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """No container has one of secretKeys among its environment variables."""
    keys = set(parameters["secretKeys"])
    found = [
        str(pick(v, "Name")) for c in _containers(item) for v in array(c, "Environment") if pick(v, "Name") in keys
    ]
    return verdict(not found, f"Secrets in the environment: {listed(found)}; use Secrets Manager or SSM parameters.")


@rule("ECS_TASK_DEFINITION_LOG_CONFIGURATION", types=(TASK,), severity=Severity.MEDIUM,
      category="Logging and monitoring")  # fmt: skip
def log_configuration(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Every container has a log configuration."""
    bad = _named(c for c in _containers(item) if not pick(pick(c, "LogConfiguration"), "LogDriver"))
    return verdict(not bad, f"Containers without log configuration: {listed(bad)}; add one.")


@rule("ECS_TASK_DEFINITION_MEMORY_HARD_LIMIT", types=(TASK,), severity=Severity.LOW, category="Configuration")
def memory_limit(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Every container has a hard memory limit."""
    bad = _named(c for c in _containers(item) if not pick(c, "Memory"))
    return verdict(not bad, f"Containers without memory limit: {listed(bad)}; set Memory.")


@rule("ECS_TASK_DEFINITION_NONROOT_USER", types=(TASK,), severity=Severity.HIGH, category="Identity")
def nonroot_user(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Every container runs as a user other than root."""
    bad = _named(c for c in _containers(item) if str(pick(c, "User") or "root").split(":")[0] in ("root", "0"))
    return verdict(not bad, f"Containers that run as root: {listed(bad)}; set User.")


@rule("ECS_TASK_DEFINITION_PID_MODE_CHECK", types=(TASK,), severity=Severity.HIGH, category="Configuration")
def pid_mode(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The task does not share the host's process namespace."""
    _containers(item)
    return verdict(pick(item.configuration, "PidMode") != "host", "PidMode is host; use task or leave it out.")


@rule("ECS_TASK_DEFINITION_NETWORK_MODE_NOT_HOST", types=(TASK,), severity=Severity.HIGH, category="Network")
def network_mode(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The task does not use the host's network."""
    _containers(item)
    return verdict(pick(item.configuration, "NetworkMode") != "host", "NetworkMode is host; use awsvpc.")


@rule("ECS_AWSVPC_NETWORKING_ENABLED", types=(TASK,), severity=Severity.MEDIUM, category="Network")
def awsvpc(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The task's network mode is awsvpc."""
    _containers(item)
    mode = pick(item.configuration, "NetworkMode")
    return verdict(mode == "awsvpc", f"NetworkMode is {shown(mode or 'bridge')}; use awsvpc.")


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
    keys = [str(dig(pick(c, "Provider"), "KeyArn") or pick(pick(c, "Provider"), "keyArn") or "") for c in encrypted]
    allowed = parameters.get("kmsKeyArns", ())
    fits = not allowed or all(any(same_key(key, arn) for arn in allowed) for key in keys)
    return verdict(fits, f"Secrets are encrypted with {listed(keys, 1)}; use one of {listed(allowed, 1)}.")


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
        return {kind for c in cluster if flag(c, "Enabled", default=False) for kind in array(c, "Types")}
    return {str(pick(entry, "Type")) for entry in array(cluster, "EnabledTypes")}


def _version(item: ConfigurationItem, parameters: Parameters) -> Verdict:
    version, oldest = text(item.configuration, "Version"), parameters["oldestVersionSupported"]
    if _numbers(version) >= _numbers(oldest):
        return COMPLIANT
    return violation(f"Kubernetes {shown(version)}; upgrade to {oldest} or later.")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


@rule("EKS_CLUSTER_OLDEST_SUPPORTED_VERSION", types=(EKS,), severity=Severity.MEDIUM, category="Configuration")
def oldest_version(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The cluster does not run a version before oldestVersionSupported."""
    return _version(item, parameters)


@rule("EKS_CLUSTER_SUPPORTED_VERSION", types=(EKS,), severity=Severity.MEDIUM, category="Configuration")
def supported_version(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The cluster runs oldestVersionSupported or later."""
    return _version(item, parameters)
