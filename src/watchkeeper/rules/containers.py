"""Amazon ECR, ECS and EKS.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    COMPLIANT,
    Index,
    Lookup,
    Parameters,
    RuleFunction,
    Unavailable,
    array,
    dig,
    flag,
    listed,
    need,
    needed_array,
    not_applicable,
    pick,
    rule,
    shown,
    text,
    verdict,
    violation,
)
from watchkeeper.rules.policy import account_of, matches
from watchkeeper.rules.s3 import same_key

REPOSITORY = "AWS::ECR::Repository"
CLUSTER = "AWS::ECS::Cluster"
TASK = "AWS::ECS::TaskDefinition"
EKS = "AWS::EKS::Cluster"
KEY = "AWS::KMS::Key"
SCANNING = "ecr.registry_scanning"


@rule("ECR_PRIVATE_IMAGE_SCANNING_ENABLED", types=(REPOSITORY,), severity=Severity.HIGH, category="Configuration",
      needs=(f"account:{SCANNING}",))  # fmt: skip
def image_scanning(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Images are scanned, on push or continuously, by the repository's setting or by a rule of the registry."""
    name = text(item.configuration, "RepositoryName")
    if flag(pick(item.configuration, "ImageScanningConfiguration"), "ScanOnPush", default=False):
        return COMPLIANT
    scanned = any(_scans(scanning, name) for scanning in lookup.account_fact(SCANNING))
    return verdict(scanned, "No image is scanned; turn on scanning, on push or continuous.")


def _scans(scanning: Any, repository: str) -> bool:
    """Whether a rule of the registry has the repository's images scanned without being asked. A filter without a
    wildcard matches names that contain it: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-filters.html"""
    if pick(scanning, "scanFrequency") == "MANUAL":
        return False
    filters = [text(entry, "filter") for entry in array(scanning, "repositoryFilters")]
    return any(matches(f if "*" in f else f"*{f}*", repository) for f in filters)


