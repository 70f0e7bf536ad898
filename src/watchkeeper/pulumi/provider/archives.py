"""Assets and archives as bytes: the same content gives the same zip, wherever and whenever it is made."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from watchkeeper.pulumi.graph import Archive, Asset

_EPOCH = (1980, 1, 1, 0, 0, 0)
_SKIPPED_FOLDERS = frozenset({"__pycache__", ".git", ".mypy_cache", ".pytest_cache"})
_MODE = 0o644 << 16


class ArchiveError(ValueError):
    """A file or folder that a program wants to ship is missing or can't be read."""


def asset_bytes(asset: Asset) -> bytes:
    """The content of an asset. Raises ArchiveError when there is none."""
    if asset.text is not None:
        return asset.text.encode()
    if asset.path is not None:
        return _file_bytes(Path(asset.path))
    if asset.uri is None:
        raise ArchiveError("only the hash of an asset is known, not its content")
    raise ArchiveError(f"an asset at {asset.uri!r} can't be fetched: give it as a local path or as text")


def zip_bytes(archive: Archive | Asset) -> bytes:
    """An archive as a zip, sorted and with fixed times. A zip file on disk is taken as it is."""
    if isinstance(archive, Asset):
        return asset_bytes(archive)
    if archive.path is not None and Path(archive.path).is_file():
        return _file_bytes(Path(archive.path))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in sorted(members(archive)):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _MODE
            target.writestr(entry, content)
    return buffer.getvalue()


def members(archive: Archive | Asset, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    """Every file in an archive, by its path inside."""
    if isinstance(archive, Asset):
        yield prefix, asset_bytes(archive)
    elif archive.parts is not None:
        for name, part in sorted(archive.parts.items()):
            yield from members(part, _join(prefix, name))
    elif archive.path is not None:
        yield from _disk_members(Path(archive.path), prefix)
    elif archive.uri is None:
        raise ArchiveError("only the hash of an archive is known, not its content")
    else:
        raise ArchiveError(f"an archive at {archive.uri!r} can't be fetched: give it as a local path or as its parts")


def readable(value: Archive | Asset) -> bool:
    """Whether it says where its content is; a state of the Pulumi CLI keeps the hash alone."""
    return any(part is not None for part in (value.path, value.uri, *_inside(value)))


def _inside(value: Archive | Asset) -> tuple[object, ...]:
    return (value.text,) if isinstance(value, Asset) else (value.parts,)


def content_hash(value: Archive | Asset) -> str:
    """SHA-256 of what would be shipped, hexadecimal."""
    return hashlib.sha256(zip_bytes(value)).hexdigest()


def _join(prefix: str, name: str) -> str:
    inside = name.strip("/")
    if inside in (".", ""):
        return prefix
    if ".." in inside.split("/"):
        raise ArchiveError(f"{name!r} leads out of the archive")
    return f"{prefix}/{inside}" if prefix else inside


def _disk_members(path: Path, prefix: str) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            relative = file.relative_to(path)
            if file.is_file() and not _SKIPPED_FOLDERS.intersection(relative.parts) and file.suffix != ".pyc":
                yield _join(prefix, relative.as_posix()), _file_bytes(file)
        return
    if not path.is_file():
        raise ArchiveError(f"there is no file or folder {path}")
    if not zipfile.is_zipfile(path):
        raise ArchiveError(f"{path} is neither a folder nor a zip file")
    with zipfile.ZipFile(path) as source:
        for entry in sorted(source.namelist()):
            if not entry.endswith("/"):
                yield _join(prefix, entry), source.read(entry)


def _file_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArchiveError(f"{path} can't be read: {error.strerror}") from error
