"""AWS AppSync: GraphQL APIs.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    FlagRule,
    Lookup,
    Parameters,
    array,
    listed,
    need,
    one_of,
    pick,
    register_flags,
    rule,
    shown,
    text,
    that_fail,
    verdict,
    violation,
)

register_flags(
    (
        FlagRule(
            "APPSYNC_GRAPHQL_API_XRAY_ENABLED",
            ("AWS::AppSync::GraphQLApi",),
            "XrayEnabled",
            True,
            Severity.LOW,
            "Logging and monitoring",
            "X-Ray tracing is on.",
            "turn on X-Ray tracing",
        ),
    )
)


API = "AWS::AppSync::GraphQLApi"
LEVELS = ("ALL", "DEBUG", "ERROR", "INFO", "NONE")


@rule("APPSYNC_AUTHORIZATION_CHECK", types=(API,), severity=Severity.HIGH, category="Identity")
def authorization(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Every authorization type of the API, the additional ones too, is among AllowedAuthorizationTypes."""
    allowed = parameters["AllowedAuthorizationTypes"]
    providers = [item.configuration, *array(item.configuration, "AdditionalAuthenticationProviders")]
    failed = that_fail(providers, lambda provider: text(provider, "AuthenticationType") in allowed)
    kinds = listed(text(provider, "AuthenticationType") for provider in failed)
    return verdict(not failed, f"The API authorizes by {kinds}; use {listed(allowed)}.")


@rule("APPSYNC_LOGGING_ENABLED", types=(API,), severity=Severity.MEDIUM, category="Logging and monitoring")
def field_logging(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Field resolvers are logged, at one of the levels of fieldLoggingLevel where they are given."""
    need(item.configuration, "ApiId")
    config = pick(item.configuration, "LogConfig")
    if config is None:
        return violation("The API logs nothing; set LogConfig with a FieldLogLevel.")
    level = one_of(config, "FieldLogLevel", *LEVELS)
    if level == "NONE":
        return violation("FieldLogLevel is NONE; set another level.")
    wanted = parameters.get("fieldLoggingLevel", ())
    return verdict(not wanted or level in wanted, f"FieldLogLevel is {shown(level)}; set {listed(wanted)}.")
