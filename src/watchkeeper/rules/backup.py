"""AWS Backup: recovery points.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import FlagRule, Lookup, Parameters, number, pick, register_flags, rule, text, verdict

register_flags(
    (
        FlagRule("BACKUP_RECOVERY_POINT_ENCRYPTED", ("AWS::Backup::RecoveryPoint",), "IsEncrypted", True,
                 Severity.MEDIUM, "Encryption", "The recovery point is encrypted.", "use an encrypted vault"),
    )
)  # fmt: skip


@rule("BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK", types=("AWS::Backup::RecoveryPoint",), severity=Severity.MEDIUM,
      category="Backup and recovery")  # fmt: skip
def recovery_point_retention(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The recovery point is kept for at least requiredRetentionDays (35), or for ever."""
    text(item.configuration, "RecoveryPointArn", "Arn")
    days = number(pick(item.configuration, "Lifecycle"), "DeleteAfterDays", default=-1)
    least = parameters.get("requiredRetentionDays", 35)
    fits = days < 0 or days >= least
    return verdict(fits, f"The recovery point is deleted after {days:g} days; keep it for {least} or more.")
