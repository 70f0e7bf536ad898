"""Amazon CloudWatch RUM: app monitors.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import Severity
from watchkeeper.rules.base import FlagRule, register_flags

register_flags(
    (
        FlagRule(
            "RUM_APP_MONITOR_CLOUDWATCH_LOGS_ENABLED",
            ("AWS::RUM::AppMonitor",),
            "CwLogEnabled",
            True,
            Severity.LOW,
            "Logging and monitoring",
            "The app monitor keeps its data in CloudWatch Logs.",
            "turn on CloudWatch Logs",
        ),
    )
)
