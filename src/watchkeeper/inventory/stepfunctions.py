"""AWS Step Functions: state machines.

Shapes: https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watchkeeper.inventory.core import Context, Raw, registry_spelling
from watchkeeper.inventory.described import Ask, Row, described


def _state_machine(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
    return {
        "Arn": raw["stateMachineArn"],
        "Name": raw["name"],
        "RoleArn": raw.get("roleArn"),
        "StateMachineType": raw.get("type"),
        "DefinitionString": raw.get("definition"),
        "LoggingConfiguration": registry_spelling(raw.get("loggingConfiguration") or {}),
        "TracingConfiguration": registry_spelling(raw.get("tracingConfiguration") or {}),
    }


ROWS = (
    Row(
        *("AWS::StepFunctions::StateMachine", "stepfunctions", "list_state_machines", "stateMachines"),
        id="stateMachineArn",
        arn="stateMachineArn",
        name="name",
        detail=Ask(
            "describe_state_machine", "stateMachineArn", "stateMachineArn", absent=("StateMachineDoesNotExist",)
        ),
        shape=_state_machine,
        tags=Ask("list_tags_for_resource", "resourceArn", result="tags", absent=("ResourceNotFound",)),
        left_out=lambda _ctx, raw: raw.get("status") == "DELETING",
        created="creationDate",
        zone="Regional",
    ),
)

READERS = tuple(described(row) for row in ROWS)