@rule("ECR_PRIVATE_TAG_IMMUTABILITY_ENABLED", types=(REPOSITORY,), severity=Severity.MEDIUM, category="Configuration")
def tag_immutability(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Image tags can't be overwritten."""
    value = text(item.configuration, "ImageTagMutability")
    return verdict(value.startswith("IMMUTABLE"), "Tags are mutable; set tag immutability.")


@rule("ECR_PRIVATE_LIFECYCLE_POLICY_CONFIGURED", types=(REPOSITORY,), severity=Severity.MEDIUM, category="Cost")
def lifecycle_policy(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The repository has a lifecycle policy."""
    need(item.configuration, "RepositoryName", "Arn")
    held = pick(item.configuration, "LifecyclePolicy")
    on = bool(pick(held, "LifecyclePolicyText")) if isinstance(held, dict) else bool(held)
    return verdict(on, "No lifecycle policy; add one that expires old images.")


@rule("ECR_REPOSITORY_CMK_ENCRYPTION_ENABLED", types=(REPOSITORY,), severity=Severity.MEDIUM, category="Encryption",
      needs=(f"items:{KEY}",))  # fmt: skip
def repository_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The repository is encrypted with a customer managed KMS key, one of kmsKeyArns where they are given."""
    need(item.configuration, "RepositoryName", "Arn")
    encryption = pick(item.configuration, "EncryptionConfiguration")
    key, allowed = pick(encryption, "KmsKey") or "", parameters.get("kmsKeyArns", ())
    managed = pick(encryption, "EncryptionType") in ("KMS", "KMS_DSSE") and key
    if not managed or _is_of_aws(str(key), item, lookup):
        return violation("Not encrypted with a customer managed key; recreate the repository with one.")
    fits = not allowed or any(same_key(key, arn) for arn in allowed)
    return verdict(fits, f"It is encrypted with {shown(key, 90)}; use one of {listed(allowed, 1)}.")


def _is_of_aws(key: str, item: ConfigurationItem, lookup: Lookup) -> bool:
    """Whether AWS manages the key: ECR gives the ARN of aws/ecr too. One of another account is always its owner's."""
    if key.endswith("alias/aws/ecr"):
        return True
    if account_of(key) not in ("", item.account_id):
        return False
    found = lookup.item(KEY, key.rsplit("/", 1)[-1])
    if found is None:
        raise Unavailable(f"key {shown(key, 90)} is not among the items; it may be AWS's own")
    return text(found.configuration, "keyManager") == "AWS"


@rule("ECS_CONTAINER_INSIGHTS_ENABLED", types=(CLUSTER,), severity=Severity.MEDIUM, category="Logging and monitoring")
def container_insights(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Container Insights is on."""
    need(item.configuration, "ClusterName", "Arn")
    settings = {str(pick(s, "Name")): pick(s, "Value") for s in array(item.configuration, "ClusterSettings")}
    on = settings.get("containerInsights") in ("enabled", "enhanced")
    return verdict(on, "Container Insights is off; set containerInsights to enabled.")


def _task_rule(identifier: str, *, severity: Severity, category: str) -> Callable[[RuleFunction], RuleFunction]:
    """Register a rule about task definitions. AWS evaluates the latest active revision of each only (a note on the
    pages); the others, which Config records too, are not applicable."""
    register = rule(identifier, types=(TASK,), severity=severity, category=category, indexes=(REVISIONS,))

    def of_the_latest(function: RuleFunction) -> RuleFunction:
        @functools.wraps(function)
        def judge(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
            family, revision = _revision(item)
            if revision < max(lookup.find(REVISIONS, family), default=0):
                return not_applicable("The task definition has a later revision.")
            return function(item, parameters, lookup)

        return register(judge)

    return of_the_latest


def _revision(item: ConfigurationItem) -> tuple[str, int]:
    arn = text(item.configuration, "TaskDefinitionArn", default=item.arn or item.resource_id)
    family, _, revision = arn.rpartition(":")
    if not revision.isdecimal():
        raise Unavailable("the item does not say which revision it is")
    return family, int(revision)


REVISIONS = Index(TASK, lambda item: (_revision(item),))
"""The revisions of each family of task definitions."""


def _containers(item: ConfigurationItem) -> list[Any]:
    found = needed_array(item.configuration, "ContainerDefinitions")
    if not found or not all(isinstance(container, dict) for container in found):
        raise Unavailable("the item does not say its containers")
    return found


def _named(containers: Iterator[Any]) -> list[str]:
    return [str(pick(container, "Name")) for container in containers]


@_task_rule("ECS_CONTAINERS_NONPRIVILEGED", severity=Severity.HIGH, category="Configuration")
def nonprivileged(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """No container runs privileged."""
    bad = _named(c for c in _containers(item) if flag(c, "Privileged", default=False))
    return verdict(not bad, f"Privileged containers: {listed(bad)}; set Privileged to false.")


@_task_rule("ECS_CONTAINERS_READONLY_ACCESS", severity=Severity.HIGH, category="Configuration")
def readonly_root(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Every container's root file system is read-only; Windows, which can't have that, is not applicable:
    https://docs.aws.amazon.com/securityhub/latest/userguide/ecs-controls.html#ecs-5."""
    family = text(pick(item.configuration, "RuntimePlatform"), "OperatingSystemFamily", default="LINUX")
    if family.upper().startswith("WINDOWS"):
        return not_applicable("Containers on Windows can't have a read-only root file system.")
    bad = _named(c for c in _containers(item) if not flag(c, "ReadonlyRootFilesystem", default=False))
    return verdict(not bad, f"Writable root file systems: {listed(bad)}; set ReadonlyRootFilesystem to true.")


@_task_rule("ECS_NO_ENVIRONMENT_SECRETS", severity=Severity.HIGH, category="Identity")
def no_environment_secrets(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """No container has one of secretKeys among its environment variables."""
    names = [str(pick(v, "Name")) for c in _containers(item) for v in array(c, "Environment")]
    found = [name for name in names if name in parameters["secretKeys"]]
    return verdict(not found, f"Secrets in the environment: {listed(found)}; use Secrets Manager or SSM parameters.")


@_task_rule("ECS_TASK_DEFINITION_LOG_CONFIGURATION", severity=Severity.HIGH, category="Logging and monitoring")
def log_configuration(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Every container has a log configuration."""
    bad = _named(c for c in _containers(item) if not pick(pick(c, "LogConfiguration"), "LogDriver"))
    return verdict(not bad, f"Containers without log configuration: {listed(bad)}; add one.")


@_task_rule("ECS_TASK_DEFINITION_MEMORY_HARD_LIMIT", severity=Severity.LOW, category="Configuration")
def memory_limit(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Every container has a hard memory limit."""
    bad = _named(c for c in _containers(item) if not pick(c, "Memory"))
    return verdict(not bad, f"Containers without memory limit: {listed(bad)}; set Memory.")


@_task_rule("ECS_TASK_DEFINITION_NONROOT_USER", severity=Severity.HIGH, category="Identity")
def nonroot_user(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Every container runs as a user that is given, and is not root (nor its id, 0)."""
    bad = _named(c for c in _containers(item) if str(pick(c, "User") or "root").split(":")[0] in ("root", "0"))
    return verdict(not bad, f"Containers that run as root: {listed(bad)}; set User.")


@_task_rule("ECS_TASK_DEFINITION_PID_MODE_CHECK", severity=Severity.HIGH, category="Configuration")
def pid_mode(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The task does not share the host's process namespace."""
    _containers(item)
    return verdict(pick(item.configuration, "PidMode") != "host", "PidMode is host; use task or leave it out.")


@_task_rule("ECS_TASK_DEFINITION_NETWORK_MODE_NOT_HOST", severity=Severity.MEDIUM, category="Network")
def network_mode(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The task does not use the host's network."""
    _containers(item)
    return verdict(pick(item.configuration, "NetworkMode") != "host", "NetworkMode is host; use awsvpc.")


@_task_rule("ECS_AWSVPC_NETWORKING_ENABLED", severity=Severity.MEDIUM, category="Network")
def awsvpc(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The task's network mode is awsvpc."""
    _containers(item)
    mode = pick(item.configuration, "NetworkMode")
    return verdict(mode == "awsvpc", f"NetworkMode is {shown(mode or 'bridge')}; use awsvpc.")


@rule("ECS_TASK_DEFINITION_EFS_ENCRYPTION_ENABLED", types=(TASK,), severity=Severity.MEDIUM, category="Encryption")
def efs_in_transit(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """What the task writes to EFS volumes is encrypted in transit."""
    _containers(item)
    volumes = [(v, pick(v, "EFSVolumeConfiguration")) for v in array(item.configuration, "Volumes")]
    bad = [pick(v, "Name") for v, efs in volumes if efs is not None and pick(efs, "TransitEncryption") != "ENABLED"]
    return verdict(not bad, f"EFS volumes without encryption in transit: {listed(bad)}; set TransitEncryption.")


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
