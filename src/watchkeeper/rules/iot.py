"""AWS IoT Core: authorizers and provisioning templates.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import Severity
from watchkeeper.rules.base import FlagRule, register_flags
from watchkeeper.rules.rows import ValueRule, register_values

register_flags(
    (
        FlagRule(
            "IOT_AUTHORIZER_TOKEN_SIGNING_ENABLED",
            ("AWS::IoT::Authorizer",),
            "SigningDisabled",
            False,
            Severity.MEDIUM,
            "Identity",
            "The authorizer validates the token's signature.",
            "turn on token signing",
        ),
    )
)

register_values(
    (
        ValueRule(
            "IOT_PROVISIONING_TEMPLATE_JITP",
            "AWS::IoT::ProvisioningTemplate",
            "TemplateType",
            ("JITP",),
            ("FLEET_PROVISIONING",),
            Severity.LOW,
            "Configuration",
            "The template is for just-in-time provisioning.",
            "use the type JITP",
        ),
    )
)
