"""AWS Backup: recovery points.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Unavailable, Verdict
from watchkeeper.rules.base import (
    FlagRule,
    Lookup,
    Parameters,
    days_between,
    moment,
    need,
    number,
    pick,
    register_flags,
    rule,
    text,
    verdict,
)

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
    days, least = _kept(item), parameters.get("requiredRetentionDays", 35)
    fits = days is None or days >= least
    return verdict(fits, f"The recovery point is deleted after {days or 0:g} days; keep it for {least} or more.")


def _kept(item: ConfigurationItem) -> float | None:
    """Days; None: for ever. AWS Backup says it as a number of days, as a time, or as what happens before:
    https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Lifecycle.html."""
    lifecycle, calculated = pick(item.configuration, "Lifecycle"), pick(item.configuration, "CalculatedLifecycle")
    days = number(lifecycle, "DeleteAfterDays", default=-1)
    if days >= 0:
        return days
    end = pick(calculated, "DeleteAt")
    if end is not None:
        return days_between(moment(need(item.configuration, "CreationDate")), moment(end))
    if pick(lifecycle, "DeleteAfterEvent") is not None:
        raise Unavailable("the recovery point is deleted after an event, and when that is, is not known")
    return None
