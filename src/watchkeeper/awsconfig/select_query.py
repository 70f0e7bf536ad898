"""Advanced queries: AWS's subset of SQL over what resources are now.

``SELECT property [, …] [WHERE condition] [GROUP BY property] [ORDER BY property [ASC|DESC]]``; no FROM, no joins.
Properties are paths (``configuration.instanceType``, ``tags.key``, ``relationships.resourceId``); a path through a list
means each of its elements. An address is compared with the ranges that hold it. What is outside the subset is refused
by name (InvalidExpressionException).
https://docs.aws.amazon.com/config/latest/developerguide/querying-AWS-resources.html
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlglot
from sqlglot import exp

from watchkeeper import items
from watchkeeper.aws import addresses
from watchkeeper.awsconfig.context import Call
from watchkeeper.awsconfig.errors import ConfigError
from watchkeeper.awsconfig.sources import Source
from watchkeeper.awsconfig.states import portion
from watchkeeper.model import ConfigurationItem
from watchkeeper.text import clean

_TOP_LEVEL = (
    "accountId", "arn", "availabilityZone", "awsRegion", "configurationItemCaptureTime",
    "resourceCreationTime", "resourceId", "resourceName", "resourceType", "version",
)  # fmt: skip
"""What ``*`` selects: the simple properties at the top of an item."""
_PORTION = 1000
MOST_GROUPS = 3
SHORTEST_PREFIX = 3
_Document = dict[str, Any]
_AGGREGATES: dict[type[exp.Expression], str] = {
    exp.Count: "COUNT",
    exp.Sum: "SUM",
    exp.Avg: "AVG",
    exp.Min: "MIN",
    exp.Max: "MAX",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One selected column: a path, or an aggregate of one."""

    name: str
    path: tuple[str, ...]
    aggregate: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A query ready to run."""

    columns: tuple[Column, ...]
    condition: exp.Expression | None
    groups: tuple[tuple[str, ...], ...]
    orders: tuple[tuple[str, bool], ...]
    """Column name and whether descending."""
    types: tuple[str, ...] | None
    """The resource types that the condition asks for, where it says so at its top."""


def parse_query(expression: str) -> Query:
    """The query of an expression. Raises ConfigError InvalidExpressionException, naming what AWS doesn't support."""
    try:
        statements = sqlglot.parse(expression, read="trino")
    except sqlglot.errors.ParseError as error:
        # Its own text marks the place with escapes for a terminal.
        raise _refuse(f"it can't be parsed: {clean(error.errors[0]['description'])[:200]}") from error
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        raise _refuse(f"it can't be parsed: {clean(str(error))[:200]}") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Select):
        raise _refuse("write one SELECT statement")
    tree = statements[0]
    for part in (
        "from",
        "from_",
        "joins",
        "having",
        "limit",
        "offset",
        "distinct",
        "with",
        "with_",
        "qualify",
        "windows",
    ):
        if tree.args.get(part):
            raise _refuse(f"{part.strip('_').upper()} is not supported")
    where = tree.args.get("where")
    condition = where.this if where else None
    if condition is not None:
        _check_condition(condition)
    columns = tuple(column for each in tree.expressions for column in _columns(each))
    if not columns:
        raise _refuse("it selects nothing")
    group = tree.args.get("group")
    groups = tuple(_path(each) for each in group.expressions) if group else ()
    order = tree.args.get("order")
    ordered = [_ordered(each) for each in order.expressions] if order else []
    _check_grouping(columns, groups, any(column.aggregate for column, _ in ordered))
    orders = tuple((column.name, descending) for column, descending in ordered)
    _check_spelling(tree)
    return Query(columns, condition, groups, orders, _types(condition))


def run_query(query: Query, documents: Iterable[_Document]) -> list[_Document]:
    """The rows that a query gives over documents, in its order."""
    matching = [each for each in documents if query.condition is None or _holds(query.condition, each)]
    aggregates = any(column.aggregate for column in query.columns)
    rows = _grouped(query, matching) if aggregates or query.groups else [_row(query, each) for each in matching]
    for name, descending in reversed(query.orders):
        path = tuple(name.split("."))
        rows.sort(key=lambda row, n=name, p=path: _sortable(row[n] if n in row else _first(row, p)), reverse=descending)  # type: ignore[misc]
    return rows


