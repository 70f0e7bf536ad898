"""What the provider can do, for the documentation."""

from __future__ import annotations

from dataclasses import dataclass

from watchkeeper.pulumi.provider.lookups import supported_lookups
from watchkeeper.pulumi.provider.registry import handlers

__all__ = ["TypeReference", "supported_lookups", "supported_types"]


@dataclass(frozen=True, slots=True)
class TypeReference:
    """One resource type: its boto3 service, the aliases' canonical type, what replaces it, what is refused by name."""

    type: str
    service: str
    same_as: str
    replaced_by: tuple[str, ...]
    unsupported: tuple[str, ...]
    about: str


def supported_types() -> list[TypeReference]:
    """Every Pulumi type that the provider can do, sorted."""
    return [
        TypeReference(
            type=token,
            service=handler.service,
            same_as=handler.token,
            replaced_by=tuple(sorted(handler.replace | ({handler.auto_name.property} if handler.auto_name else set()))),
            unsupported=tuple(sorted(handler.unsupported)),
            about=" ".join((handler.__doc__ or "").split()),
        )
        for token, handler in handlers().items()
    ]
