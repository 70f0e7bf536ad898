"""AWS Database Migration Service: replication instances.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    FlagRule,
    Lookup,
    Parameters,
    flag,
    not_applicable,
    pick,
    register_flags,
    rule,
    text,
    verdict,
)
from watchkeeper.rules.rows import ValueRule, register_values

register_flags(
    (
        FlagRule("DMS_AUTO_MINOR_VERSION_UPGRADE_CHECK", ("AWS::DMS::ReplicationInstance",), "AutoMinorVersionUpgrade",
                 True, Severity.MEDIUM, "Configuration", "Minor version upgrades are automatic.",
                 "turn on automatic minor version upgrades"),
        FlagRule("DMS_REPLICATION_NOT_PUBLIC", ("AWS::DMS::ReplicationInstance",), "PubliclyAccessible", False,
                 Severity.CRITICAL, "Public access", "The replication instance is not public.",
                 "recreate it without public access"),
        FlagRule("DMS_REPLICATION_INSTANCE_MULTI_AZ_ENABLED", ("AWS::DMS::ReplicationInstance",), "MultiAZ", True,
                 Severity.MEDIUM, "Backup and recovery", "The replication instance is Multi-AZ.", "enable Multi-AZ"),
    )
)  # fmt: skip

register_values(
    (
        ValueRule(
            "DMS_ENDPOINT_SSL_CONFIGURED",
            "AWS::DMS::Endpoint",
            "SslMode",
            ("require", "verify-ca", "verify-full"),
            ("none",),
            Severity.MEDIUM,
            "Encryption",
            "The endpoint uses SSL.",
            "choose an SSL mode",
        ),
        ValueRule(
            "DMS_REDIS_TLS_ENABLED",
            "AWS::DMS::Endpoint",
            "RedisSettings.SslSecurityProtocol",
            ("ssl-encryption",),
            ("plaintext",),
            Severity.MEDIUM,
            "Encryption",
            "The endpoint for Redis uses TLS.",
            "set SslSecurityProtocol to ssl-encryption",
            only=("EngineName", ("redis",)),
        ),
        ValueRule(
            "DMS_MONGO_DB_AUTHENTICATION_ENABLED",
            "AWS::DMS::Endpoint",
            "MongoDbSettings.AuthType",
            ("password",),
            ("no",),
            Severity.MEDIUM,
            "Identity",
            "The endpoint for MongoDB uses password authentication.",
            "set AuthType to password",
            only=("EngineName", ("mongodb",)),
        ),
    )
)


@rule(
    "DMS_NEPTUNE_IAM_AUTHORIZATION_ENABLED",
    types=("AWS::DMS::Endpoint",),
    severity=Severity.MEDIUM,
    category="Identity",
)
def neptune_iam(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """An endpoint for Neptune uses IAM authorization."""
    if text(item.configuration, "EngineName") != "neptune":
        return not_applicable("The endpoint is not for Neptune.")
    on = flag(pick(item.configuration, "NeptuneSettings"), "IamAuthEnabled")
    return verdict(on, "IAM authorization is off; turn it on.")
