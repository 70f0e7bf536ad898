"""Amazon API Gateway: HTTP and WebSocket APIs and their stages.

Stages are listed in each API; Config knows them by an ARN without account. Shapes:
https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

from watchkeeper.inventory.apigateway import spelled
from watchkeeper.inventory.described import Edge, Row, Within, described

ROWS = (
    Row(
        *("AWS::ApiGatewayV2::Stage", "apigatewayv2", "get_stages", "Items"),
        within=Within("get_apis", "Items", "ApiId", "ApiId"),
        id="",
        arn="apigateway:/apis/{ApiId}/stages/{StageName}",
        name="StageName",
        spelling=spelled,
        without=("ApiId",),
        edges=(Edge("Is contained in ", "AWS::ApiGatewayV2::Api", "ApiId"),),
        created="CreatedDate",
    ),
)

READERS = tuple(described(row) for row in ROWS)
