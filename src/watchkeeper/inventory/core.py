"""How a resource becomes a configuration item: the context of one reading, and what a reader is.

A reader knows one resource type: how to list it with the fewest calls, how to read some by key, and what has to be
asked of each resource beyond that. It never decides what a refusal means: a call that AWS denies or fails raises
:class:`Unreadable`, the resource is left out, and the caller hears of it as a :class:`Gap`."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from watchkeeper.aws.arn import arn_of, partition_of
from watchkeeper.items import iso
from watchkeeper.model import ConfigurationItem, Relationship

ClientFactory = Callable[[str], Any]
"""boto3 service name -> client, of one account and region; called often, so it keeps what it makes."""
Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that could not be read, and therefore is not known: never an absence, never a pass."""

    resource_type: str
    operation: str
    """``s3:GetBucketEncryption`` …"""
    code: str
    """AWS's error code, or botocore's exception name where AWS wasn't reached."""
    message: str
    resource_id: str = ""
    """Empty: the whole type could not be listed."""
    partial: bool = False
    """Whether the rest of the resource was read, and the item says what is missing."""


class Unreadable(Exception):  # noqa: N818 - carries a gap, which the caller reports; nothing failed
    """A call was refused; carries what to report."""

    def __init__(self, operation: str, code: str, message: str) -> None:
        super().__init__(f"{operation}: {code}: {message}")
        self.operation = operation
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Context:
    """One reading of one account and region."""

    clients: ClientFactory
    account: str
    region: str
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    aspects: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Resource type -> the aspects to ask for (see ``Reader.aspects``); a type that isn't there is read whole."""
    on_partial: Callable[[Gap], None] | None = None
    """Told of a refused aspect where an item may lack one, saying so (``rules.base.UNAVAILABLE_KEY``); None: the whole
    resource is left out."""

    @property
    def partition(self) -> str:
        """``aws``, ``aws-cn`` or ``aws-us-gov``."""
        return partition_of(self.region)

    def arn(self, service: str, resource: str, *, region: str | None = None, account: str | None = None) -> str:
        """The ARN of a resource here."""
        where = self.region if region is None else region
        owner = self.account if account is None else account
        return arn_of(service, resource, region=where, account=owner, partition=self.partition)

    def wants(self, resource_type: str, aspect: str) -> bool:
        """Whether anybody looks at this aspect."""
        selected = self.aspects.get(resource_type)
        return selected is None or aspect in selected

    def ask(self, service: str, operation: str, *, absent: Collection[str] = (), **arguments: Any) -> dict[str, Any]:
        """One call. ``absent``: error codes that say 'there is none', answered with an empty mapping. Raises
        Unreadable."""
        client = self.clients(service)
        try:
            with _refusals(service, client, operation):
                answer: dict[str, Any] = getattr(client, operation)(**arguments)
        except Unreadable as refusal:
            if refusal.code in absent:
                return {}
            raise
        return answer

    def pages(self, service: str, operation: str, result: str, **arguments: Any) -> Iterator[Any]:
        """Every element of ``result`` (``DistributionList.Items``) over all pages. Raises Unreadable."""
        client = self.clients(service)
        if not client.can_paginate(operation):
            answer = self.ask(service, operation, **arguments)
            yield from at(answer, result) or ()
            while token := answer.get("NextToken"):
                answer = self.ask(service, operation, NextToken=token, **arguments)
                yield from at(answer, result) or ()
            return
        with _refusals(service, client, operation):
            for page in client.get_paginator(operation).paginate(**arguments):
                yield from at(page, result) or ()


@contextmanager
def _refusals(service: str, client: Any, operation: str) -> Iterator[None]:
    """Turns what AWS, or botocore on the way there, answers instead of a result into Unreadable."""
    name = f"{service}:{client.meta.method_to_api_mapping.get(operation, operation)}"
    try:
        yield
    except ClientError as error:
        details = error.response.get("Error", {})
        raise Unreadable(name, str(details.get("Code", "")), str(details.get("Message", ""))) from error
    except (BotoCoreError, ResponseParserError) as error:
        raise Unreadable(name, type(error).__name__, str(error)) from error


def at(answer: Any, path: str) -> Any:
    """What stands at a path of keys, ``WebACL.ARN``; None where something on it is missing, all without a path."""
    for key in path.split(".") if path else ():
        answer = answer.get(key) if answer else None
    return answer


ReadAll = Callable[[Context], Iterable[Any]]
ReadSome = Callable[[Context, Sequence[str]], Iterable[Any]]
ToItem = Callable[[Context, Any], "ConfigurationItem | None"]


@dataclass(frozen=True)
class Reader:
    """How one resource type is read."""

    resource_type: str
    service: str
    """boto3's name of the service that owns it."""
    all: ReadAll
    """Every resource, as the API describes it."""
    some: ReadSome
    """Those with these keys; one that is gone is simply not there."""
    item: ToItem
    """One description as a configuration item, with the calls that it takes; None: not a resource of this region."""
    key: Callable[[ConfigurationItem], str] = lambda item: item.resource_id
    """What the API names the resource by: often the resource id, not always (an RDS instance's identifier)."""
    aspects: frozenset[str] = frozenset()
    """What can be left out, one call each: Config's supplementary keys (as ``rules`` declare them), and ``tags``."""
    calls: bool = False
    """Whether ``item`` makes calls, so that it's worth a thread."""
    global_type: bool = False
    """Every region answers alike (IAM, CloudFront)."""
    alike: bool = False
    """Every region answers alike, and Config records it in each all the same."""


