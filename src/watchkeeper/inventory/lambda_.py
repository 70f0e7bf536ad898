"""AWS Lambda: functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from watchkeeper.inventory.core import Context, Raw, Reader, config_spelling, edges, edges_by_name, listed, make_item
from watchkeeper.model import ConfigurationItem

FUNCTION = "AWS::Lambda::Function"
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
)
