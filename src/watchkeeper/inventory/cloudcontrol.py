"""Types that Config takes from CloudFormation's registry, read as Config does: through the registry's own handlers.

Cloud Control runs them for anybody: one listing a type, and one call for each resource, since a listing need not give
more than identifiers. The answer is the configuration that Config records, property for property. The catalog says
which types there are (``facts.registry_types``); where a service's own API describes many at once, a reader of its
own takes their place.

Pages: https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-operations-list.html,
https://docs.aws.amazon.com/cloudcontrolapi/latest/APIReference/API_GetResource.html.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.aws import facts
from watchkeeper.aws.facts import RegistryType
from watchkeeper.inventory.core import Context, Raw, Reader, Unreadable, any_tags, make_item
from watchkeeper.model import ConfigurationItem

SERVICE = "cloudcontrol"
_GONE = ("ResourceNotFoundException",)
_EVERYWHERE = frozenset({"IAM", "Route53"})
"""Services that every region answers for alike."""


def readers() -> dict[str, Reader]:
    """Resource type to its reader."""
    return {name: _reader(name, kind) for name, kind in facts.registry_types().items()}


def _reader(name: str, kind: RegistryType) -> Reader:
    return Reader(
        name,
        SERVICE,
        all=functools.partial(_identifiers, name=name, kind=kind),
        some=lambda _ctx, keys: iter(keys),
        item=functools.partial(_item, name, kind),
        calls=True,
        global_type=name.split("::")[1] in _EVERYWHERE,
    )


def _identifiers(ctx: Context, *, name: str, kind: RegistryType) -> Iterator[str]:
    if not kind.within:
        yield from (found["Identifier"] for found in _listed(ctx, name))
        return
    for parent in _listed(ctx, kind.within):
        model = json.dumps({kind.by: _named(parent, kind.by)})
        yield from (found["Identifier"] for found in _listed(ctx, name, ResourceModel=model))


def _listed(ctx: Context, name: str, **arguments: str) -> Iterator[Raw]:
    return ctx.pages(SERVICE, "list_resources", "ResourceDescriptions", TypeName=name, **arguments)


def _named(parent: Raw, name: str) -> str:
    """The property of the parent; where the listing gives the identifier only, that, or the last part of an ARN."""
    identifier = str(parent["Identifier"])
    whole = identifier if name.endswith("Arn") else identifier.rpartition("/")[2]
    return str(_properties(parent).get(name) or whole)


def _properties(description: Raw) -> Mapping[str, Any]:
    held: Any = json.loads(description.get("Properties") or "{}")
    return held if isinstance(held, dict) else {}


def _item(name: str, kind: RegistryType, ctx: Context, identifier: str) -> ConfigurationItem | None:
    answer = ctx.ask(SERVICE, "get_resource", TypeName=name, Identifier=identifier, absent=_GONE)
    if not answer:
        return None
    try:
        properties = _properties(answer["ResourceDescription"])
    except ValueError as error:
        raise Unreadable(f"{SERVICE}:GetResource", "InvalidProperties", str(error)) from error
    return make_item(
        ctx,
        name,
        identifier,
        name=properties.get("Name"),
        arn=str(properties.get(kind.arn) or ""),
        configuration=properties,
        tags=any_tags(properties.get(kind.tags)),
    )
