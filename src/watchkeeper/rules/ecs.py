"""Amazon ECS: clusters and task definitions.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from watchkeeper.model import ConfigurationItem, Severity, Unavailable, Verdict
from watchkeeper.rules.base import (
    Index,
    Lookup,
    Parameters,
    RuleFunction,
    array,
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
)
from watchkeeper.rules.rows import ValueRule, register_values

CLUSTER = "AWS::ECS::Cluster"
TASK = "AWS::ECS::TaskDefinition"


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
            if not _is_active(item):
                return not_applicable("The revision of the task definition is not active.")
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


def _is_active(item: ConfigurationItem) -> bool:
    """Whether it can be run. What does not say its status is taken to be active: CloudFormation's schema has none."""
    return text(item.configuration, "Status", default="ACTIVE") == "ACTIVE"


REVISIONS = Index(TASK, lambda item: (_revision(item),) if _is_active(item) else (), aspects=())
"""The active revisions of each family of task definitions."""


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


register_values(
    (
        ValueRule(
            "ECS_SERVICE_PROPAGATE_TAGS_ENABLED",
            "AWS::ECS::Service",
            "PropagateTags",
            ("SERVICE", "TASK_DEFINITION"),
            ("NONE",),
            Severity.LOW,
            "Tags",
            "The service propagates tags to its tasks.",
            "set PropagateTags to SERVICE or TASK_DEFINITION",
            identity="Cluster",
        ),
    )
)
