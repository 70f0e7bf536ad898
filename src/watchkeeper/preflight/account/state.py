"""What an account has already, asked of AWS (any endpoint), read-only: recorders, channels, rules, quotas, names.

https://docs.aws.amazon.com/config/latest/APIReference/API_Operations.html. A call that is refused is a gap, no answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from watchkeeper.preflight.account.taken_names import QUESTIONS, held
from watchkeeper.preflight.meaning.identity import arn_of, is_stand_in
from watchkeeper.preflight.meaning.views import Views
from watchkeeper.preflight.options import AccountRule, AccountState
from watchkeeper.pulumi.graph import Graph, Resource

T = TypeVar("T")
ClientFactory = Callable[[str], Any]
"""Gives the boto3 client of a service, for the account, region and endpoint that are meant."""
RULE_QUOTA = "L-F23FED9D"
DEFAULT_RULE_QUOTA = 1000
AT_ONCE = 8
"""Names asked for at the same time."""


def read(client: ClientFactory, graph: Graph | None = None, deployed: frozenset[str] | None = None) -> AccountState:
    """The state of the account and region that the clients speak to. Only describe, get, head and list calls are made.

    With a graph it asks whether the names that the program chose are taken; ``deployed`` are the URNs that the stack
    has made before, where that is known.
    """
    gaps: list[str] = []
    config = client("config")
    region = str(config.meta.region_name)
    account_id = str(_ask(gaps, "the account", lambda: client("sts").get_caller_identity()["Account"], ""))
    return AccountState(
        account_id=account_id,
        region=region,
        recorders=_names(gaps, config, "describe_configuration_recorders", "ConfigurationRecorders", "name"),
        channels=_names(gaps, config, "describe_delivery_channels", "DeliveryChannels", "name"),
        rules=_ask(gaps, "the rules", lambda: _rules(config), ()),
        aggregators=_pages(
            gaps,
            config,
            "describe_configuration_aggregators",
            "ConfigurationAggregators",
            "ConfigurationAggregatorName",
        ),
        conformance_packs=_pages(
            gaps, config, "describe_conformance_packs", "ConformancePackDetails", "ConformancePackName"
        ),
        rule_quota=_ask(gaps, "the quota of rules", lambda: _quota(client), DEFAULT_RULE_QUOTA),
        enabled_regions=_ask(gaps, "the enabled regions", lambda: _regions(client), ()),
        taken=_taken(gaps, client, graph, Place(account_id, region), deployed) if graph is not None else {},
        deployed=deployed,
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
    return _ask(gaps, key, lambda: tuple(item[name] for item in _all(client, operation, key)), ())


def _all(client: Any, operation: str, key: str) -> list[Mapping[str, Any]]:
    return [item for page in client.get_paginator(operation).paginate() for item in page[key]]


def _rules(config: Any) -> tuple[AccountRule, ...]:
    return tuple(
        AccountRule(
            rule["ConfigRuleName"],
            str(rule.get("Source", {}).get("SourceIdentifier", "")),
            json.loads(rule.get("InputParameters") or "{}"),
        )
        for rule in _all(config, "describe_config_rules", "ConfigRules")
    )


def _quota(client: ClientFactory) -> int:
    answer = client("service-quotas").get_service_quota(ServiceCode="config", QuotaCode=RULE_QUOTA)
    return int(answer["Quota"]["Value"])


def _regions(client: ClientFactory) -> tuple[str, ...]:
    return tuple(sorted(item["RegionName"] for item in client("ec2").describe_regions()["Regions"]))


@dataclass(frozen=True, slots=True)
class Place:
    """The account and region that were asked."""

    account: str
    region: str


def _taken(
    gaps: list[str], client: ClientFactory, graph: Graph, place: Place, deployed: frozenset[str] | None
) -> dict[str, str]:
    """URN to holder, for each name that somebody has. A resource of another region is a gap."""
    if graph.region not in (None, place.region):
        gaps.append(f"whether names are taken: the program deploys to {graph.region}, {place.region} was asked")
        return {}
    views = Views(graph)
    asked = _to_ask(views, place, AccountState(deployed=deployed))
    clients = {service: client(service) for service in sorted({QUESTIONS[item.type].service for item, _ in asked})}

    def holder(item: tuple[Resource, str]) -> str:
        resource, name = item
        question = QUESTIONS[resource.type]
        what = f"whether the name {name} is taken"
        return _ask(gaps, what, lambda: held(clients[question.service], question, name), "")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        holders = list(pool.map(holder, asked))
    return {resource.urn: who for (resource, _), who in zip(asked, holders, strict=True) if who}


def _to_ask(views: Views, place: Place, state: AccountState) -> list[tuple[Resource, str]]:
    """Resources with the name or ARN to ask for: names that the program chose, of what it has not made before."""
    found = []
    for resource in views.of_type(*QUESTIONS):
        name = views.name(resource)
        if (
            state.made_before(resource)
            or is_stand_in(name)
            or views.get(resource, "region") not in (None, place.region)
        ):
            continue
        by_arn = QUESTIONS[resource.type].by_arn
        if not by_arn:
            found.append((resource, name))
        elif place.account:
            found.append((resource, arn_of(resource, place.region, place.account, name)))
    return found
