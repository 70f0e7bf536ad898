"""Amazon API Gateway: REST APIs and their stages.

Stages are listed in each API; Config knows them by an ARN without account. Shapes:
https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

import functools

from watchkeeper.inventory.core import config_spelling
from watchkeeper.inventory.described import Ask, Row, Within, described

spelled = functools.partial(
    config_spelling,
    keep=("methodSettings", "variables", "stageVariables", "routeSettings", "stageVariableOverrides", "tags"),
)

ROWS = (
    Row(
        *("AWS::ApiGateway::RestApi", "apigateway", "get_rest_apis", "items"),
        id="",
        arn="apigateway:/restapis/{id}",
        name="name",
        spelling=spelled,
        tags="tags",
        created="createdDate",
    ),
    Row(
        *("AWS::ApiGateway::Stage", "apigateway", "get_stages", "item"),
        within=Within("get_rest_apis", "items", "id", "restApiId"),
        id="",
        arn="apigateway:/restapis/{restApiId}/stages/{stageName}",
        name="stageName",
        spelling=spelled,
        without=("restApiId",),
        parts={
            "Resources": Ask(
                *("get_resources", "restApiId", "restApiId"),
                result="items",
                extra={"embed": ["methods"]},
                absent=("NotFoundException",),
            )
        },
        tags="tags",
        created="createdDate",
    ),
)

READERS = tuple(described(row) for row in ROWS)
