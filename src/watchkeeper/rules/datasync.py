"""AWS DataSync: locations and tasks.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import Severity
from watchkeeper.rules.rows import ValueRule, register_values

register_values(
    (
        ValueRule(
            "DATASYNC_LOCATION_OBJECT_STORAGE_USING_HTTPS",
            "AWS::DataSync::LocationObjectStorage",
            "ServerProtocol",
            ("HTTPS",),
            ("HTTP",),
            Severity.MEDIUM,
            "Encryption",
            "The object storage server is reached over HTTPS.",
            "set ServerProtocol to HTTPS",
        ),
        ValueRule(
            "DATASYNC_TASK_DATA_VERIFICATION_ENABLED",
            "AWS::DataSync::Task",
            "Options.VerifyMode",
            ("POINT_IN_TIME_CONSISTENT", "ONLY_FILES_TRANSFERRED"),
            ("NONE",),
            Severity.LOW,
            "Configuration",
            "The task verifies the data that it transferred.",
            "set VerifyMode to ONLY_FILES_TRANSFERRED",
        ),
    )
)
