"""The resource that an AWS Config request is about, as policies name it.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsconfig.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from watchkeeper.aws.facts import iam
from watchkeeper.awsconfig import ConfigError, ConfigService

ANY = "*"


def config_resource(
    service: ConfigService, operation: str, request: Mapping[str, Any], account: str, region: str
) -> str:
    """The ARN of the rule, aggregator or pack named in the request; ``*`` for an action that takes none, or where
    nothing is named. One that doesn't exist yet has an ARN that only a wildcard matches."""
    action = iam.action(f"config:{operation}")
    if action is None or not action.takes_resource:
        return ANY
    if isinstance(arn := request.get("ResourceArn"), str):
        return arn
    for find in (_rule, _aggregator):
        found = find(service, request, account, region)
        if found is not None:
            return found
    return ANY


def _rule(service: ConfigService, request: Mapping[str, Any], account: str, region: str) -> str | None:
    rule = request.get("ConfigRule")
    names = request.get("ConfigRuleNames")
    name = (
        request.get("ConfigRuleName")
        or (rule.get("ConfigRuleName") if isinstance(rule, Mapping) else None)
        or (names[0] if isinstance(names, list) and names else None)
    )
    if not isinstance(name, str):
        return None
    return _described(
        lambda: service.handle("DescribeConfigRules", {"ConfigRuleNames": [name]}, account, region)["ConfigRules"][0][
            "ConfigRuleArn"
        ],
        f"arn:aws:config:{region}:{account}:config-rule/new",
    )


def _aggregator(service: ConfigService, request: Mapping[str, Any], account: str, region: str) -> str | None:
    name = request.get("ConfigurationAggregatorName")
    if not isinstance(name, str):
        return None
    return _described(
        lambda: service.handle(
            "DescribeConfigurationAggregators", {"ConfigurationAggregatorNames": [name]}, account, region
        )["ConfigurationAggregators"][0]["ConfigurationAggregatorArn"],
        f"arn:aws:config:{region}:{account}:config-aggregator/new",
    )


def _described(ask: Callable[[], str], otherwise: str) -> str:
    try:
        return ask()
    except (ConfigError, LookupError):
        return otherwise
