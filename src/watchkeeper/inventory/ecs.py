"""Amazon ECS: clusters and task definitions.

Task definitions are a type that Config takes from CloudFormation's registry: the API spells the same properties with a
lower first letter. Shapes: https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

from watchkeeper.inventory.core import Context, Raw, Reader, any_tags, make_item, registry_spelling, tag_map
from watchkeeper.model import ConfigurationItem

CLUSTER = "AWS::ECS::Cluster"


def _clusters(ctx: Context) -> Iterator[Raw]:
    return _described_clusters(ctx, list(ctx.pages("ecs", "list_clusters", "clusterArns")))


def _described_clusters(ctx: Context, names: Sequence[str]) -> Iterator[Raw]:
    for start in range(0, len(names), 100):
        answer = ctx.ask(
            "ecs",
            "describe_clusters",
            clusters=list(names[start : start + 100]),
            include=["SETTINGS", "CONFIGURATIONS", "TAGS"],
        )
        yield from (raw for raw in answer.get("clusters", ()) if raw.get("status") != "INACTIVE")


def _cluster(ctx: Context, raw: Raw) -> ConfigurationItem:
    name, tags = raw["clusterName"], raw.get("tags") or []
    return make_item(
        ctx,
        CLUSTER,
        raw["clusterArn"],
        name=name,
        arn=raw["clusterArn"],
        # The CloudFormation shape, as Config records types of its registry.
        configuration={
            "Arn": raw["clusterArn"],
            "ClusterName": name,
            "ClusterSettings": [{"Name": s.get("name"), "Value": s.get("value")} for s in raw.get("settings") or ()],
            "CapacityProviders": list(raw.get("capacityProviders") or ()),
            "Configuration": registry_spelling(raw.get("configuration") or {}),
            "Tags": [{"Key": tag.get("key"), "Value": tag.get("value")} for tag in tags],
        },
        tags=tag_map(tags, "key", "value"),
    )


TASK = "AWS::ECS::TaskDefinition"
_OWN_NAMES = ("DockerLabels", "Options", "DriverOpts", "Labels", "Tags", "FairsharePolicy")
"""Maps by names of the user's own."""
registry = functools.partial(registry_spelling, keep=_OWN_NAMES)


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
        configuration=registry({key: value for key, value in raw.items() if key not in counted})
        | {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]},
        tags=tags,
        created=raw.get("registeredAt"),
        zone="Regional",
    )


READERS = (
    Reader(
        CLUSTER,
        "ecs",
        all=_clusters,
        some=_described_clusters,
        item=_cluster,
        key=lambda item: item.resource_name or item.resource_id,
    ),
    Reader(TASK, "ecs", all=_latest_tasks, some=lambda _ctx, keys: iter(keys), item=_task, calls=True),
)
