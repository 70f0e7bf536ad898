"""AWS Glue: machine learning transforms.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import Severity
from watchkeeper.rules.rows import ValueRule, register_values

register_values(
    (
        ValueRule(
            "GLUE_ML_TRANSFORM_ENCRYPTED_AT_REST",
            "AWS::Glue::MLTransform",
            "TransformEncryption.MLUserDataEncryption.MLUserDataEncryptionMode",
            ("SSE-KMS",),
            ("DISABLED",),
            Severity.MEDIUM,
            "Encryption",
            "The transform's user data is encrypted with KMS.",
            "set MLUserDataEncryptionMode to SSE-KMS",
        ),
    )
)
