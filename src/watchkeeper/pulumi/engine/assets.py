"""Files that a program ships: where they are, and whether what is in them has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from watchkeeper.pulumi.engine import wire
from watchkeeper.pulumi.graph import Archive, Asset, Secret

SKIPPED: Final = frozenset({"__pycache__"})
"""Folders that Python writes by itself: they don't make a change of code."""


def resolve(inputs: Mapping[str, Any], directory: Path) -> dict[str, Any]:
    """The inputs with every asset path absolute, relative ones starting at ``directory``."""

    def absolute(value: Any) -> Any:
        if isinstance(value, (Asset, Archive)) and value.path is not None:
            return replace(value, path=str((directory / value.path).resolve()))
        return value

    resolved: dict[str, Any] = wire.map_values(inputs, absolute)
    return resolved


def hashes(inputs: Mapping[str, Any]) -> dict[str, str]:
    """The digest of each asset and archive in the inputs, by its path in them, e.g. ``code`` or ``files[0].source``."""
    return {path: digest(value) for path, value in _find(inputs, "")}


def as_deployed(old: Mapping[str, Any], deployed: Mapping[str, str], new: Mapping[str, Any]) -> dict[str, Any]:
    """Old inputs as a provider should compare them with the new ones.

    ``deployed`` has the digests (:func:`hashes`) of the time of deployment. An asset with the same content as the new
    one at its place becomes that one, wherever its file lies now; another becomes one known by its digest alone
    (``uri`` is ``sha256:…``): a file's path says nothing of what was in it then.
    """
    now = {path: (value, digest(value)) for path, value in _find(new, "")}

    def place(value: Any, path: str) -> Any:
        if isinstance(value, (Asset, Archive)):
            was = deployed.get(path, "")
            candidate, content = now.get(path, (None, ""))
            return candidate if candidate is not None and content == was else type(value)(uri=f"sha256:{was}")
        if isinstance(value, Mapping):
            return {key: place(item, f"{path}.{key}" if path else str(key)) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [place(item, f"{path}[{index}]") for index, item in enumerate(value)]
        return value

    return {key: place(item, key) for key, item in old.items()}


def digest(value: Asset | Archive) -> str:
    """SHA-256 of the content; of a folder, of its files' names and contents; a missing file has a digest of its own."""
    state = hashlib.sha256()
    for part in _parts(value):
        state.update(len(part).to_bytes(8, "big"))
        state.update(part)
    return state.hexdigest()


def _parts(value: Asset | Archive) -> Iterator[bytes]:
    yield type(value).__name__.encode()
    if isinstance(value, Archive) and value.parts is not None:
        for name in sorted(value.parts):
            yield name.encode()
            yield digest(value.parts[name]).encode()
    elif isinstance(value, Asset) and value.text is not None:
        yield value.text.encode()
    elif value.uri is not None:
        yield value.uri.encode()
    elif value.path is not None:
        yield from _file_parts(Path(value.path))
    elif value.hash is not None:
        yield value.hash.encode()


def _file_parts(path: Path) -> Iterator[bytes]:
    if path.is_file():
        yield path.read_bytes()
        return
    if not path.is_dir():
        yield b"missing"
        return
    files = (file for file in path.rglob("*") if file.is_file() and not SKIPPED & set(file.relative_to(path).parts))
    for file in sorted(files):
        yield str(file.relative_to(path)).encode()
        yield file.read_bytes()


def _find(value: Any, path: str) -> Iterator[tuple[str, Asset | Archive]]:
    if isinstance(value, (Asset, Archive)):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _find(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _find(item, f"{path}[{index}]")
    elif isinstance(value, (Secret, wire.OutputValue)):
        yield from _find(value.value, path)
