"""Amazon Cognito: user pools.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import Lookup, Parameters, need, one_of, pick, rule, shown, verdict, violation
from watchkeeper.rules.rows import ValueRule, reach, register_values

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


@rule(
    "COGNITO_USER_POOL_ADVANCED_SECURITY_ENABLED",
    types=("AWS::Cognito::UserPool",),
    severity=Severity.MEDIUM,
    category="Identity",
)
def advanced_security(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Advanced security is on, in the mode SecurityMode where it is given."""
    need(item.configuration, "UserPoolId")
    add_ons = reach(item, "UserPoolAddOns")
    if pick(add_ons, "AdvancedSecurityMode") is None:
        return violation("The user pool has no advanced security; turn it on.")
    mode, wanted = one_of(add_ons, "AdvancedSecurityMode", "AUDIT", "ENFORCED", "OFF"), parameters.get("SecurityMode")
    on = mode == wanted if wanted else mode != "OFF"
    return verdict(on, f"AdvancedSecurityMode is {shown(mode)}; set {wanted or 'ENFORCED'}.")
