"""Amazon CloudWatch Logs: log groups.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    Lookup,
    Parameters,
    need,
    not_applicable,
    number,
    pick,
    rule,
    shown,
    text,
    verdict,
    violation,
)
from watchkeeper.rules.kms import among_keys

LOG_GROUP = "AWS::Logs::LogGroup"
CATEGORY = "Logging and monitoring"
YEAR = 365


@rule("CW_LOGGROUP_RETENTION_PERIOD_CHECK", types=(LOG_GROUP,), severity=Severity.MEDIUM, category=CATEGORY)
def log_retention(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Events are kept for at least MinRetentionTime (365) days, or for ever; groups whose names LogGroupNames begin."""
    name, prefixes = text(item.configuration, "logGroupName"), parameters.get("LogGroupNames", ())
    if prefixes and not name.startswith(prefixes):
        return not_applicable("The log group's name begins with none of LogGroupNames.")
    days, least = _kept(item), parameters.get("MinRetentionTime", YEAR)
    fits = days is None or days >= least
    return verdict(fits, f"Events are kept for {days or 0:g} days; keep them for {least} or more.")


def _kept(item: ConfigurationItem) -> float | None:
    """Days; None: for ever. A group of the class Delivery keeps events for two days, whatever else it says:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch_Logs_Log_Classes.html."""
    if pick(item.configuration, "logGroupClass") == "DELIVERY":
        return 2
    days = pick(item.configuration, "retentionInDays")
    return None if days is None else number(item.configuration, "retentionInDays")


@rule("CLOUDWATCH_LOG_GROUP_ENCRYPTED", types=(LOG_GROUP,), severity=Severity.MEDIUM, category="Encryption")
def log_group_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The log group is encrypted with a KMS key, KmsKeyId where it is given."""
    need(item.configuration, "logGroupName", "arn")
    key, wanted = pick(item.configuration, "kmsKeyId"), parameters.get("KmsKeyId")
    if not key:
        return violation("The log group is not encrypted with KMS; associate a key.")
    fits = not wanted or among_keys(key, (wanted,))
    return verdict(fits, f"It is encrypted with {shown(key, 90)}; use {shown(wanted, 90)}.")
