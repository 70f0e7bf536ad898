"""Amazon Cognito: user pools.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import Severity
from watchkeeper.rules.rows import ValueRule, register_values

register_values(
    (
        ValueRule(
            "COGNITO_USER_POOL_DELETION_PROTECTION_ENABLED",
            "AWS::Cognito::UserPool",
            "DeletionProtection",
            ("ACTIVE",),
            ("INACTIVE",),
            Severity.MEDIUM,
            "Backup and recovery",
            "The user pool is protected against deletion.",
            "turn on deletion protection",
        ),
        ValueRule(
            "COGNITO_USERPOOL_CUST_AUTH_THREAT_FULL_CHECK",
            "AWS::Cognito::UserPool",
            "UserPoolAddOns.AdvancedSecurityAdditionalFlows.CustomAuthMode",
            ("ENFORCED",),
            ("AUDIT",),
            Severity.MEDIUM,
            "Identity",
            "Threat protection of custom authentication is enforced in full.",
            "set CustomAuthMode to ENFORCED",
            identity="UserPoolId",
        ),
    )
)
