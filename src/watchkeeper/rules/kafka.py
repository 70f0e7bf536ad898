"""Amazon MSK: clusters.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import Severity
from watchkeeper.rules.base import FlagRule, register_flags
from watchkeeper.rules.rows import ValueRule, register_values

register_flags(
    (
        FlagRule(
            "MSK_IN_CLUSTER_NODE_REQUIRE_TLS",
            ("AWS::MSK::Cluster",),
            "EncryptionInfo.EncryptionInTransit.InCluster",
            True,
            Severity.MEDIUM,
            "Encryption",
            "Brokers speak TLS to each other.",
            "require TLS within the cluster",
        ),
        FlagRule(
            "MSK_UNRESTRICTED_ACCESS_CHECK",
            ("AWS::MSK::Cluster",),
            "ClientAuthentication.Unauthenticated.Enabled",
            False,
            Severity.MEDIUM,
            "Identity",
            "Unauthenticated access is off.",
            "turn off unauthenticated access",
        ),
    )
)

register_values(
    (
        ValueRule(
            "MSK_ENHANCED_MONITORING_ENABLED",
            "AWS::MSK::Cluster",
            "EnhancedMonitoring",
            ("PER_TOPIC_PER_BROKER", "PER_TOPIC_PER_PARTITION"),
            ("DEFAULT", "PER_BROKER"),
            Severity.LOW,
            "Logging and monitoring",
            "Enhanced monitoring is per topic.",
            "set EnhancedMonitoring to PER_TOPIC_PER_BROKER",
        ),
        ValueRule(
            "MSK_CLUSTER_PUBLIC_ACCESS_DISABLED",
            "AWS::MSK::Cluster",
            "BrokerNodeGroupInfo.ConnectivityInfo.PublicAccess.Type",
            ("DISABLED",),
            ("SERVICE_PROVIDED_EIPS",),
            Severity.CRITICAL,
            "Public access",
            "Public access to the brokers is off.",
            "turn off public access",
        ),
    )
)
