"""Amazon Connect Customer Profiles: object types.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import Severity
from watchkeeper.rules.base import FlagRule, register_flags

register_flags(
    (
        FlagRule(
            "CUSTOMERPROFILES_OBJECT_TYPE_ALLOW_PROFILE_CREATION",
            ("AWS::CustomerProfiles::ObjectType",),
            "AllowProfileCreation",
            True,
            Severity.LOW,
            "Configuration",
            "A standard profile is created where none exists.",
            "set AllowProfileCreation to true",
        ),
    )
)
