"""AWS Database Migration Service: replication instances.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import Severity
from watchkeeper.rules.base import FlagRule, register_flags
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
