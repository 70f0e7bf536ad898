"""Amazon CloudWatch: alarms and log groups.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    COMPLIANT,
    FlagRule,
    Lookup,
    Parameters,
    array,
    listed,
    need,
    not_applicable,
    number,
    pick,
    register_flags,
    rule,
    shown,
    text,
    verdict,
    violation,
)
from watchkeeper.rules.s3 import same_key

ALARM = "AWS::CloudWatch::Alarm"
LOG_GROUP = "AWS::Logs::LogGroup"
CATEGORY = "Logging and monitoring"
YEAR = 365

register_flags(
    (
        FlagRule("CLOUDWATCH_ALARM_ACTION_ENABLED_CHECK", (ALARM,), "actionsEnabled", True, Severity.HIGH, CATEGORY,
                 "The alarm's actions are enabled.", "enable the alarm's actions"),
    )
)  # fmt: skip

_STATES = {
    "alarmActionRequired": "alarmActions",
    "insufficientDataActionRequired": "insufficientDataActions",
    "okActionRequired": "okactions",
}


@rule("CLOUDWATCH_ALARM_ACTION_CHECK", types=(ALARM,), severity=Severity.HIGH, category=CATEGORY)
def alarm_actions(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The alarm has an action for each required state, some action among action1 to action5 where they are given."""
    need(item.configuration, "alarmName", "alarmArn")
    actions = {name: array(item.configuration, key) for name, key in _STATES.items()}
    for name, found in actions.items():
        if not found and str(parameters.get(name, "false")).lower() == "true":
            return violation(f"No action for {name.removesuffix('ActionRequired')}; add one.")
    allowed = [value for name, value in parameters.items() if name.startswith("action") and name[6:].isdigit()]
    taken = [action for found in actions.values() for action in found]
    fits = not allowed or any(action in allowed for action in taken)
    return verdict(fits, f"Its actions are {listed(taken, 2)}; add a listed one.")


@rule("CLOUDWATCH_ALARM_SETTINGS_CHECK", types=(ALARM,), severity=Severity.LOW, category=CATEGORY)
def alarm_settings(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """An alarm on metricName has the settings given; alarms on other metrics are not applicable."""
    if text(item.configuration, "metricName", default="") != parameters["metricName"]:
        return not_applicable("The alarm is on another metric.")
    for name in ("period", "threshold", "evaluationPeriods"):
        wanted = parameters.get(name)
        if wanted is not None and number(item.configuration, name) != wanted:
            return violation(f"{name} is {item.configuration.get(name)}; set it to {wanted}.")
    for name in ("statistic", "comparisonOperator"):
        wanted = parameters.get(name)
        if wanted is not None and item.configuration.get(name) != wanted:
            return violation(f"{name} is {shown(item.configuration.get(name))}; set it to {wanted}.")
    return COMPLIANT


@rule("CLOUDWATCH_ALARM_DESCRIPTION", types=(ALARM,), severity=Severity.LOW, category="Configuration")
def alarm_description(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The alarm has a description."""
    need(item.configuration, "alarmName", "alarmArn")
    return verdict(bool(item.configuration.get("alarmDescription")), "No description; add one.")


@rule("CW_LOGGROUP_RETENTION_PERIOD_CHECK", types=(LOG_GROUP,), severity=Severity.MEDIUM, category=CATEGORY)
def log_retention(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Events are kept for at least MinRetentionTime (365) days, or for ever; groups whose names LogGroupNames begin."""
    name, prefixes = text(item.configuration, "logGroupName"), parameters.get("LogGroupNames", ())
    if prefixes and not name.startswith(prefixes):
        return not_applicable("The log group's name begins with none of LogGroupNames.")
    days, least = pick(item.configuration, "retentionInDays"), parameters.get("MinRetentionTime", YEAR)
    fits = days is None or number(item.configuration, "retentionInDays") >= least
    return verdict(fits, f"Events are kept for {days} days; keep them for {least} or more.")


@rule("CLOUDWATCH_LOG_GROUP_ENCRYPTED", types=(LOG_GROUP,), severity=Severity.MEDIUM, category="Encryption")
def log_group_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The log group is encrypted with a KMS key, KmsKeyId where it is given."""
    need(item.configuration, "logGroupName", "arn")
    key, wanted = pick(item.configuration, "kmsKeyId"), parameters.get("KmsKeyId")
    if not key:
        return violation("The log group is not encrypted with KMS; associate a key.")
    fits = not wanted or same_key(wanted, key) or same_key(key, wanted)
    return verdict(fits, f"It is encrypted with {shown(key, 90)}; use {shown(wanted, 90)}.")