def select(call: Call, request: dict[str, Any], sources: Sequence[Source]) -> dict[str, Any]:
    """The reply of SelectResourceConfig over the resources of some accounts and regions."""
    query = parse_query(request["Expression"])
    documents = (document for source in sources for document in _documents(call, source, query))
    rows = [((position,), orjson.dumps(row).decode()) for position, row in enumerate(run_query(query, documents))]
    page, token = call.page_of(request, rows, default=25)
    fields = [{"Name": column.name} for column in query.columns]
    return {"Results": page, "QueryInfo": {"SelectFields": fields}, **token}


def _documents(call: Call, source: Source, query: Query) -> Iterator[_Document]:
    after = ("", "")
    while True:
        rows = portion(call.db, *source, query.types, after, _PORTION)
        yield from (_document(item) for _, item in rows)
        if len(rows) < _PORTION:
            return
        after = rows[-1][0]


def _document(item: ConfigurationItem) -> _Document:
    """An item as queries see it: the API's names, objects inside, tags as a list."""
    event = items.to_event(item)
    return {
        "accountId": item.account_id,
        "arn": item.arn,
        "availabilityZone": item.availability_zone,
        "awsRegion": item.region,
        "configuration": event["configuration"],
        "configurationItemCaptureTime": event["configurationItemCaptureTime"],
        "configurationItemStatus": item.status.value,
        "configurationStateId": item.state_id,
        "relationships": event["relationships"],
        "resourceCreationTime": event["resourceCreationTime"],
        "resourceId": item.resource_id,
        "resourceName": item.resource_name,
        "resourceType": item.resource_type,
        "supplementaryConfiguration": event["supplementaryConfiguration"],
        "tags": [{"key": key, "value": value, "tag": f"{key}={value}"} for key, value in item.tags.items()],
        "version": items.ITEM_VERSION,
    }


def _columns(node: exp.Expression) -> list[Column]:
    if isinstance(node, exp.Star):
        return [Column(name, (name,)) for name in _TOP_LEVEL]
    kind = _AGGREGATES.get(type(node))
    if kind is None:
        path = _path(node)
        return [Column(".".join(path), path)]
    inner = node.this
    if node.expressions:
        raise _refuse(f"{kind} takes one property")
    if isinstance(inner, exp.Distinct):
        raise _refuse("DISTINCT is not supported")
    if isinstance(inner, exp.Star):
        return [Column(f"{kind}(*)", (), kind)]
    path = _path(inner)
    return [Column(f"{kind}({'.'.join(path)})", path, kind)]


def _path(node: exp.Expression | None) -> tuple[str, ...]:
    if isinstance(node, exp.Column):
        return tuple(part.name for part in node.parts)
    if isinstance(node, exp.Dot):
        return (*_path(node.this), node.expression.name)
    if isinstance(node, exp.Identifier):
        return (node.name,)
    raise _refuse(f"{node.sql() if node is not None else 'nothing'} is not a property")


def _ordered(node: exp.Expression) -> tuple[Column, bool]:
    (column,) = _columns(node.this)
    return column, bool(node.args.get("desc"))


def _check_grouping(columns: Sequence[Column], groups: Sequence[tuple[str, ...]], by_aggregate: bool) -> None:
    aggregates = any(column.aggregate for column in columns)
    most = 1 if by_aggregate else MOST_GROUPS
    if len(groups) > most:
        with_it = " with ORDER BY on an aggregate" if by_aggregate else ""
        raise _refuse(f"GROUP BY{with_it} takes {most} {'property' if most == 1 else 'properties'} at the most")
    loose = [column.name for column in columns if not column.aggregate and column.path not in groups]
    if (aggregates or groups) and loose:
        raise _refuse(f"{', '.join(loose)} has to be in GROUP BY or in an aggregate")


