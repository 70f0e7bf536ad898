"""Amazon DynamoDB: tables.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Unavailable, Verdict
from watchkeeper.rules.base import (
    COMPLIANT,
    FlagRule,
    Lookup,
    Parameters,
    array,
    dig,
    listed,
    need,
    pick,
    register_flags,
    required_aspect,
    rule,
    shown,
    text,
    verdict,
    violation,
)
from watchkeeper.rules.kms import among_keys

TABLE = "AWS::DynamoDB::Table"


register_flags(
    (
        FlagRule("DYNAMODB_TABLE_DELETION_PROTECTION_ENABLED", (TABLE,), "deletionProtectionEnabled", True,
                 Severity.MEDIUM, "Backup and recovery", "The table is protected against deletion.",
                 "turn on deletion protection"),
    )
)  # fmt: skip


@rule("DYNAMODB_PITR_ENABLED", types=(TABLE,), severity=Severity.MEDIUM, category="Backup and recovery",
      aspects=("ContinuousBackupsDescription",))  # fmt: skip
def point_in_time_recovery(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Point-in-time recovery is on."""
    held = required_aspect(item, "ContinuousBackupsDescription")
    status = need(pick(held, "pointInTimeRecoveryDescription"), "pointInTimeRecoveryStatus")
    return verdict(status == "ENABLED", "Point-in-time recovery is off; enable it.")


_ENCRYPTED = ("ENABLED", "ENABLING", "UPDATING")


@rule("DYNAMODB_TABLE_ENCRYPTED_KMS", types=(TABLE,), severity=Severity.MEDIUM, category="Encryption")
def encrypted_kms(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The table is encrypted with a KMS key, one of kmsKeyArns where they are given."""
    need(item.configuration, "tableName", "tableArn")
    sse = pick(item.configuration, "ssedescription", "sSEDescription")
    if not sse or need(sse, "ssetype", "sSEType") != "KMS" or need(sse, "status") not in _ENCRYPTED:
        return violation("The table is encrypted with a key owned by DynamoDB; choose a KMS key.")
    key, allowed = pick(sse, "kmsmasterKeyArn", "kMSMasterKeyArn"), parameters.get("kmsKeyArns", ())
    if not allowed or among_keys(key, allowed):
        return COMPLIANT
    return violation(f"The table is encrypted with {shown(key, 90)}; use one of {listed(allowed, 1)}.")


@rule("DYNAMODB_TABLE_ENCRYPTION_ENABLED", types=(TABLE,), severity=Severity.MEDIUM, category="Encryption")
def encryption_enabled(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The table's KMS encryption is enabled or being enabled."""
    need(item.configuration, "tableName", "tableArn")
    described = pick(item.configuration, "ssedescription", "sSEDescription")
    if described is None:  # the API leaves it out for a table with DynamoDB's own key
        return violation("KMS encryption is off; enable it.")
    status = text(described, "status")
    return verdict(status in ("ENABLED", "ENABLING"), f"KMS encryption is {shown(status)}; enable it.")


TARGETS = "dynamodb.scalable_targets"
DIMENSIONS = ("ReadCapacityUnits", "WriteCapacityUnits")


@rule("DYNAMODB_AUTOSCALING_ENABLED", types=(TABLE,), severity=Severity.MEDIUM, category="Configuration",
      needs=(f"account:{TARGETS}",))  # fmt: skip
def autoscaling(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The table is on demand, or the capacities of it and of its global secondary indexes scale by themselves."""
    name = text(item.configuration, "tableName")
    if pick(pick(item.configuration, "billingModeSummary"), "billingMode") == "PAY_PER_REQUEST":
        return COMPLIANT
    if parameters:
        raise Unavailable(f"AWS does not document how the rule compares {listed(parameters)}")
    indexes = [text(entry, "indexName") for entry in array(item.configuration, "globalSecondaryIndexes")]
    wanted = [f"table/{name}", *(f"table/{name}/index/{index}" for index in indexes)]
    known = {(dig(t, "ResourceId"), str(dig(t, "ScalableDimension")).rsplit(":", 1)[-1])
             for t in lookup.account_fact(TARGETS)}  # fmt: skip
    fixed = [f"{dimension} of {subject}" for subject in wanted for dimension in DIMENSIONS
             if (subject, dimension) not in known]  # fmt: skip
    return verdict(not fixed, f"{listed(fixed, 2)} don't scale; add auto scaling or choose on-demand capacity.")
