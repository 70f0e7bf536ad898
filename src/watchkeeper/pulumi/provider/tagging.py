"""Tags: what each service calls the operations and their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watchkeeper.pulumi.provider.aws import Aws
from watchkeeper.pulumi.provider.values import Values, tag_changes, tag_list, tag_map


@dataclass(frozen=True, slots=True)
class Tagging:
    """One service's way: methods, the parameter that names the resource, and whether tags are a map or a list."""

    target: str = "ResourceArn"
    add: str = "tag_resource"
    remove: str = "untag_resource"
    read: str = "list_tags_for_resource"
    tags: str = "Tags"
    keys: str = "TagKeys"
    reply: str = "Tags"
    as_map: bool = False
    target_list: bool = False


TAGGING: Mapping[str, Tagging] = {
    "athena": Tagging(target="ResourceARN"),
    "cloudwatch": Tagging(target="ResourceARN"),
    "config": Tagging(),
    "dynamodb": Tagging(read="list_tags_of_resource"),
    "ec2": Tagging(target="Resources", add="create_tags", remove="delete_tags", target_list=True),
    "events": Tagging(target="ResourceARN"),
    "glue": Tagging(tags="TagsToAdd", keys="TagsToRemove", read="get_tags", as_map=True),
    "lambda": Tagging(target="Resource", read="list_tags", as_map=True),
    "logs": Tagging(target="resourceArn", tags="tags", keys="tagKeys", reply="tags", as_map=True),
    "rds": Tagging(
        target="ResourceName", add="add_tags_to_resource", remove="remove_tags_from_resource", reply="TagList"
    ),
    "scheduler": Tagging(),
    "secretsmanager": Tagging(target="SecretId"),
    "sns": Tagging(),
    "sqs": Tagging(target="QueueUrl", add="tag_queue", remove="untag_queue", read="list_queue_tags", as_map=True),
}


def change_tags(aws: Aws, service: str, target: str, old: Values, new: Values) -> None:
    """Bring a resource's tags from the old inputs' to the new inputs'."""
    how = TAGGING[service]
    added, removed = tag_changes(old.get("tags"), new.get("tags"))
    key: Values = {how.target: [target] if how.target_list else target}
    if removed and service == "ec2":
        aws.call(service, how.remove, **key, Tags=[{"Key": name} for name in removed])
    elif removed:
        aws.call(service, how.remove, **{**key, how.keys: removed})
    if added:
        aws.call(service, how.add, **{**key, how.tags: added if how.as_map else tag_list(added)})


def read_tags(aws: Aws, service: str, target: str) -> dict[str, str]:
    """A resource's tags, AWS's own left out."""
    how = TAGGING[service]
    found: Any = (aws.find(service, how.read, **{how.target: target}) or {}).get(how.reply)
    if isinstance(found, Mapping):
        return {name: text for name, text in found.items() if not name.startswith("aws:")}
    return tag_map(found)
