"""AWS AppSync: GraphQL APIs.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import Severity
from watchkeeper.rules.base import FlagRule, register_flags

register_flags(
    (
        FlagRule(
            "APPSYNC_GRAPHQL_API_XRAY_ENABLED",
            ("AWS::AppSync::GraphQLApi",),
            "XrayEnabled",
            True,
            Severity.LOW,
            "Logging and monitoring",
            "X-Ray tracing is on.",
            "turn on X-Ray tracing",
        ),
    )
)
