"""Amazon DynamoDB: tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from watchkeeper.inventory.core import Context, Reader, config_spelling, make_item, tag_map
from watchkeeper.model import ConfigurationItem

TABLE = "AWS::DynamoDB::Table"


def _table_names(ctx: Context) -> Iterator[str]:
    return ctx.pages("dynamodb", "list_tables", "TableNames")


def _table(ctx: Context, name: str) -> ConfigurationItem | None:
    gone = ("ResourceNotFoundException", "TableNotFoundException")
    found: Any = ctx.ask("dynamodb", "describe_table", TableName=name, absent=gone).get("Table")
    if not found:
        return None
    supplementary: dict[str, Any] = {}
    if ctx.wants(TABLE, "ContinuousBackupsDescription"):
        backups = ctx.ask("dynamodb", "describe_continuous_backups", TableName=name, absent=gone)
        supplementary["ContinuousBackupsDescription"] = config_spelling(backups.get("ContinuousBackupsDescription"))
    tags: list[Any] = []
    if ctx.wants(TABLE, "tags"):
        answer = ctx.ask("dynamodb", "list_tags_of_resource", ResourceArn=found["TableArn"], absent=gone)
        tags = answer.get("Tags") or []
        supplementary["Tags"] = config_spelling(tags)
    # Counters move without the configuration changing.
    counters = ("ItemCount", "TableSizeBytes")
    return make_item(
        ctx,
        TABLE,
        name,
        name=name,
        arn=found["TableArn"],
        configuration=config_spelling({key: value for key, value in found.items() if key not in counters}),
        supplementary=supplementary,
        tags=tag_map(tags),
        created=found.get("CreationDateTime"),
    )


READERS = (
    Reader(
        TABLE,
        "dynamodb",
        all=_table_names,
        some=lambda _ctx, keys: iter(keys),
        item=_table,
        aspects=frozenset({"ContinuousBackupsDescription", "tags"}),
        calls=True,
    ),
)
