"""Lambda functions, ECS clusters, ECR repositories, CloudFormation stacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from watchkeeper.inventory.core import (
    Context,
    Raw,
    Reader,
    config_spelling,
    edges,
    edges_by_name,
    listed,
    make_item,
    one_by_one,
    registry_spelling,
    tag_map,
)
from watchkeeper.model import ConfigurationItem

FUNCTION, CLUSTER, REPOSITORY = "AWS::Lambda::Function", "AWS::ECS::Cluster", "AWS::ECR::Repository"
STACK = "AWS::CloudFormation::Stack"
_GONE = ("ResourceNotFoundException",)


def _some_functions(ctx: Context, keys: Sequence[str]) -> Iterator[Raw]:
    for key in keys:
        found = ctx.ask("lambda", "get_function_configuration", FunctionName=key, absent=_GONE)
        if found:
            yield {name: value for name, value in found.items() if name != "ResponseMetadata"}


def _function(ctx: Context, raw: Raw) -> ConfigurationItem:
    name, arn = raw["FunctionName"], raw["FunctionArn"]
    supplementary: dict[str, Any] = {}
    tags: dict[str, str] = {}
    if ctx.wants(FUNCTION, "Policy"):
        policy = ctx.ask("lambda", "get_policy", FunctionName=name, absent=_GONE).get("Policy")
        if policy:
            supplementary["Policy"] = policy
    if ctx.wants(FUNCTION, "Concurrency"):
        reserved = ctx.ask("lambda", "get_function_concurrency", FunctionName=name, absent=_GONE)
        if "ReservedConcurrentExecutions" in reserved:
            executions = reserved["ReservedConcurrentExecutions"]
            supplementary["Concurrency"] = {"reservedConcurrentExecutions": executions}
    if ctx.wants(FUNCTION, "tags"):
        tags = ctx.ask("lambda", "list_tags", Resource=arn, absent=_GONE).get("Tags") or {}
        supplementary["Tags"] = tags
    vpc = raw.get("VpcConfig") or {}
    return make_item(
        ctx,
        FUNCTION,
        name,
        name=name,
        arn=arn,
        configuration=config_spelling(raw, keep=("variables",)),
        supplementary=supplementary,
        relationships=(
            *edges_by_name("Is associated with ", "AWS::IAM::Role", [str(raw.get("Role") or "").rpartition("/")[2]]),
            *edges("Is associated with ", "AWS::EC2::SecurityGroup", vpc.get("SecurityGroupIds", ())),
            *edges("Is contained in ", "AWS::EC2::Subnet", vpc.get("SubnetIds", ())),
        ),
        tags=tags,
    )


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


def _repository(ctx: Context, raw: Raw) -> ConfigurationItem:
    name, arn = raw["repositoryName"], raw["repositoryArn"]
    shape: dict[str, Any] = {
        "RepositoryName": name,
        "Arn": arn,
        "RepositoryUri": raw.get("repositoryUri"),
        "ImageTagMutability": raw.get("imageTagMutability"),
        "ImageScanningConfiguration": registry_spelling(raw.get("imageScanningConfiguration") or {}),
        "EncryptionConfiguration": registry_spelling(raw.get("encryptionConfiguration") or {}),
    }
    gone = ("LifecyclePolicyNotFoundException", "RepositoryNotFoundException")
    lifecycle = ctx.ask("ecr", "get_lifecycle_policy", repositoryName=name, absent=gone)
    if lifecycle:
        shape["LifecyclePolicy"] = {"LifecyclePolicyText": lifecycle.get("lifecyclePolicyText")}
    gone = ("RepositoryPolicyNotFoundException", "RepositoryNotFoundException")
    policy = ctx.ask("ecr", "get_repository_policy", repositoryName=name, absent=gone)
    if policy:
        shape["RepositoryPolicyText"] = policy.get("policyText")
    tags: list[Any] = []
    if ctx.wants(REPOSITORY, "tags"):
        tags = ctx.ask("ecr", "list_tags_for_resource", resourceArn=arn, absent=("RepositoryNotFoundException",)).get(
            "tags", []
        )
    return make_item(
        ctx,
        REPOSITORY,
        name,
        name=name,
        arn=arn,
        configuration=shape,
        tags=tag_map(tags),
        created=raw.get("createdAt"),
    )


def _stack(ctx: Context, raw: Raw) -> ConfigurationItem | None:
    if raw.get("StackStatus") == "DELETE_COMPLETE":
        return None
    arn = raw["StackId"]
    return make_item(
        ctx,
        STACK,
        arn,
        name=raw["StackName"],
        arn=arn,
        configuration=config_spelling(raw),
        tags=tag_map(raw.get("Tags")),
        created=raw.get("CreationTime"),
    )


READERS = (
    Reader(
        FUNCTION,
        "lambda",
        all=listed("lambda", "list_functions", "Functions"),
        some=_some_functions,
        item=_function,
        aspects=frozenset({"Policy", "Concurrency", "tags"}),
        calls=True,
    ),
    Reader(
        CLUSTER,
        "ecs",
        all=_clusters,
        some=_described_clusters,
        item=_cluster,
        key=lambda item: item.resource_name or item.resource_id,
    ),
    Reader(
        REPOSITORY,
        "ecr",
        all=listed("ecr", "describe_repositories", "repositories"),
        some=one_by_one(
            "ecr",
            "describe_repositories",
            "repositories",
            "repositoryNames",
            ("RepositoryNotFoundException",),
            many=True,
        ),
        item=_repository,
        aspects=frozenset({"tags"}),
        calls=True,
    ),
    Reader(
        STACK,
        "cloudformation",
        all=listed("cloudformation", "describe_stacks", "Stacks"),
        some=one_by_one("cloudformation", "describe_stacks", "Stacks", "StackName", ("ValidationError",)),
        item=_stack,
    ),
)
