# ruff: noqa: ARG002 (the base of all handlers)
"""What a resource type is, to the framework: a table row with four small functions."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, ClassVar

from watchkeeper.pulumi.graph import UNKNOWN
from watchkeeper.pulumi.provider.aws import Aws
from watchkeeper.pulumi.provider.values import Values, fields_from_api, request
from watchkeeper.pulumi.schema import Schema, schema_of

RANDOM_DIGITS = 7


@dataclass(frozen=True, slots=True)
class AutoName:
    """The property that holds the physical name, and how it comes about when the program gives none.

    Pulumi appends a dash and seven random hexadecimal digits to the resource's name
    (https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming); ``lower`` for names that AWS wants in lower
    case, ``before`` for what must stand in front, ``fifo`` for the property that asks for the suffix ``.fifo``.
    """

    property: str = "name"
    limit: int = 255
    prefix_property: str = "namePrefix"
    lower: bool = False
    before: str = ""
    fifo: str = ""

    def make(self, name: str, inputs: Mapping[str, Any], seed: bytes = b"") -> str:
        """A new physical name; always the same one from the same seed, as the Pulumi CLI asks for."""
        end = ".fifo" if self.fifo and inputs.get(self.fifo) in (True, "true") else ""
        random = (sha256(seed).hexdigest() if seed else secrets.token_hex(4))[:RANDOM_DIGITS]
        prefix = inputs.get(self.prefix_property)
        if isinstance(prefix, str):
            return f"{prefix}{random}{end}"
        room = self.limit - len(random) - 1 - len(end) - len(self.before)
        stem = f"{self.before}{name[:room]}-"
        return f"{stem.lower() if self.lower else stem}{random}{end}"


class Handler:
    """One resource type. Subclasses say what differs; the framework does naming, defaults, diffs and clean-up.

    The values that the methods get are the program's inputs with the defaults and the physical name filled in.
    """

    types: ClassVar[tuple[str, ...]]
    """The Pulumi types that this handles: the first is the canonical one, the others are its aliases."""
    service: ClassVar[str]
    """boto3's name of the service."""
    auto_name: ClassVar[AutoName | None] = None
    replace: ClassVar[frozenset[str]] = frozenset()
    """Properties that can't be changed in place."""
    defaults: ClassVar[Mapping[str, Any]] = {}
    """What a property is when the program doesn't say, as the provider documents it."""
    ordered: ClassVar[frozenset[str]] = frozenset()
    """List properties whose order means something."""
    documents: ClassVar[frozenset[str]] = frozenset()
    """Properties that hold a JSON document; an object is dumped."""
    unsupported: ClassVar[frozenset[str]] = frozenset()
    """Properties that the SDK has and this provider would have to ignore: refused by name instead."""
    write_only: ClassVar[frozenset[str]] = frozenset()
    """Properties that the API does not give back, or that only the provider knows: no drift in them."""
    rename: ClassVar[Mapping[str, str]] = {}
    """AWS member → Pulumi property, where they differ by more than case and plural."""
    identity: ClassVar[str] = ""
    """The id as it follows from the inputs, ``{account}`` and ``{region}``; empty: the physical name."""
    chosen_by_aws: ClassVar[bool] = False
    """Whether nothing in the inputs tells one resource from another: the id is all there is."""
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """Groups of properties of which exactly one has to be given."""

    @property
    def token(self) -> str:
        """The canonical type."""
        return self.types[0]

    @property
    def schema(self) -> Schema:
        """The SDK's description of the canonical type."""
        return schema_of(self.token)

    def validate(self, values: Values) -> Iterator[str]:
        """Problems that AWS would refuse, beyond the schema's; UNKNOWN may stand in the values."""
        yield from ()

    def identify(self, aws: Aws, values: Values) -> str | None:
        """The id that a resource with these inputs has, or None where AWS alone chooses it or nothing is there."""
        template = self.identity or (f"{{{self.auto_name.property}}}" if self.auto_name else "")
        try:
            return template.format(**{"account": aws.account, "region": aws.region, **values}) or None
        except KeyError:
            return None

    def create(self, aws: Aws, values: Values) -> str:
        """Make it and give its id; calls ``aws.made = id`` before any further call that could fail."""
        raise NotImplementedError

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        """The outputs as AWS has them now, or None when it is gone."""
        raise NotImplementedError

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        """Change it in place."""
        raise NotImplementedError

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        """Remove it; gone already is fine."""
        raise NotImplementedError

    # Helpers for subclasses.

    def request(self, aws: Aws, operation: str, values: Mapping[str, Any]) -> Values:
        """The parameters of ``operation`` that these properties give."""
        return request(aws.client(self.service), operation, values, self.rename)

    def outputs(self, reply: Mapping[str, Any]) -> Values:
        """The members of an AWS structure that are inputs of this type, in Pulumi's spelling."""
        return fields_from_api(reply, self.schema.inputs, self.schema.objects, self.rename)


def known(values: Mapping[str, Any], name: str) -> Any:
    """The value, or None when it is missing or not known yet."""
    value = values.get(name)
    return None if value is UNKNOWN else value