def _check_spelling(tree: exp.Expression) -> None:
    """Refuse properties that differ in case alone, or where one begins as another does but for its case."""
    named = sorted({".".join(_path(column)) for column in tree.find_all(exp.Column)}, key=str.lower)
    for one, other in itertools.pairwise(named):
        if other.lower().startswith(one.lower()) and not other.startswith(one):
            raise _refuse(f"{one} and {other} differ in upper and lower case")


_COMPARE: dict[type[exp.Expression], Callable[[Any, Any], bool]] = {
    exp.EQ: lambda a, b: bool(a == b),
    exp.NEQ: lambda a, b: bool(a != b),
    exp.GT: lambda a, b: bool(a > b),
    exp.GTE: lambda a, b: bool(a >= b),
    exp.LT: lambda a, b: bool(a < b),
    exp.LTE: lambda a, b: bool(a <= b),
}


_ADDRESSES: dict[type[exp.Expression], str] = {
    exp.EQ: "=",
    exp.NEQ: "!=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
}


def _check_condition(node: exp.Expression) -> None:
    """Refuse what a condition must not hold, before any resource is read."""
    if isinstance(node, exp.And | exp.Or):
        _check_condition(node.left)
        _check_condition(node.right)
        return
    if isinstance(node, exp.Not | exp.Paren):
        _check_condition(node.this)
        return
    if type(node) in _COMPARE or isinstance(node, exp.Like):
        _path(node.this)
        value = _value(node.expression)
        if isinstance(node, exp.Like):
            _check_pattern(value)
        return
    if isinstance(node, exp.In) and node.expressions:
        _path(node.this)
        for each in node.expressions:
            _value(each)
        return
    if isinstance(node, exp.Between):
        _path(node.this)
        _value(node.args["low"])
        _value(node.args["high"])
        return
    raise _refuse(f"{node.sql()} is not supported in WHERE")


def _check_pattern(pattern: Any) -> None:
    """Wildcards stand at the end only, after three characters at least."""
    if not isinstance(pattern, str):
        raise _refuse("LIKE needs text")
    fixed = pattern.rstrip("%_")
    if "%" in fixed or "_" in fixed:
        raise _refuse("only suffix wildcards are supported: % and _ stand at the end")
    if fixed != pattern and len(fixed) < SHORTEST_PREFIX:
        raise _refuse(f"a wildcard needs at least {SHORTEST_PREFIX} characters before it")


def _holds(node: exp.Expression, document: _Document) -> bool:
    if isinstance(node, exp.And):
        return _holds(node.left, document) and _holds(node.right, document)
    if isinstance(node, exp.Or):
        return _holds(node.left, document) or _holds(node.right, document)
    if isinstance(node, exp.Not):
        return not _holds(node.this, document)
    if isinstance(node, exp.Paren):
        return _holds(node.this, document)
    values = _values(document, _path(node.this))
    return any(_matches(node, value) for value in values)


def _matches(node: exp.Expression, value: Any) -> bool:
    """Whether one value of a property meets a comparison; values of different kinds don't compare."""
    if isinstance(node, exp.Like):
        return isinstance(value, str) and _like(_value(node.expression)).fullmatch(value) is not None
    if isinstance(node, exp.In):
        return any(_compare(exp.EQ, value, _value(each)) for each in node.expressions)
    if isinstance(node, exp.Between):
        low, high = _value(node.args["low"]), _value(node.args["high"])
        held = addresses.held_in(value, low, high)
        if held is not None:
            return held
        return _compare(exp.GTE, value, low) and _compare(exp.LTE, value, high)
    return _compare(type(node), value, _value(node.expression))


def _compare(kind: type[exp.Expression], value: Any, wanted: Any) -> bool:
    answer = addresses.compared(_ADDRESSES[kind], value, wanted)
    if answer is not None:
        return answer
    if isinstance(value, bool) != isinstance(wanted, bool) or isinstance(value, str) != isinstance(wanted, str):
        value, wanted = _text(value), _text(wanted)
    try:
        return _COMPARE[kind](value, wanted)
    except TypeError:
        return False


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def _value(node: exp.Expression) -> Any:
    if isinstance(node, exp.Literal):
        return node.this if node.is_string else _number(node.this)
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Neg):
        return -_value(node.this)
    raise _refuse(f"{node.sql()} is not a value: write text in single quotes, a number, true or false")


