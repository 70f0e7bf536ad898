"""AWS Secrets Manager: secrets.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from datetime import datetime

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    COMPLIANT,
    Lookup,
    Parameters,
    days_between,
    flag,
    listed,
    moment,
    need,
    not_applicable,
    number,
    pick,
    rule,
    shown,
    verdict,
    violation,
)
from watchkeeper.rules.kms import among_keys
from watchkeeper.rules.policy import account_of

SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a resource type


@rule("SECRETSMANAGER_ROTATION_ENABLED_CHECK", types=(SECRET,), severity=Severity.MEDIUM, category="Identity")
def rotation_enabled(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Rotation is on, at least every maximumAllowedRotationFrequency days (or ...InHours) where they are given."""
    need(item.configuration, "Name", "ARN")
    if not flag(item.configuration, "RotationEnabled", default=False):
        return violation("Rotation is off; configure automatic rotation.")
    rules = pick(item.configuration, "RotationRules")
    days, hours = (
        parameters.get("maximumAllowedRotationFrequency"),
        parameters.get("maximumAllowedRotationFrequencyInHours"),
    )
    limits = [limit for limit in (hours, days * 24 if days is not None else None) if limit is not None]
    if not limits:
        return COMPLIANT
    limit = min(limits)
    every = number(rules, "AutomaticallyAfterHours", default=0) or number(rules, "AutomaticallyAfterDays") * 24
    return verdict(every <= limit, f"It rotates every {every:g} hours; rotate it at least every {limit:g}.")


@rule("SECRETSMANAGER_SCHEDULED_ROTATION_SUCCESS_CHECK", types=(SECRET,), severity=Severity.MEDIUM,
      category="Identity")  # fmt: skip
def rotation_succeeds(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A secret with rotation was rotated when it was due; one without is not applicable."""
    need(item.configuration, "Name", "ARN")
    if not flag(item.configuration, "RotationEnabled", default=False):
        return not_applicable("Rotation is off.")
    on = flag(item.configuration, "RotationOccurringAsScheduled")
    return verdict(on, "The last rotation did not happen as scheduled; look at the rotation function's logs.")


def _last(item: ConfigurationItem, what: str) -> datetime:
    """When that happened last, else the day of creation. Config's own items hold neither (a secret that was rotated
    looks like one that never was), DescribeSecret's answer holds both. Raises Unavailable."""
    return moment(pick(item.configuration, what) or need(item.configuration, "CreatedDate", what))


@rule("SECRETSMANAGER_SECRET_PERIODIC_ROTATION", types=(SECRET,), severity=Severity.MEDIUM, category="Identity")
def rotated_lately(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The secret was rotated in the last maxDaysSinceRotation (90) days."""
    limit = parameters.get("maxDaysSinceRotation", 90)
    days = days_between(_last(item, "LastRotatedDate"), lookup.now())
    return verdict(days <= limit, f"Last rotated {int(days)} days ago, {limit} are allowed; rotate it.")


@rule("SECRETSMANAGER_SECRET_UNUSED", types=(SECRET,), severity=Severity.MEDIUM, category="Cost")
def unused(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The secret was used in the last unusedForDays (90) days."""
    limit = parameters.get("unusedForDays", 90)
    days = days_between(_last(item, "LastAccessedDate"), lookup.now())
    return verdict(days <= limit, f"Not used for {int(days)} days, {limit} are allowed; delete the secret.")


@rule("SECRETSMANAGER_USING_CMK", types=(SECRET,), severity=Severity.MEDIUM, category="Encryption")
def uses_cmk(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The secret is encrypted with a customer managed key of the account, one of kmsKeyArns where they are given."""
    need(item.configuration, "Name", "ARN")
    key, allowed = pick(item.configuration, "KMSKeyId", "KmsKeyId"), parameters.get("kmsKeyArns", ())
    if not key or str(key).endswith("alias/aws/secretsmanager"):
        return violation("The secret uses the key aws/secretsmanager; give it a customer managed key.")
    if str(key).startswith("arn:") and item.account_id and account_of(key) != item.account_id:
        return violation(f"The key {shown(key, 90)} is another account's, which AWS can't look into; use your own.")
    fits = not allowed or among_keys(key, allowed)
    return verdict(fits, f"The secret is encrypted with {shown(key, 90)}; use one of {listed(allowed, 1)}.")
