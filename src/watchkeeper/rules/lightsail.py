"""Amazon Lightsail: buckets.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import Severity
from watchkeeper.rules.base import FlagRule, register_flags

register_flags(
    (
        FlagRule(
            "LIGHTSAIL_BUCKET_ALLOW_PUBLIC_OVERRIDES_DISABLED",
            ("AWS::Lightsail::Bucket",),
            "AccessRules.AllowPublicOverrides",
            False,
            Severity.MEDIUM,
            "Public access",
            "Single objects cannot be made public.",
            "turn off AllowPublicOverrides",
        ),
        FlagRule(
            "LIGHTSAIL_BUCKET_OBJECT_VERSIONING_ENABLED",
            ("AWS::Lightsail::Bucket",),
            "ObjectVersioning",
            True,
            Severity.LOW,
            "Backup and recovery",
            "Object versioning is on.",
            "turn on object versioning",
        ),
    )
)
