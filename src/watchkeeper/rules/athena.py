"""Amazon Athena: workgroups.

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
    flag,
    need,
    one_of,
    register_flags,
    rule,
    violation,
)
from watchkeeper.rules.rows import reach

register_flags(
    (
        FlagRule(
            "ATHENA_WORKGROUP_LOGGING_ENABLED",
            ("AWS::Athena::WorkGroup",),
            "WorkGroupConfiguration.PublishCloudWatchMetricsEnabled",
            True,
            Severity.MEDIUM,
            "Logging and monitoring",
            "The workgroup publishes query metrics to CloudWatch.",
            "publish query metrics to CloudWatch",
        ),
    )
)


WORKGROUP = "AWS::Athena::WorkGroup"


@rule("ATHENA_WORKGROUP_ENCRYPTED_AT_REST", types=(WORKGROUP,), severity=Severity.MEDIUM, category="Encryption")
def encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Query results are encrypted."""
    need(item.configuration, "Name")
    configuration = need(item.configuration, "WorkGroupConfiguration")
    if flag(reach(item, "WorkGroupConfiguration.ManagedQueryResultsConfiguration"), "Enabled", default=False):
        raise Unavailable("Athena keeps the query results itself, of which the rule's page says nothing")
    held = reach(item, "WorkGroupConfiguration.ResultConfiguration.EncryptionConfiguration")
    if not configuration or held is None:
        return violation("Query results are not encrypted; set an encryption option.")
    one_of(held, "EncryptionOption", "SSE_S3", "SSE_KMS", "CSE_KMS")
    return COMPLIANT
