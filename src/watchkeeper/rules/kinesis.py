"""Amazon Kinesis Data Streams.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import Lookup, Parameters, need, number, pick, rule, verdict

STREAM = "AWS::Kinesis::Stream"


@rule("KINESIS_STREAM_ENCRYPTED", types=(STREAM,), severity=Severity.MEDIUM, category="Encryption")
def stream_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The stream is encrypted with KMS."""
    need(item.configuration, "Name", "Arn")
    kind = pick(pick(item.configuration, "StreamEncryption"), "EncryptionType")
    return verdict(kind == "KMS", "The stream is not encrypted; start encryption with a KMS key.")


@rule("KINESIS_STREAM_BACKUP_RETENTION_CHECK", types=(STREAM,), severity=Severity.MEDIUM,
      category="Backup and recovery")  # fmt: skip
def stream_retention(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Records are kept for at least minimumBackupRetentionPeriod (168) hours."""
    hours = number(item.configuration, "RetentionPeriodHours")
    least = int(parameters.get("minimumBackupRetentionPeriod", 168))
    return verdict(hours >= least, f"Records are kept for {hours:g} hours; keep them for {least} or more.")
