"""Amazon Cognito: identity pools.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import Severity
from watchkeeper.rules.base import FlagRule, register_flags

register_flags(
    (
        FlagRule(
            "COGNITO_IDENTITY_POOL_UNAUTHENTICATED_LOGINS",
            ("AWS::Cognito::IdentityPool",),
            "AllowUnauthenticatedIdentities",
            False,
            Severity.MEDIUM,
            "Identity",
            "The identity pool has no unauthenticated logins.",
            "turn off guest access",
        ),
        FlagRule(
            "COGNITO_IDENTITY_POOL_UNAUTH_ACCESS_CHECK",
            ("AWS::Cognito::IdentityPool",),
            "AllowUnauthenticatedIdentities",
            False,
            Severity.MEDIUM,
            "Identity",
            "The identity pool does not allow unauthenticated identities.",
            "turn off guest access",
        ),
    )
)
