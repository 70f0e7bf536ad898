"""AWS CodeBuild: projects.

Shapes: https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from watchkeeper.inventory.core import Context, Raw, Reader, any_tags, config_spelling, edges_by_name, make_item
from watchkeeper.model import ConfigurationItem

PROJECT = "AWS::CodeBuild::Project"
_PROJECTS_AT_ONCE = 100
"""``names`` of BatchGetProjects (https://docs.aws.amazon.com/codebuild/latest/APIReference/API_BatchGetProjects.html)."""


def _projects(ctx: Context) -> Iterator[Raw]:
    return _described_projects(ctx, list(ctx.pages("codebuild", "list_projects", "projects")))


def _described_projects(ctx: Context, names: Sequence[str]) -> Iterator[Raw]:
    for start in range(0, len(names), _PROJECTS_AT_ONCE):
        chunk = list(names[start : start + _PROJECTS_AT_ONCE])
        yield from ctx.ask("codebuild", "batch_get_projects", names=chunk).get("projects") or ()


def _project(ctx: Context, raw: Raw) -> ConfigurationItem:
    spelled: dict[str, Any] = config_spelling(
        {key: value for key, value in raw.items() if key not in ("arn", "created", "lastModified", "badge")}
    )
    # Config holds these two in lists and spells the queue's timeout its own way.
    for key in ("source", "artifacts"):
        if key in spelled:
            spelled[key] = [spelled[key]]
    spelled["queuedtimeoutInMinutes"] = spelled.pop("queuedTimeoutInMinutes", None)
    return make_item(
        ctx,
        PROJECT,
        raw["arn"],
        name=raw["name"],
        arn=raw["arn"],
        configuration=spelled,
        relationships=edges_by_name(
            "Is associated with ", "AWS::IAM::Role", [str(raw.get("serviceRole") or "").rpartition("/")[2]]
        ),
        tags=any_tags(raw.get("tags")),
        created=raw.get("created"),
    )


READERS = (
    Reader(
        PROJECT,
        "codebuild",
        all=_projects,
        some=_described_projects,
        item=_project,
        key=lambda item: item.resource_name or item.resource_id,
    ),
)
