"""``pulumi preview --json`` and ``pulumi stack export``: resources as Pulumi's state files write them.

Format: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/apitype/core.go (ResourceV3); the signatures of
special values: sdk/go/common/resource/sig.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from watchkeeper.model import SourcePosition
from watchkeeper.preflight.inputs.target import TargetError
from watchkeeper.preflight.meaning.values import DEPTH
from watchkeeper.pulumi.graph import UNKNOWN, Archive, Asset, Graph, Reference, Resource, Secret

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - Pulumi's public marker of a secret
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
REFERENCE = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWNS = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""What stands for an unknown text, boolean, number, list, asset, archive and object in a preview."""
HIDDEN = "[secret]"
"""What a preview writes in a secret's place, unless asked to show secrets (pkg/display/json.go)."""
OTHER_AWS = frozenset({"aws-native", "aws-apigateway", "aws-iam", "aws-static-website"})
"""Packages that make resources of AWS beside the aws provider."""
PROVIDERS = "pulumi:providers:"
GONE = frozenset({"delete", "delete-replaced", "discard", "discard-replaced", "read-discard", "remove-pending-replace"})


def is_preview(document: Mapping[str, Any]) -> bool:
    """Whether a document is what ``pulumi preview --json`` prints."""
    return isinstance(document.get("steps"), list)


def is_export(document: Mapping[str, Any]) -> bool:
    """Whether a document is what ``pulumi stack export`` prints, or a checkpoint file of a backend of one's own."""
    return bool(_deployment(document))


def _deployment(document: Mapping[str, Any]) -> Mapping[str, Any]:
    return _raw_mapping(document.get("deployment") or _raw_mapping(document.get("checkpoint")).get("latest"))


def read_preview(document: Mapping[str, Any], name: str) -> Graph:
    """The graph that a preview plans: every step that leaves a resource behind."""
    states: dict[str, Mapping[str, Any]] = {}
    unread: list[str] = []
    for step in document["steps"]:
        state = step.get("newState") if isinstance(step, Mapping) else None
        if isinstance(step, Mapping) and str(step.get("op")) in GONE:
            continue
        if isinstance(state, Mapping) and isinstance(state.get("urn"), str):
            states[state["urn"]] = state
        else:
            unread.append("a step of the preview has no newState with a urn")
    errors = [item.get("message", "") for item in document.get("diagnostics") or () if isinstance(item, Mapping)]
    unread += [f"the preview says: {message}" for message in errors if message]
    graph = _graph(states, f"pulumi preview {name}", unread, config_of(document).get("aws:region"))
    return replace(graph, shows_components=False)


def config_of(document: Mapping[str, Any]) -> dict[str, str]:
    """The stack's configuration in a preview: full key to text, structures as JSON text."""
    config = _raw_mapping(document.get("config"))
    return {str(key): value for key, value in config.items() if isinstance(value, str)}


def read_export(document: Mapping[str, Any], name: str) -> Graph:
    """The graph of a stack's state."""
    deployment = _deployment(document)
    listed = deployment.get("resources")
    found = listed if isinstance(listed, list) else []
    named = [state for state in found if isinstance(state, Mapping) and isinstance(state.get("urn"), str)]
    states = {state["urn"]: state for state in named if not state.get("delete")}
    unread = ["some resources of the export have no urn"] if len(named) < len(found) else []
    for operation in deployment.get("pending_operations") or ():
        urn = str(_raw_mapping(_raw_mapping(operation).get("resource")).get("urn") or "")
        name_of, kind = urn.rpartition("::")[2], _raw_mapping(operation).get("type")
        unread.append(f"{name_of} is {kind} since an interrupted update: what became of it is not known")
    return _graph(states, f"pulumi stack export {name}", unread)


def _graph(states: Mapping[str, Mapping[str, Any]], source: str, unread: list[str], region: str | None = None) -> Graph:
    if not states:
        raise TargetError(f"{source} holds no resource")
    resources = _with_versions({urn: _resource(urn, state) for urn, state in states.items()})
    stack, project = _names(next(iter(states)))
    unread = [*unread, *_others(resources)]
    return Graph(resources, project, stack, source, _region(resources) or region, tuple(dict.fromkeys(unread)))


def _with_versions(resources: Mapping[str, Resource]) -> dict[str, Resource]:
    """Each resource with its provider's version, which stands at the provider (``provider`` is its URN and id)."""
    versions = {urn: item.inputs.get("version") for urn, item in resources.items() if item.type.startswith(PROVIDERS)}
    found = {urn: versions.get(item.provider.rpartition("::")[0]) for urn, item in resources.items()}
    return {urn: replace(item, provider_version=str(found[urn] or "")) for urn, item in resources.items()}