def make_item(
    ctx: Context,
    resource_type: str,
    resource_id: str,
    *,
    arn: str,
    configuration: Mapping[str, Any],
    name: str | None = None,
    supplementary: Mapping[str, Any] | None = None,
    relationships: Iterable[Relationship] = (),
    tags: Mapping[str, str] | None = None,
    created: datetime | None = None,
    zone: str = "Not Applicable",
    region: str | None = None,
) -> ConfigurationItem:
    """The item, captured now."""
    return ConfigurationItem(
        resource_type=resource_type,
        resource_id=resource_id,
        account_id=ctx.account,
        region=ctx.region if region is None else region,
        resource_name=name,
        arn=arn,
        capture_time=ctx.now,
        state_id=str(int(ctx.now.timestamp() * 1000)),
        availability_zone=zone,
        creation_time=created,
        tags=tags or {},
        relationships=tuple(dict.fromkeys(relationships)),
        configuration=configuration,
        supplementary=supplementary or {},
    )


def config_spelling(value: Any, *, keep: Collection[str] = ()) -> Any:
    """An API description as Config spells it: first letter of each key lower, times as text.

    ``keep``: names, in Config's spelling, whose value is a map by names of the user's own: those names stay.
    """
    return respelled(value, lambda key: key[:1].lower() + key[1:], keep)


def bean_spelling(value: Any, *, keep: Collection[str] = ()) -> Any:
    """As :func:`config_spelling` for the types whose leading capitals are all lower: ``vpczoneIdentifier``,
    ``dbclusterIdentifier``. Which those are is in https://github.com/awslabs/aws-config-resource-schema."""
    return respelled(value, lambda key: _CAPITALS.sub(lambda found: found[0].lower(), key), keep)


def registry_spelling(value: Any, *, keep: Collection[str] = ()) -> Any:
    """As :func:`config_spelling` for types that Config takes from CloudFormation's registry: first letter upper."""
    return respelled(value, lambda key: key[:1].upper() + key[1:], keep)


_CAPITALS = re.compile(r"^[A-Z]+")


def respelled(value: Any, spell: Callable[[str], str], keep: Collection[str] = (), *, own: bool = False) -> Any:
    """The value with every key spelled anew; not those of the maps that ``keep`` names (``own``: this is one)."""
    if isinstance(value, Mapping):
        named = ((key if own else spell(key), inner) for key, inner in value.items() if key != "ResponseMetadata")
        return {name: respelled(inner, spell, keep, own=name in keep) for name, inner in named}
    if isinstance(value, list | tuple):
        return [respelled(inner, spell, keep) for inner in value]
    return plain(value)


def plain(value: Any) -> Any:
    """The value as JSON can hold it, keys untouched."""
    if isinstance(value, datetime):
        return iso(value if value.tzinfo else value.replace(tzinfo=UTC))
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items() if key != "ResponseMetadata"}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", "replace")
    return value


def tag_map(tags: Iterable[Mapping[str, Any]] | None, key: str = "Key", value: str = "Value") -> dict[str, str]:
    """AWS's list of tags as a map."""
    return {str(tag[key]): str(tag.get(value) or "") for tag in tags or ()}


_TAG_NAMES = (("Key", "Value"), ("key", "value"), ("TagKey", "TagValue"))


def any_tags(tags: Any) -> dict[str, str]:
    """Tags in any of AWS's spellings as a map: a map already, or a list of pairs in one of three."""
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items()}
    found: dict[str, str] = {}
    for tag in tags or ():
        key, value = next(names for names in _TAG_NAMES if names[0] in tag)
        found[str(tag[key])] = str(tag.get(value) or "")
    return found


def edges(name: str, resource_type: str, ids: Iterable[str | None]) -> Iterator[Relationship]:
    """Relationships of one kind; ids that aren't there are left out."""
    return (Relationship(resource_type, id_, name) for id_ in ids if id_)


def edges_by_name(name: str, resource_type: str, names: Iterable[str | None]) -> Iterator[Relationship]:
    """Relationships where AWS knows the other end by its name only."""
    return (Relationship(resource_type, "", name, resource_name=other) for other in names if other)


def one_by_one(
    service: str, operation: str, result: str, argument: str, absent: Collection[str], *, many: bool = False
) -> ReadSome:
    """A ReadSome that asks for each key: ``argument`` takes the key (or a list of one with ``many``); codes in
    ``absent`` say that it is gone."""

    def some(ctx: Context, keys: Sequence[str]) -> Iterator[Any]:
        for key in keys:
            answer = ctx.ask(service, operation, absent=absent, **{argument: [key] if many else key})
            found = answer.get(result)
            if isinstance(found, list):
                yield from found
            elif found is not None:
                yield found

    return some


def listed(service: str, operation: str, result: str, **arguments: Any) -> ReadAll:
    """A ReadAll that pages through one list or describe operation."""
    return lambda ctx: ctx.pages(service, operation, result, **arguments)
