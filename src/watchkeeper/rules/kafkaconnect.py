"""Amazon MSK Connect: connectors.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import Lookup, Parameters, any_fits, flag, need, rule, verdict
from watchkeeper.rules.rows import reach


@rule(
    "MSK_CONNECT_CONNECTOR_LOGGING_ENABLED",
    types=("AWS::KafkaConnect::Connector",),
    severity=Severity.MEDIUM,
    category="Logging and monitoring",
)
def connector_logging(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The connector's workers log to CloudWatch Logs, Firehose or S3; a connector may have no destination at all."""
    need(item.configuration, "ConnectorArn")
    found = [reach(item, f"LogDelivery.WorkerLogDelivery.{name}") for name in ("CloudWatchLogs", "Firehose", "S3")]
    logs = any_fits((held for held in found if held is not None), lambda held: flag(held, "Enabled"))
    return verdict(logs, "The connector has no log destination; recreate it with one.")