def _others(resources: Mapping[str, Resource]) -> Iterator[str]:
    """Resources of AWS under another provider than the checks know."""
    packages = Counter(item.type.partition(":")[0] for item in resources.values() if item.custom)
    for package in sorted(OTHER_AWS & set(packages)):
        yield f"{packages[package]} of {package} were not read: the checks know the types of the aws provider"


def _names(urn: str) -> tuple[str, str]:
    parts = urn.split("::")
    return parts[0].removeprefix("urn:pulumi:"), parts[1] if len(parts) > 1 else ""


def _resource(urn: str, state: Mapping[str, Any]) -> Resource:
    outputs = state.get("outputs")
    custom = bool(state.get("custom"))
    return Resource(
        urn=urn,
        type=str(state.get("type", "")),
        name=urn.rpartition("::")[2],
        inputs=_mapping(state.get("inputs")),
        outputs=_mapping(outputs),
        custom=custom,
        parent=str(state.get("parent") or ""),
        dependencies=_urns(state.get("dependencies")),
        property_dependencies={
            str(key): _urns(urns) for key, urns in _raw_mapping(state.get("propertyDependencies")).items()
        },
        provider=str(state.get("provider") or ""),
        protect=bool(state.get("protect")),
        retain_on_delete=bool(state.get("retainOnDelete")),
        outputs_registered=not custom and isinstance(outputs, Mapping),
        position=_position(state.get("sourcePosition")),
        id=str(state.get("id") or ""),
        external=bool(state.get("external")),
    )


def _raw_mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _mapping(value: Any) -> dict[str, Any]:
    return {str(key): _value(item) for key, item in _raw_mapping(value).items()}


def _urns(value: Any) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _position(value: Any) -> SourcePosition | None:
    """``project:///path#line,column``."""
    if not isinstance(value, str) or "#" not in value:
        return None
    file, _, place = value.partition("#")
    numbers = [int(part) for part in place.split(",") if part.isdecimal() and len(part) < 9]
    return SourcePosition(file.removeprefix("project:///"), *numbers[:2]) if numbers else None


def _value(value: Any, depth: int = 0) -> Any:
    if depth > DEPTH:
        return UNKNOWN
    if isinstance(value, str):
        if value == HIDDEN:
            return Secret(UNKNOWN)
        return UNKNOWN if value in UNKNOWNS else value
    if isinstance(value, list):
        return [_value(item, depth + 1) for item in value]
    if isinstance(value, Mapping):
        return (
            _special(value, depth) if SIGNATURE in value else {str(k): _value(v, depth + 1) for k, v in value.items()}
        )
    return value


def _special(value: Mapping[str, Any], depth: int) -> Any:
    kind = value[SIGNATURE]
    if kind == SECRET:
        return Secret(_secret(value, depth))
    if kind == OUTPUT:
        return _value(value.get("value", next(iter(UNKNOWNS))), depth + 1)
    if kind == REFERENCE:
        return Reference(str(value.get("urn", "")))
    if kind == ASSET:
        return Asset(path=value.get("path"), text=value.get("text"), uri=value.get("uri"), hash=value.get("hash"))
    if kind == ARCHIVE:
        assets = value.get("assets")
        parts = (
            {str(name): _value(part, depth + 1) for name, part in assets.items()}
            if isinstance(assets, Mapping)
            else None
        )
        kept = {name: part for name, part in (parts or {}).items() if isinstance(part, Asset | Archive)}
        found = kept if parts is not None else None
        return Archive(path=value.get("path"), uri=value.get("uri"), parts=found, hash=value.get("hash"))
    return UNKNOWN


def _secret(value: Mapping[str, Any], depth: int) -> Any:
    """A secret's value where it is written out; ciphertext stays unknown."""
    plain = value.get("plaintext", value.get("value"))
    if not isinstance(plain, str) or value.get("ciphertext"):
        return UNKNOWN
    try:
        return _value(json.loads(plain), depth + 1)
    except (ValueError, RecursionError):
        return _value(plain, depth + 1)


def _region(resources: Mapping[str, Resource]) -> str | None:
    found = {
        resource.inputs.get("region") for resource in resources.values() if resource.type == "pulumi:providers:aws"
    } - {None}
    only = next(iter(found)) if len(found) == 1 else None
    return only if isinstance(only, str) else None
