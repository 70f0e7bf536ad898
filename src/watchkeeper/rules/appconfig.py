"""AWS AppConfig: deployment strategies.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    Lookup,
    Parameters,
    needed_array,
    not_applicable,
    number,
    one_of,
    rule,
    shown,
    text,
    verdict,
)
from watchkeeper.rules.rows import ValueRule, register_values

register_values(
    (
        ValueRule(
            "APPCONFIG_DEPLOYMENT_STRATEGY_REPLICATE_TO_SSM",
            "AWS::AppConfig::DeploymentStrategy",
            "ReplicateTo",
            ("SSM_DOCUMENT",),
            ("NONE",),
            Severity.LOW,
            "Configuration",
            "The deployment strategy is saved to a Systems Manager document.",
            "set ReplicateTo to SSM_DOCUMENT",
        ),
    )
)


PROFILE = "AWS::AppConfig::ConfigurationProfile"


@rule(
    "APPCONFIG_DEPLOYMENT_STRATEGY_MINIMUM_FINAL_BAKE_TIME",
    types=("AWS::AppConfig::DeploymentStrategy",),
    severity=Severity.LOW,
    category="Configuration",
)
def bake_time(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The final bake time is minBakeTime (30) minutes or more."""
    minutes, least = number(item.configuration, "FinalBakeTimeInMinutes"), int(parameters.get("minBakeTime", 30))
    return verdict(minutes >= least, f"The final bake time is {minutes:g} minutes; make it {least} or more.")


@rule(
    "APPCONFIG_CONFIGURATION_PROFILE_VALIDATORS_NOT_EMPTY",
    types=(PROFILE,),
    severity=Severity.LOW,
    category="Configuration",
)
def validators(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The configuration profile has a validator."""
    return verdict(bool(needed_array(item.configuration, "Validators")), "The profile has no validator; add one.")


@rule("APPCONFIG_FREEFORM_PROFILE_CONFIG_STORAGE", types=(PROFILE,), severity=Severity.LOW, category="Encryption")
def freeform_storage(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A freeform profile keeps its data in Secrets Manager or AppConfig's hosted store."""
    if one_of(item.configuration, "Type", "AWS.Freeform", "AWS.AppConfig.FeatureFlags") != "AWS.Freeform":
        return not_applicable("The profile is not freeform.")
    uri = text(item.configuration, "LocationUri")
    stored = uri == "hosted" or uri.partition("://")[0] == "secretsmanager"
    return verdict(stored, f"The data is at {shown(uri)}; keep it in Secrets Manager or the hosted store.")
