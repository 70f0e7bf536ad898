"""Pulumi's property wire format, both ways.

Three spellings of the same values:

- *rich*: JSON values with UNKNOWN, Secret, Asset, Archive and Reference (:mod:`watchkeeper.pulumi.graph`), and
  :class:`ResourceRef` and :class:`OutputValue` from here. What the engine thinks in.
- *plain*: JSON only, special values as objects with Pulumi's signature key. What the state file keeps.
- *proto*: ``google.protobuf.struct_pb2.Struct``. What goes over gRPC.

The signatures are those of pulumi/pulumi ``sdk/go/common/resource/properties.go``, ``asset/asset.go`` and
``archive/archive.go``. :data:`REFERENCE` is ours: only our own Python runner sends it, in previews.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from watchkeeper.pulumi.graph import UNKNOWN, Archive, Asset, Reference, Secret, Unknown

SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a signature, not a secret
RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
REFERENCE: Final = "watchkeeper-reference-9d7f3a2c51e84b06"
UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
OTHER_UNKNOWNS: Final = frozenset(
    {
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""Unknown bool, number, list, asset and archive (``sdk/go/common/resource/plugin/rpc.go``: UnknownBoolValue …)."""

_EMPTY: Final = sha256().hexdigest()
_EMPTY_ARCHIVE: Final = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
"""The CLI's hashes of an empty text and of an archive without parts (``archive.go``: IsAssets). Another hash without
content stands for content that is not kept: the CLI's states have only the hash of what was shipped."""


class WireError(ValueError):
    """A value that is not in Pulumi's wire format; says which and where."""


@dataclass(frozen=True, slots=True)
class ResourceRef:
    """A resource itself used as a value; ``id`` is None for a component, UNKNOWN before it exists."""

    urn: str
    id: Any = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class OutputValue:
    """An output with its dependencies; ``value`` is UNKNOWN when it is not known yet."""

    value: Any = UNKNOWN
    secret: bool = False
    dependencies: tuple[str, ...] = ()


