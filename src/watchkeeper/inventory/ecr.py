"""Amazon ECR: private repositories."""

from __future__ import annotations

from typing import Any

from watchkeeper.inventory.core import Context, Raw, Reader, listed, make_item, one_by_one, registry_spelling, tag_map
from watchkeeper.model import ConfigurationItem

REPOSITORY = "AWS::ECR::Repository"


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


READERS = (
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
)
