"""Amazon Connect: instances.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import Severity
from watchkeeper.rules.base import FlagRule, register_flags

register_flags(
    (
        FlagRule(
            "CONNECT_INSTANCE_LOGGING_ENABLED",
            ("AWS::Connect::Instance",),
            "Attributes.ContactflowLogs",
            True,
            Severity.MEDIUM,
            "Logging and monitoring",
            "Flow logs are on.",
            "turn on flow logs",
        ),
    )
)
