"""AWS Systems Manager: managed instances and documents.

Shapes: https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watchkeeper.inventory.core import Context, Raw, plain
from watchkeeper.inventory.described import Edge, Row, described


def _managed_instance(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
    kept = (
        *("AgentVersion", "ComputerName", "InstanceId", "PlatformName", "PlatformType", "PlatformVersion"),
        "ResourceType",
    )
    content = {key: raw[key] for key in kept if key in raw} | {"IpAddress": raw.get("IPAddress")}
    information = {"SchemaVersion": "1.0", "Content": {raw["InstanceId"]: content}}
    return {"AWS:InstanceInformation": information}


ROWS = (
    Row(
        *("AWS::SSM::ManagedInstanceInventory", "ssm", "describe_instance_information", "InstanceInformationList"),
        id="InstanceId",
        arn="ssm:managed-instance-inventory/{InstanceId}",
        shape=_managed_instance,
        edges=(Edge("Is associated with ", "AWS::EC2::Instance", "InstanceId"),),
    ),
    Row(
        *("AWS::SSM::Document", "ssm", "list_documents", "DocumentIdentifiers"),
        # Without the filter Amazon's own are listed too.
        arguments={"Filters": [{"Key": "Owner", "Values": ["Self"]}]},
        id="Name",
        arn="ssm:document/{Name}",
        name="Name",
        spelling=plain,
        created="CreatedDate",
    ),
)

READERS = tuple(described(row) for row in ROWS)
