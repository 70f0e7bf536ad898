"""SelectResourceConfig and its aggregate form. The SQL parser takes most of a second to load: only who asks pays."""

from __future__ import annotations

from typing import Any

from watchkeeper.awsconfig.aggregators import aggregate_sources
from watchkeeper.awsconfig.context import Call


def select_resource_config(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    from watchkeeper.awsconfig.select_query import select

    return select(call, request, [(call.account, call.region)])


def select_aggregate_resource_config(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    from watchkeeper.awsconfig.select_query import select

    return select(call, request, aggregate_sources(call, request["ConfigurationAggregatorName"]))
