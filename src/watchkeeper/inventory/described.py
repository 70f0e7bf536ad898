"""Readers as rows of a table: most types are one listing, at most one call more for each resource, and a spelling.

A :class:`Row` says with which calls a type is read and where in the answers its id, ARN and tags stand;
:func:`described` makes the reader of it. What doesn't fit a row is a function in its service's module.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from watchkeeper.inventory.core import Context, Gap, Raw, Reader, Unreadable, any_tags, at, config_spelling, make_item
from watchkeeper.model import UNAVAILABLE_KEY, ConfigurationItem, Relationship

_AT_ONCE = 200
"""Values of one EC2 filter (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html)."""
_WITHOUT_ACCOUNT = frozenset({"apigateway"})
"""Services whose ARNs don't name the account."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A call about one resource."""

    operation: str
    argument: str
    """What the resource is named in …"""
    by: str = ""
    """… by this of its description; empty: by its ARN."""
    result: str = ""
    """Where in the answer to look (``WebACL.ARN``); empty: the whole answer."""
    absent: Collection[str] = ()
    """Error codes that say 'there is none'."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    many: bool = False
    """Whether the argument takes a list."""
    service: str = ""
    """boto3's name of the service, where it is not the row's."""
    none: Any = None
    """What stands in the item where there is none, for a rule that tells that from what nobody asked for."""


@dataclass(frozen=True, slots=True)
class Edge:
    """Relationships to what stands at a path (``SecurityGroups.GroupId``) of the description."""

    name: str
    resource_type: str
    path: str
    by_name: bool = False


@dataclass(frozen=True, slots=True)
class Within:
    """A listing that has to be made in each of what another listing gives: the stages of every API."""

    operation: str
    result: str
    by: str
    argument: str
    """Argument of the inner listing, and its key in each description that it gives."""


@dataclass(frozen=True, slots=True)
class Row:
    """One resource type. Where a field names a key, it is the description's, in the API's own spelling."""

    resource_type: str
    service: str
    operation: str
    """The listing; all its pages are read."""
    result: str
    id: str
    arn: str
    """A key, or ``service:resource/{Key}`` to make it of."""
    name: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of the listing."""
    within: Within | None = None
    none: Collection[str] = ()
    """Error codes with which the listing says that there can't be any here."""
    filter: str = ""
    """EC2's filter for ids. A row has this, ``narrow`` or ``detail`` to read some by key, else it reads all for it."""
    narrow: Ask | None = None
    """The call that describes one by its key."""
    detail: Ask | None = None
    """As ``narrow`` where the listing gives too little: asked for every resource."""
    key: str = ""
    """What the API names it by; empty: the id."""
    spelling: Callable[[Any], Any] = config_spelling
    shape: Callable[[Context, Raw], Mapping[str, Any]] | None = None
    """The configuration, where a spelling isn't enough."""
    tags: str | Ask = "Tags"
    tags_beside: bool = False
    """Whether Config repeats the tags in ``supplementaryConfiguration``."""
    parts: Mapping[str, Ask] = field(default_factory=dict)
    """Config's supplementary keys, one call each, made when a rule looks at them."""
    edges: tuple[Edge, ...] = ()
    created: str = ""
    zone: str = "Not Applicable"
    """Config's word for it."""
    zone_by: str = ""
    """The key that holds it, where it is one zone."""
    left_out: Callable[[Context, Raw], bool] = lambda _ctx, _raw: False
    """What is no resource any more, or not one of this account's."""
    without: Collection[str] = ()
    """Keys that are not kept: secrets, and what moves without the configuration changing."""
    global_type: bool = False


def described(row: Row) -> Reader:
    """The reader of a row."""
    aspects = {*row.parts, *(("tags",) if isinstance(row.tags, Ask) else ())}
    return Reader(
        row.resource_type,
        row.service,
        all=lambda ctx: _all(ctx, row),
        some=lambda ctx, keys: _some(ctx, row, keys),
        item=lambda ctx, raw: _item(ctx, row, raw),
        key=(lambda item: item.resource_name or item.resource_id) if row.key and row.key == row.name else _id,
        aspects=frozenset(aspects),
        calls=bool(row.detail or aspects),
        global_type=row.global_type,
    )


def _id(item: ConfigurationItem) -> str:
    return item.resource_id


def _all(ctx: Context, row: Row) -> Iterator[Any]:
    try:
        if row.within is None:
            yield from ctx.pages(row.service, row.operation, row.result, **row.arguments)
            return
        outer, argument = row.within, row.within.argument
        for parent in ctx.pages(row.service, outer.operation, outer.result):
            inner = {argument: parent[outer.by]}
            for raw in ctx.pages(row.service, row.operation, row.result, **inner, **row.arguments):
                yield {**inner, **raw}
    except Unreadable as refusal:
        if refusal.code not in row.none:
            raise


def _some(ctx: Context, row: Row, keys: Sequence[str]) -> Iterator[Any]:
    if row.detail:
        yield from keys
    elif row.filter:
        yield from _filtered(ctx, row, keys)
    elif row.narrow:
        for key in keys:
            found = _answer(ctx, row.service, row.narrow, key)
            raws = found if isinstance(found, list) else [found] if found else []
            # An endpoint that doesn't know the argument gives them all.
            yield from (raw for raw in raws if key in (raw.get(row.id), raw.get(row.key)))
    else:
        wanted = set(keys)
        yield from (raw for raw in _all(ctx, row) if (raw[row.id] if row.id else _arn(ctx, row, raw)) in wanted)


