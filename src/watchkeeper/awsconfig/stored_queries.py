"""Stored advanced queries. https://docs.aws.amazon.com/config/latest/developerguide/query-using-sql-editor-cli.html"""

from __future__ import annotations

from typing import Any

from watchkeeper.awsconfig.context import Call, present, short_id
from watchkeeper.awsconfig.errors import ConfigError
from watchkeeper.awsconfig.tags import forget_tags, keep_tags

KIND = "stored_query"
LIMIT = 300


def put_stored_query(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    query = request["StoredQuery"]
    name = query["QueryName"]
    existing = call.get(KIND, name)
    if not existing and call.db.count(call.account, call.region, KIND) >= LIMIT:
        raise ConfigError("ValidationException", f"There are {LIMIT} stored queries already: delete one first.")
    query_id = existing["QueryId"] if existing else f"query-{short_id(16)}"
    arn = call.arn(f"stored-query/{name}/{query_id}")
    shape = {
        "QueryId": query_id,
        "QueryArn": arn,
        "QueryName": name,
        "Description": query.get("Description"),
        "Expression": query.get("Expression"),
    }
    call.put(KIND, name, present(shape))
    if not existing:
        keep_tags(call, arn, request.get("Tags"))
    return {"QueryArn": arn}


def get_stored_query(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    return {"StoredQuery": _require(call, request["QueryName"])}


def delete_stored_query(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    forget_tags(call, _require(call, request["QueryName"])["QueryArn"])
    call.remove(KIND, request["QueryName"])
    return {}


def list_stored_queries(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    rows = [
        ((name,), {key: value for key, value in body.items() if key != "Expression"})
        for name, body in call.entities(KIND)
    ]
    page, token = call.page_of(request, rows, default=50)
    return {"StoredQueryMetadata": page, **token}


def _require(call: Call, name: str) -> dict[str, Any]:
    shape = call.get(KIND, name)
    if shape is None:
        raise ConfigError("ResourceNotFoundException", f"The stored query {name} does not exist.")
    return shape