def _number(text: str) -> float:
    return int(text) if re.fullmatch(r"\d+", text) else float(text)


def _like(pattern: str) -> re.Pattern[str]:
    parts = (".*" if letter == "%" else "." if letter == "_" else re.escape(letter) for letter in pattern)
    return re.compile("".join(parts), re.DOTALL)


def _values(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """Every value at a path, through lists."""
    if isinstance(value, list):
        for each in value:
            yield from _values(each, path)
    elif not path:
        if value is not None:
            yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from _values(value[path[0]], path[1:])


def _first(row: _Document, path: Sequence[str]) -> Any:
    return next(_values(row, path), None)


def _row(query: Query, document: _Document) -> _Document:
    row: _Document = {}
    for column in query.columns:
        _merge(row, _pruned(document, column.path))
    return row


def _pruned(value: Any, path: Sequence[str]) -> Any:
    """The document with only what lies on the path; lists keep their elements that have it."""
    if not path:
        return value
    if isinstance(value, list):
        return [kept for kept in (_pruned(each, path) for each in value) if kept]
    if not isinstance(value, dict) or path[0] not in value:
        return {}
    inner = _pruned(value[path[0]], path[1:])
    return {} if inner is None or (inner == {} and len(path) > 1) else {path[0]: inner}


def _merge(row: Any, extra: Any) -> None:
    for key, value in extra.items():
        held = row.get(key)
        if isinstance(held, dict) and isinstance(value, dict):
            _merge(held, value)
        elif isinstance(held, list) and isinstance(value, list) and len(held) == len(value):
            row[key] = [
                {**a, **b} if isinstance(a, dict) and isinstance(b, dict) else b
                for a, b in zip(held, value, strict=True)
            ]
        else:
            row[key] = value


def _grouped(query: Query, documents: Sequence[_Document]) -> list[_Document]:
    groups: dict[tuple[Any, ...], list[_Document]] = {} if query.groups else {(): list(documents)}
    for document in documents if query.groups else ():
        key = tuple(_hashable(_first(document, path)) for path in query.groups)
        groups.setdefault(key, []).append(document)
    return [_group_row(query, key, members) for key, members in groups.items()]


def _group_row(query: Query, key: tuple[Any, ...], members: Sequence[_Document]) -> _Document:
    row: _Document = {}
    for column in query.columns:
        if column.aggregate:
            row[column.name] = _aggregate(column, members)
            continue
        nested: Any = key[query.groups.index(column.path)]
        for name in reversed(column.path):
            nested = {name: nested}
        _merge(row, nested)
    return row


def _aggregate(column: Column, members: Sequence[_Document]) -> Any:
    if not column.path:
        return len(members)
    values = [value for member in members for value in _values(member, column.path)]
    if column.aggregate == "COUNT":
        return len(values)
    if column.aggregate in ("SUM", "AVG"):
        values = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if not values:
        return None
    if column.aggregate == "SUM":
        return sum(values)
    if column.aggregate == "AVG":
        return sum(values) / len(values)
    return (min if column.aggregate == "MIN" else max)(values, key=_sortable)


def _hashable(value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else value


def _sortable(value: Any) -> tuple[int, Any]:
    """Nothing first, then numbers, then text: values of different kinds have an order too."""
    if value is None:
        return 0, 0
    if isinstance(value, int | float):
        return 1, value
    return 2, _text(value)


def _types(condition: exp.Expression | None) -> tuple[str, ...] | None:
    """The resource types that a condition pins down, so that only those are read."""
    if condition is None:
        return None
    if isinstance(condition, exp.Paren):
        return _types(condition.this)
    if isinstance(condition, exp.And):
        return _types(condition.left) or _types(condition.right)
    if not isinstance(condition, exp.EQ | exp.In) or _path(condition.this) != ("resourceType",):
        return None
    nodes = condition.expressions if isinstance(condition, exp.In) else [condition.expression]
    return tuple(str(_value(node)) for node in nodes)


def _refuse(why: str) -> ConfigError:
    return ConfigError("InvalidExpressionException", f"The expression is not valid: {why}.")
