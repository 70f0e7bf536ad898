"""AWS App Runner.

Shapes: https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

from watchkeeper.inventory.core import plain
from watchkeeper.inventory.described import Ask, Row, described


def _app_runner(kind: str, operation: str, result: str, *held: str) -> Row:
    arn = f"{kind}Arn"
    return Row(
        *(f"AWS::AppRunner::{kind}", "apprunner", operation, result),
        id=arn,
        arn=arn,
        name=f"{kind}Name",
        shape=lambda _ctx, raw: {key: plain(raw[key]) for key in (arn, f"{kind}Name", *held) if key in raw},
        # CloudFormation writes their tags and doesn't read them: Cloud Control can't tell.
        tags=Ask("list_tags_for_resource", "ResourceArn", result="Tags", absent=("ResourceNotFoundException",)),
        left_out=lambda _ctx, raw: raw.get("Status") in ("DELETED", "INACTIVE"),
    )


ROWS = (
    _app_runner("Service", "list_services", "ServiceSummaryList", "ServiceId", "ServiceUrl", "Status"),
    _app_runner(
        *("VpcConnector", "list_vpc_connectors", "VpcConnectors"),
        *("VpcConnectorRevision", "Subnets", "SecurityGroups"),
    ),
)

READERS = tuple(described(row) for row in ROWS)
