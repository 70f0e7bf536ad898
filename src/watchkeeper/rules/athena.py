"""Amazon Athena: workgroups.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import Severity
from watchkeeper.rules.base import FlagRule, register_flags

register_flags(
    (
        FlagRule(
            "ATHENA_WORKGROUP_LOGGING_ENABLED",
            ("AWS::Athena::WorkGroup",),
            "WorkGroupConfiguration.PublishCloudWatchMetricsEnabled",
            True,
            Severity.MEDIUM,
            "Logging and monitoring",
            "The workgroup publishes query metrics to CloudWatch.",
            "publish query metrics to CloudWatch",
        ),
    )
)
