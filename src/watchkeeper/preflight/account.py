"""What an account has already, asked of AWS (any endpoint), read-only: recorders, channels, rules, aggregators, quotas.

https://docs.aws.amazon.com/config/latest/APIReference/API_Operations.html. A call that is refused is a gap, no answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from watchkeeper.preflight.check import AccountState

T = TypeVar("T")
ClientFactory = Callable[[str], Any]
"""Gives the boto3 client of a service, for the account, region and endpoint that are meant."""
RULE_QUOTA = "L-F23FED9D"
DEFAULT_RULE_QUOTA = 1000


def read(client: ClientFactory) -> AccountState:
    """The state of the account and region that the clients speak to. Only describe, get and list calls are made."""
    gaps: list[str] = []
    config = client("config")
    return AccountState(
        account_id=_ask(gaps, "the account", lambda: client("sts").get_caller_identity()["Account"], ""),
        region=str(config.meta.region_name),
        recorders=_names(gaps, config, "describe_configuration_recorders", "ConfigurationRecorders", "name"),
        channels=_names(gaps, config, "describe_delivery_channels", "DeliveryChannels", "name"),
        rules=_pages(gaps, config, "describe_config_rules", "ConfigRules", "ConfigRuleName"),
        aggregators=_pages(
            gaps,
            config,
            "describe_configuration_aggregators",
            "ConfigurationAggregators",
            "ConfigurationAggregatorName",
        ),
        rule_quota=_ask(gaps, "the quota of rules", lambda: _quota(client), DEFAULT_RULE_QUOTA),
        enabled_regions=_ask(gaps, "the enabled regions", lambda: _regions(client), ()),
        gaps=tuple(gaps),
    )


def _ask(gaps: list[str], what: str, call: Callable[[], T], otherwise: T) -> T:
    try:
        return call()
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        gaps.append(f"{what} could not be read: {error.operation_name} answered {code}")
    except BotoCoreError as error:
        gaps.append(f"{what} could not be read: {error}")
    return otherwise


def _names(gaps: list[str], client: Any, operation: str, key: str, name: str) -> tuple[str, ...]:
    def call() -> tuple[str, ...]:
        return tuple(item[name] for item in getattr(client, operation)()[key] if not item.get("servicePrincipal"))

    return _ask(gaps, key, call, ())


def _pages(gaps: list[str], client: Any, operation: str, key: str, name: str) -> tuple[str, ...]:
    def call() -> tuple[str, ...]:
        found = client.get_paginator(operation).paginate()
        return tuple(item[name] for page in found for item in page[key])

    return _ask(gaps, key, call, ())


def _quota(client: ClientFactory) -> int:
    answer = client("service-quotas").get_service_quota(ServiceCode="config", QuotaCode=RULE_QUOTA)
    return int(answer["Quota"]["Value"])


def _regions(client: ClientFactory) -> tuple[str, ...]:
    return tuple(sorted(item["RegionName"] for item in client("ec2").describe_regions()["Regions"]))
