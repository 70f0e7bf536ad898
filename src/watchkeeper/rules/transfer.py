"""AWS Transfer Family: connectors.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import Severity
from watchkeeper.rules.rows import SetRule, register_set

register_set(
    (
        SetRule(
            "TRANSFER_CONNECTOR_LOGGING_ENABLED",
            "AWS::Transfer::Connector",
            "LoggingRole",
            "ConnectorId",
            Severity.MEDIUM,
            "Logging and monitoring",
            "The connector has a logging role.",
            "set LoggingRole",
        ),
    )
)
