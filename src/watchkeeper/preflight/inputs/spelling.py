"""From other tools' spellings to Pulumi's: tables of types and renamed properties, and how they are applied."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from watchkeeper.pulumi.graph import Archive, Asset, Reference, Secret, Unknown


@dataclass(frozen=True, slots=True)
class Mapped:
    """One resource type: Pulumi's name, properties with another name, properties whose inside is left alone."""

    type: str
    renames: Mapping[str, str] = field(default_factory=dict)
    opaque: frozenset[str] = frozenset()


def lower_camel(name: str) -> str:
    """``KmsMasterKeyId`` to ``kmsMasterKeyId``, ``SSEAlgorithm`` to ``sseAlgorithm``, ``role_arn`` to ``roleArn``."""
    if "_" in name:
        head, *rest = [part for part in name.split("_") if part] or [name]
        return head + "".join(part[:1].upper() + part[1:] for part in rest)
    match = re.match(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]+(?=\d|$)|[A-Z]", name)
    return match.group().lower() + name[match.end() :] if match else name


def respell(value: Any, table: Mapped, path: str = "") -> Any:
    """A value with its keys in Pulumi's spelling. ``path`` is the original's, dotted, for renames and opaque parts."""
    if path in table.opaque or isinstance(value, Asset | Archive | Reference | Secret | Unknown):
        return value
    if isinstance(value, Mapping):
        return {
            _name(table, f"{path}.{key}" if path else str(key), str(key)): respell(
                item, table, f"{path}.{key}" if path else str(key)
            )
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [respell(item, table, path) for item in value]
    return value


def _name(table: Mapped, path: str, key: str) -> str:
    return table.renames.get(path, lower_camel(key))


ENVIRONMENTS = ("environmentsuffix", "environment", "environmentname", "envname", "env", "stage", "stagename")


def environment_of(parameters: Mapping[str, Any]) -> str:
    """The environment that a template's parameters or a plan's variables say, by the usual names; else empty."""
    by_name = {key.replace("_", "").replace("-", "").lower(): value for key, value in parameters.items()}
    return next((value for name in ENVIRONMENTS if isinstance(value := by_name.get(name), str)), "")
