"""AWS CloudFormation: stacks."""

from __future__ import annotations

from watchkeeper.inventory.core import Context, Raw, Reader, config_spelling, listed, make_item, one_by_one, tag_map
from watchkeeper.model import ConfigurationItem

STACK = "AWS::CloudFormation::Stack"


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
        STACK,
        "cloudformation",
        all=listed("cloudformation", "describe_stacks", "Stacks"),
        some=one_by_one("cloudformation", "describe_stacks", "Stacks", "StackName", ("ValidationError",)),
        item=_stack,
    ),
)
