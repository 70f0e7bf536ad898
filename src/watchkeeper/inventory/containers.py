"""ECS task definitions, EKS clusters, AWS Batch: types that Config takes from CloudFormation's registry.

Their APIs spell the same properties with a lower first letter. Shapes:
https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.inventory.core import Context, Raw, Reader, any_tags, make_item, registry_spelling
from watchkeeper.inventory.described import Ask, Edge, Row, described
from watchkeeper.model import ConfigurationItem

TASK = "AWS::ECS::TaskDefinition"
_OWN_NAMES = ("DockerLabels", "Options", "DriverOpts", "Labels", "Tags", "FairsharePolicy")
"""Maps by names of the user's own."""

_registry = functools.partial(registry_spelling, keep=_OWN_NAMES)


def _latest_tasks(ctx: Context) -> Iterator[str]:
    """The ARN of each family's latest active revision: the one that AWS's rules evaluate
    (https://docs.aws.amazon.com/config/latest/developerguide/ecs-containers-nonprivileged.html)."""
    latest: dict[str, int] = {}
    for arn in ctx.pages("ecs", "list_task_definitions", "taskDefinitionArns", status="ACTIVE"):
        family, _, revision = arn.rpartition(":")
        latest[family] = max(latest.get(family, 0), int(revision))
    return (f"{family}:{revision}" for family, revision in latest.items())


def _task(ctx: Context, arn: str) -> ConfigurationItem | None:
    # ECS answers ClientException for what it doesn't know.
    answer = ctx.ask(
        "ecs", "describe_task_definition", taskDefinition=arn, include=["TAGS"], absent=("ClientException",)
    )
    raw = answer.get("taskDefinition")
    if not raw or raw.get("status") != "ACTIVE":
        return None
    tags = any_tags(answer.get("tags"))
    counted = ("revision", "requiresAttributes", "compatibilities", "registeredAt", "registeredBy", "deregisteredAt")
    return make_item(
        ctx,
        TASK,
        raw["taskDefinitionArn"],
        name=f"{raw['family']}:{raw['revision']}",
        arn=raw["taskDefinitionArn"],
        configuration=_registry({key: value for key, value in raw.items() if key not in counted})
        | {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]},
        tags=tags,
        created=raw.get("registeredAt"),
        zone="Regional",
    )


def _eks_cluster(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
    """The properties of CloudFormation: enabled log types in a list, and no state."""
    kept = (
        *("name", "arn", "version", "roleArn", "endpoint", "resourcesVpcConfig", "kubernetesNetworkConfig"),
        *("encryptionConfig", "accessConfig", "upgradePolicy", "zonalShiftConfig", "deletionProtection", "tags"),
    )
    logging = (raw.get("logging") or {}).get("clusterLogging") or ()
    enabled = [{"Type": kind} for entry in logging if entry.get("enabled") for kind in entry.get("types", ())]
    spelled: dict[str, Any] = _registry({key: raw[key] for key in kept if raw.get(key) is not None})
    return spelled | {"Logging": {"ClusterLogging": {"EnabledTypes": enabled}}}


ROWS = (
    Row(
        *("AWS::EKS::Cluster", "eks", "list_clusters", "clusters"),
        id="name",
        arn="arn",
        name="name",
        detail=Ask("describe_cluster", "name", result="cluster", absent=("ResourceNotFoundException",)),
        shape=_eks_cluster,
        tags="tags",
        edges=(
            Edge("Is contained in ", "AWS::EC2::Subnet", "resourcesVpcConfig.subnetIds"),
            Edge("Is associated with ", "AWS::EC2::SecurityGroup", "resourcesVpcConfig.securityGroupIds"),
            Edge("Is contained in ", "AWS::EC2::VPC", "resourcesVpcConfig.vpcId"),
        ),
        created="createdAt",
        zone="Regional",
    ),
    Row(
        *("AWS::Batch::ComputeEnvironment", "batch", "describe_compute_environments", "computeEnvironments"),
        id="computeEnvironmentArn",
        arn="computeEnvironmentArn",
        name="computeEnvironmentName",
        narrow=Ask("describe_compute_environments", "computeEnvironments", result="computeEnvironments", many=True),
        spelling=_registry,
        tags="tags",
        without=("status", "statusReason", "ecsClusterArn", "uuid"),
        left_out=lambda _ctx, raw: raw.get("status") == "DELETED",
    ),
    Row(
        *("AWS::Batch::JobQueue", "batch", "describe_job_queues", "jobQueues"),
        id="jobQueueArn",
        arn="jobQueueArn",
        name="jobQueueName",
        narrow=Ask("describe_job_queues", "jobQueues", result="jobQueues", many=True),
        spelling=_registry,
        tags="tags",
        without=("status", "statusReason"),
        left_out=lambda _ctx, raw: raw.get("status") == "DELETED",
    ),
    Row(
        *("AWS::Batch::SchedulingPolicy", "batch", "list_scheduling_policies", "schedulingPolicies"),
        id="arn",
        arn="arn",
        name="name",
        detail=Ask("describe_scheduling_policies", "arns", "arn", result="schedulingPolicies", many=True),
        spelling=_registry,
        tags="tags",
    ),
)

READERS = (
    Reader(TASK, "ecs", all=_latest_tasks, some=lambda _ctx, keys: iter(keys), item=_task, calls=True),
    *(described(row) for row in ROWS),
)
