"""Amazon SES: configuration sets.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import Severity
from watchkeeper.rules.rows import ValueRule, register_values

register_values(
    (
        ValueRule(
            "SES_SENDING_TLS_REQUIRED",
            "AWS::SES::ConfigurationSet",
            "DeliveryOptions.TlsPolicy",
            ("REQUIRE",),
            ("OPTIONAL",),
            Severity.MEDIUM,
            "Encryption",
            "Mail is sent over TLS only.",
            "set TlsPolicy to REQUIRE",
            identity="Name",
        ),
    )
)