def from_plain(value: Any, path: str = "") -> Any:
    """Rich from plain. Raises WireError on a signature that is not Pulumi's."""
    if isinstance(value, str):
        return UNKNOWN if value == UNKNOWN_TEXT or value in OTHER_UNKNOWNS else value
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, (list, tuple)):
        return [from_plain(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if not isinstance(value, Mapping):
        return value
    if SIGNATURE_KEY not in value:
        return {key: from_plain(item, f"{path}.{key}" if path else key) for key, item in value.items()}
    read = _READERS.get(value[SIGNATURE_KEY]) if isinstance(value[SIGNATURE_KEY], str) else None
    if read is None:
        raise WireError(f"{path or 'value'}: {value[SIGNATURE_KEY]!r} is not a signature of Pulumi's wire format")
    return read(value, path)


def to_plain(value: Any) -> Any:
    """Plain from rich. Raises WireError for a Python value that has no place in the format."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    write = _WRITERS.get(type(value))
    if write is None:
        raise WireError(f"{type(value).__name__} is not a property value: use text, number, bool, list or object")
    return write(value)


def decode(struct: Any) -> dict[str, Any]:
    """Rich values of a protobuf ``Struct``."""
    return {key: from_plain(_proto_to_plain(item), key) for key, item in struct.fields.items()}


def decode_value(value: Any) -> Any:
    """The rich value of a protobuf ``Value``."""
    return from_plain(_proto_to_plain(value))


def encode(values: Mapping[str, Any]) -> Any:
    """A protobuf ``Struct`` of rich values. A Reference goes out as unknown: no SDK knows it."""
    from google.protobuf.struct_pb2 import Struct

    struct = Struct()
    for key, item in values.items():
        _plain_to_proto(to_plain(map_values(item, _hide_reference)), struct.fields[key])
    return struct


def map_values(value: Any, change: Callable[[Any], Any]) -> Any:
    """The value with ``change`` applied to everything inside it, innermost first."""
    if isinstance(value, Mapping):
        return change({key: map_values(item, change) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return change([map_values(item, change) for item in value])
    if isinstance(value, Secret):
        return change(Secret(map_values(value.value, change)))
    if isinstance(value, OutputValue):
        return change(OutputValue(map_values(value.value, change), value.secret, value.dependencies))
    if isinstance(value, Archive) and value.parts is not None:
        parts = {key: map_values(part, change) for key, part in value.parts.items()}
        return change(Archive(parts=parts, hash=value.hash))
    return change(value)


def simplify(value: Any) -> Any:
    """What the graph keeps: of an output its value, of a resource its id (or a Reference), of a component its URN."""
    return map_values(value, _simple)


def dependencies(value: Any) -> tuple[str, ...]:
    """URNs that output values and resource references inside name, each once, in order."""
    return tuple(dict.fromkeys(_dependencies(value)))


def without_secrets(value: Any) -> Any:
    """The value with every Secret replaced by what it holds."""
    return map_values(value, lambda item: item.value if isinstance(item, Secret) else item)


def has_secret(value: Any) -> bool:
    """Whether a Secret stands anywhere in it."""
    return any(isinstance(item, Secret) for item in walk(value))


def has_unknown(value: Any) -> bool:
    """Whether something in it is only known after the deployment."""
    return any(isinstance(item, (Unknown, Reference)) for item in walk(value))


def walk(value: Any) -> Iterator[Any]:
    """The value and everything inside it."""
    queue = [value]
    while queue:
        item = queue.pop()
        yield item
        if isinstance(item, Mapping):
            queue.extend(item.values())
        elif isinstance(item, (list, tuple)):
            queue.extend(item)
        elif isinstance(item, (Secret, OutputValue)):
            queue.append(item.value)
        elif isinstance(item, Archive) and item.parts is not None:
            queue.extend(item.parts.values())


def _simple(item: Any) -> Any:
    if isinstance(item, OutputValue):
        return Secret(item.value) if item.secret and not isinstance(item.value, Secret) else item.value
    if not isinstance(item, ResourceRef):
        return item
    if item.id is None:
        return item.urn
    return Reference(item.urn) if isinstance(item.id, Unknown) else item.id


def _hide_reference(item: Any) -> Any:
    return UNKNOWN if isinstance(item, Reference) else item


def _dependencies(value: Any) -> Iterator[str]:
    for item in walk(value):
        if isinstance(item, OutputValue):
            yield from item.dependencies
        elif isinstance(item, (ResourceRef, Reference)):
            yield item.urn


# -- readers and writers of the special values; each reader takes what every other takes:
# ruff: noqa: ARG001


def _read_asset(value: Mapping[str, Any], path: str) -> Asset:
    # An empty text comes without the field, or with path and uri empty beside it: what is not empty counts.
    hash_ = _hash(value)
    if value.get("path"):
        return Asset(path=str(value["path"]), hash=hash_)
    if value.get("uri"):
        return Asset(uri=str(value["uri"]), hash=hash_)
    text = value.get("text", "")
    if hash_ and not text and hash_ != _EMPTY:
        return Asset(hash=hash_)
    return Asset(text=text if isinstance(text, str) else str(text), hash=hash_)


def _read_archive(value: Mapping[str, Any], path: str) -> Archive:
    hash_ = _hash(value)
    if value.get("path"):
        return Archive(path=str(value["path"]), hash=hash_)
    if value.get("uri"):
        return Archive(uri=str(value["uri"]), hash=hash_)
    parts = value.get("assets")
    if hash_ and (not parts) and hash_ != _EMPTY_ARCHIVE:
        return Archive(hash=hash_)
    if not isinstance(parts, Mapping):
        raise WireError(f"{path or 'value'}: an archive needs one of assets, path and uri")
    read = {key: from_plain(part, f"{path}.{key}") for key, part in parts.items()}
    wrong = [key for key, part in read.items() if not isinstance(part, (Asset, Archive))]
    if wrong:
        raise WireError(f"{path or 'value'}: {wrong[0]!r} in an archive is neither an asset nor an archive")
    return Archive(parts=read, hash=hash_)


def _hash(value: Mapping[str, Any]) -> str | None:
    found = value.get("hash")
    return found if isinstance(found, str) and found else None


def _read_secret(value: Mapping[str, Any], path: str) -> Secret:
    return Secret(from_plain(value.get("value"), path))


def _read_resource(value: Mapping[str, Any], path: str) -> ResourceRef:
    urn = value.get("urn")
    if not isinstance(urn, str):
        raise WireError(f"{path or 'value'}: a resource reference needs its urn")
    id_ = from_plain(value["id"]) if "id" in value else None
    return ResourceRef(urn, UNKNOWN if id_ == "" else id_, str(value.get("packageVersion", "")))


def _read_output(value: Mapping[str, Any], path: str) -> OutputValue:
    inner = from_plain(value["value"], path) if "value" in value else UNKNOWN
    return OutputValue(inner, value.get("secret") is True, tuple(map(str, value.get("dependencies") or ())))


def _read_reference(value: Mapping[str, Any], path: str) -> Reference:
    return Reference(str(value.get("urn", "")), str(value.get("property", "")))


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any], str], Any]]] = {
    ASSET: _read_asset,
    ARCHIVE: _read_archive,
    SECRET: _read_secret,
    RESOURCE: _read_resource,
    OUTPUT: _read_output,
    REFERENCE: _read_reference,
}


def _write_asset(asset: Asset) -> dict[str, Any]:
    fields = {"path": asset.path, "text": asset.text, "uri": asset.uri, "hash": asset.hash}
    return {SIGNATURE_KEY: ASSET} | {key: item for key, item in fields.items() if item is not None}


def _write_archive(archive: Archive) -> dict[str, Any]:
    parts = None if archive.parts is None else to_plain(archive.parts)
    fields = {"path": archive.path, "uri": archive.uri, "assets": parts, "hash": archive.hash}
    return {SIGNATURE_KEY: ARCHIVE} | {key: item for key, item in fields.items() if item is not None}


def _write_resource(ref: ResourceRef) -> dict[str, Any]:
    version = {"packageVersion": ref.version} if ref.version else {}
    if ref.id is None:
        return {SIGNATURE_KEY: RESOURCE, "urn": ref.urn} | version
    return {SIGNATURE_KEY: RESOURCE, "urn": ref.urn, "id": to_plain(ref.id)} | version


def _write_output(output: OutputValue) -> dict[str, Any]:
    value = {} if isinstance(output.value, Unknown) else {"value": to_plain(output.value)}
    secret = {"secret": True} if output.secret else {}
    depends = {"dependencies": list(output.dependencies)} if output.dependencies else {}
    return {SIGNATURE_KEY: OUTPUT} | value | secret | depends


_WRITERS: Final[Mapping[type, Callable[[Any], Any]]] = {
    Unknown: lambda _: UNKNOWN_TEXT,
    Secret: lambda secret: {SIGNATURE_KEY: SECRET, "value": to_plain(secret.value)},
    Asset: _write_asset,
    Archive: _write_archive,
    ResourceRef: _write_resource,
    OutputValue: _write_output,
    Reference: lambda ref: {SIGNATURE_KEY: REFERENCE, "urn": ref.urn, "property": ref.property},
}


# -- plain and proto


def _proto_to_plain(value: Any) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return {key: _proto_to_plain(item) for key, item in value.struct_value.fields.items()}
    if kind == "list_value":
        return [_proto_to_plain(item) for item in value.list_value.values]
    if kind in (None, "null_value"):
        return None
    return getattr(value, kind)


def _plain_to_proto(value: Any, into: Any) -> None:
    if value is None:
        into.null_value = 0
    elif isinstance(value, bool):
        into.bool_value = value
    elif isinstance(value, (int, float)):
        into.number_value = value
    elif isinstance(value, str):
        into.string_value = value
    elif isinstance(value, Mapping):
        into.struct_value.SetInParent()
        for key, item in value.items():
            _plain_to_proto(item, into.struct_value.fields[key])
    else:
        into.list_value.SetInParent()
        for item in value:
            _plain_to_proto(item, into.list_value.values.add())
