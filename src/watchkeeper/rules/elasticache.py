"""Amazon ElastiCache: replication groups.

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
    need,
    pick,
    register_flags,
    rule,
    shown,
    verdict,
    violation,
)
from watchkeeper.rules.kms import among_keys

CACHE = "AWS::ElastiCache::ReplicationGroup"


register_flags(
    (
        FlagRule("ELASTICACHE_REPL_GRP_ENCRYPTED_IN_TRANSIT", (CACHE,), "TransitEncryptionEnabled", True,
                 Severity.MEDIUM, "Encryption", "Traffic is encrypted in transit.", "enable it"),
    )
)  # fmt: skip


@rule("ELASTICACHE_REPL_GRP_ENCRYPTED_AT_REST", types=(CACHE,), severity=Severity.MEDIUM, category="Encryption")
def cache_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The replication group is encrypted at rest, with one of approvedKMSKeyIds where they are given."""
    need(item.configuration, "ReplicationGroupId", "Arn")
    if not flag(item.configuration, "AtRestEncryptionEnabled"):
        return violation("Encryption at rest is off; recreate the group with it.")
    key, allowed = pick(item.configuration, "KmsKeyId"), parameters.get("approvedKMSKeyIds", ())
    fits = not allowed or among_keys(key, allowed)
    return verdict(fits, f"It is encrypted with {shown(key, 90)}; use an approved key.")


@rule("ELASTICACHE_REPL_GRP_AUTO_FAILOVER_ENABLED", types=(CACHE,), severity=Severity.MEDIUM,
      category="Backup and recovery")  # fmt: skip
def cache_failover(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Automatic failover is on."""
    need(item.configuration, "ReplicationGroupId", "Arn")
    held = pick(item.configuration, "AutomaticFailover", "AutomaticFailoverEnabled")
    return verdict(held in ("enabled", True), "Automatic failover is off; enable it.")
