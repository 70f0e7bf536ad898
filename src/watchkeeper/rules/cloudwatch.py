"""Amazon CloudWatch: alarms.

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
    register_flags,
    rule,
    shown,
    text,
    verdict,
    violation,
)

ALARM = "AWS::CloudWatch::Alarm"
CATEGORY = "Logging and monitoring"


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
