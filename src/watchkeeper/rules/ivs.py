"""Amazon Interactive Video Service: channels.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import Severity
from watchkeeper.rules.base import FlagRule, register_flags

register_flags(
    (
        FlagRule(
            "IVS_CHANNEL_PLAYBACK_AUTHORIZATION_ENABLED",
            ("AWS::IVS::Channel",),
            "Authorized",
            True,
            Severity.MEDIUM,
            "Identity",
            "Playback is authorized.",
            "turn on playback authorization",
        ),
    )
)
