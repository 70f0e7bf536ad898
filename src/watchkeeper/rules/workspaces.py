"""Amazon WorkSpaces.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import Severity
from watchkeeper.rules.base import FlagRule, register_flags

register_flags(
    (
        FlagRule(
            "WORKSPACES_ROOT_VOLUME_ENCRYPTION_ENABLED",
            ("AWS::WorkSpaces::Workspace",),
            "RootVolumeEncryptionEnabled",
            True,
            Severity.MEDIUM,
            "Encryption",
            "The root volume is encrypted.",
            "recreate it with an encrypted root volume",
        ),
        FlagRule(
            "WORKSPACES_USER_VOLUME_ENCRYPTION_ENABLED",
            ("AWS::WorkSpaces::Workspace",),
            "UserVolumeEncryptionEnabled",
            True,
            Severity.MEDIUM,
            "Encryption",
            "The user volume is encrypted.",
            "recreate it with an encrypted user volume",
        ),
    )
)
