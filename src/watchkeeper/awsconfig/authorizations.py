"""Who may collect this account's data: authorizations for aggregators of other accounts, and requests for one.

https://docs.aws.amazon.com/config/latest/developerguide/authorize-aggregator-account-console.html
"""

from __future__ import annotations

from typing import Any

from watchkeeper.aws import facts
from watchkeeper.awsconfig.context import Call
from watchkeeper.awsconfig.errors import invalid
from watchkeeper.awsconfig.sources import AGGREGATOR, wanted_sources
from watchkeeper.awsconfig.tags import forget_tags, keep_tags

KIND = "aggregation_authorization"
DISMISSED = "dismissed_aggregation_request"


def put_aggregation_authorization(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    account, region = request["AuthorizedAccountId"], request["AuthorizedAwsRegion"]
    if region not in facts.regions():
        raise invalid(f"The region {region} is not an AWS region.")
    name = f"{account}/{region}"
    existing = call.get(KIND, name)
    shape = existing or {
        "AggregationAuthorizationArn": call.arn(f"aggregation-authorization/{name}"),
        "AuthorizedAccountId": account,
        "AuthorizedAwsRegion": region,
        "CreationTime": call.now,
    }
    call.put(KIND, name, shape)
    if not existing:
        keep_tags(call, shape["AggregationAuthorizationArn"], request.get("Tags"))
    return {"AggregationAuthorization": shape}


def delete_aggregation_authorization(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    name = f"{request['AuthorizedAccountId']}/{request['AuthorizedAwsRegion']}"
    shape = call.get(KIND, name)
    if shape is not None:
        forget_tags(call, shape["AggregationAuthorizationArn"])
        call.remove(KIND, name)
    return {}


def describe_aggregation_authorizations(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    rows = [((name,), body) for name, body in call.entities(KIND)]
    page, token = call.page_of(request, rows, default=100)
    return {"AggregationAuthorizations": page, **token}


def describe_pending_aggregation_requests(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    dismissed = {name for name, _ in call.entities(DISMISSED)}
    waiting = sorted(_requesters(call) - dismissed)
    rows = [
        ((name,), {"RequesterAccountId": name.split("/")[0], "RequesterAwsRegion": name.split("/")[1]})
        for name in waiting
    ]
    page, token = call.page_of(request, rows, default=20)
    return {"PendingAggregationRequests": page, **token}


def delete_pending_aggregation_request(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    name = f"{request['RequesterAccountId']}/{request['RequesterAwsRegion']}"
    if name not in _requesters(call):
        raise invalid(f"There is no pending aggregation request of {name}.")
    call.put(DISMISSED, name, {"at": call.now})
    return {}


def _requesters(call: Call) -> set[str]:
    """``account/region`` of the aggregators that want this account and region's data and may not have it yet."""
    authorized = {name for name, _ in call.entities(KIND)}
    here = (call.account, call.region)
    return {
        f"{account}/{region}"
        for account, region, _, body in call.db.everywhere(AGGREGATOR)
        if account != call.account and here in wanted_sources(call.db, body) and f"{account}/{region}" not in authorized
    }