def _filtered(ctx: Context, row: Row, keys: Sequence[str]) -> Iterator[Raw]:
    wanted = set(keys)
    for start in range(0, len(keys), _AT_ONCE):
        filters = [{"Name": row.filter, "Values": list(keys[start : start + _AT_ONCE])}]
        arguments = {**row.arguments, "Filters": [*row.arguments.get("Filters", ()), *filters]}
        found = ctx.pages(row.service, row.operation, row.result, **arguments)
        yield from (raw for raw in found if raw[row.id] in wanted)


def _answer(ctx: Context, service: str, ask: Ask, value: str) -> Any:
    """What the call says of the resource; None where there is none. All its pages."""
    argument: Any = [value] if ask.many else value
    arguments = {ask.argument: argument, **ask.extra}
    client = ctx.clients(service)
    if ask.result and client.can_paginate(ask.operation):
        try:
            return list(ctx.pages(service, ask.operation, ask.result, **arguments))
        except Unreadable as refusal:
            if refusal.code in ask.absent:
                return None
            raise
    return at(ctx.ask(service, ask.operation, absent=ask.absent, **arguments) or None, ask.result)


def _item(ctx: Context, row: Row, raw: Any) -> ConfigurationItem | None:
    if row.detail:
        key = raw if isinstance(raw, str) else raw[row.detail.by]
        found = _answer(ctx, row.service, row.detail, key)
        raw = found[0] if isinstance(found, list) and found else found
        if not raw:
            return None
    if row.left_out(ctx, raw):
        return None
    arn = _arn(ctx, row, raw)
    tags, unread = _tags(ctx, row, raw, arn)
    supplementary = _parts(ctx, row, raw, arn, unread)
    if row.tags_beside:
        supplementary["Tags"] = [{"key": key, "value": value} for key, value in tags.items()]
    if unread:
        supplementary[UNAVAILABLE_KEY] = unread
    return make_item(
        ctx,
        row.resource_type,
        str(raw[row.id]) if row.id else arn,
        arn=arn,
        name=raw.get(row.name) if row.name else None,
        configuration=_configuration(ctx, row, raw),
        supplementary=supplementary,
        relationships=_relationships(row, raw),
        tags=tags,
        created=raw.get(row.created) if row.created else None,
        zone=str(raw.get(row.zone_by) or row.zone),
    )


def _configuration(ctx: Context, row: Row, raw: Raw) -> Mapping[str, Any]:
    kept = {key: value for key, value in raw.items() if key not in row.without}
    configuration: Mapping[str, Any] = row.shape(ctx, kept) if row.shape else row.spelling(kept)
    return configuration


def _arn(ctx: Context, row: Row, raw: Raw) -> str:
    if ":" not in row.arn:
        return str(raw.get(row.arn) or "")
    service, _, resource = row.arn.partition(":")
    return ctx.arn(service, resource.format(**raw), **({"account": ""} if service in _WITHOUT_ACCOUNT else {}))


def _tags(ctx: Context, row: Row, raw: Raw, arn: str) -> tuple[dict[str, str], dict[str, str]]:
    if isinstance(row.tags, str):
        return any_tags(raw.get(row.tags)), {}
    unread: dict[str, str] = {}
    found = _part(ctx, row, "tags", row.tags, raw, arn, unread)
    # ELB gives the tags of several resources by resource.
    if isinstance(found, list) and found and "Tags" in found[0]:
        found = [tag for resource in found for tag in resource["Tags"]]
    return any_tags(found), unread


def _parts(ctx: Context, row: Row, raw: Raw, arn: str, unread: dict[str, str]) -> dict[str, Any]:
    found = {name: _part(ctx, row, name, ask, raw, arn, unread) for name, ask in row.parts.items()}
    return {name: row.spelling(value) for name, value in found.items() if value is not None}


def _part(ctx: Context, row: Row, name: str, ask: Ask, raw: Raw, arn: str, unread: dict[str, str]) -> Any:
    """The answer where somebody looks at it; a refusal is noted in ``unread`` where items may lack a part."""
    if not ctx.wants(row.resource_type, name):
        return None
    value = str(raw[ask.by]) if ask.by else arn
    try:
        answer = _answer(ctx, ask.service or row.service, ask, value)
        return ask.none if answer is None else answer
    except Unreadable as refusal:
        if ctx.on_partial is None:
            raise
        gap = Gap(row.resource_type, refusal.operation, refusal.code, refusal.message, value, partial=True)
        ctx.on_partial(gap)
        unread[name] = f"{refusal.operation}: {refusal.code}"
        return None


def _relationships(row: Row, raw: Raw) -> Iterator[Relationship]:
    for edge in row.edges:
        for end in _values(raw, edge.path.split(".")):
            if edge.by_name:
                yield Relationship(edge.resource_type, "", edge.name, resource_name=end)
            else:
                yield Relationship(edge.resource_type, end, edge.name)


def _values(value: Any, path: Sequence[str]) -> Iterator[str]:
    if isinstance(value, list):
        for inner in value:
            yield from _values(inner, path)
    elif path:
        yield from _values(value.get(path[0]) if isinstance(value, Mapping) else None, path[1:])
    elif value:
        yield str(value)
