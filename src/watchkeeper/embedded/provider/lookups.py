# ruff: noqa: ARG001 (every look-up has the same signature)
"""Look-ups: the functions that programs call (``aws.get_caller_identity()`` …)."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any

from watchkeeper.embedded.provider.aws import Aws
from watchkeeper.embedded.provider.values import Values
from watchkeeper.engine.provider import ProviderError

Lookup = Callable[[Aws, Values], Mapping[str, Any]]


def answer(aws: Aws, token: str, arguments: Values) -> Mapping[str, Any]:
    """The result of a look-up. Raises ProviderError for one that is not supported, naming those that are."""
    lookup = LOOKUPS.get(token)
    if lookup is None:
        near = difflib.get_close_matches(token, list(LOOKUPS), n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        known = ", ".join(sorted(LOOKUPS))
        raise ProviderError(f"unsupported look-up {token}.{hint} Supported: {known}", code="UnsupportedLookup")
    return lookup(aws, arguments)


def _caller_identity(aws: Aws, arguments: Values) -> Values:
    reply = aws.call("sts", "get_caller_identity")
    return {"id": aws.account, "accountId": aws.account, "arn": reply["Arn"], "userId": reply["UserId"]}


def _region(aws: Aws, arguments: Values) -> Values:
    region = arguments.get("region") or arguments.get("name") or aws.region
    return {
        "id": region,
        "name": region,
        "region": region,
        "description": region,
        "endpoint": f"ec2.{region}.amazonaws.com",
    }


def _partition(aws: Aws, arguments: Values) -> Values:
    return {
        "id": aws.partition,
        "partition": aws.partition,
        "dnsSuffix": "amazonaws.com",
        "reverseDnsPrefix": "com.amazonaws",
    }


LOOKUPS: Mapping[str, Lookup] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getRegion:getRegion": _region,
}
