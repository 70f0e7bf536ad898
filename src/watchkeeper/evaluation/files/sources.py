"""Which files hold configuration items, on disk and in S3."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

ENDINGS = tuple(f".{kind}{packed}" for kind in ("json", "jsonl", "ndjson") for packed in ("", ".gz"))
"""What files of a folder, or below an S3 prefix, end in to be read."""

_SNAPSHOT = re.compile(r"(\d{12}_Config_[a-z0-9-]+)_ConfigSnapshot_(\d{8}T\d{6}Z)_[^/\\]*\Z")
"""``<account>_Config_<region>_ConfigSnapshot_<time>_<id>.json.gz``, as Config names them."""

_OTHER_SERVICE = re.compile(r"AWSLogs/(?:o-[a-z0-9]+/)?\d{12}/(?!Config/)")
"""What CloudTrail and others keep beside Config's files in a bucket of logs."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to evaluate, wherever it is: its name, its size as stored, and how to open it."""

    name: str
    size: int
    open: Callable[[], BinaryIO]


def file_sources(paths: Iterable[str | os.PathLike[str]]) -> list[Source]:
    """The files, and those below the folders that :func:`holds_items`, in order. Raises FileNotFoundError."""
    found: list[Source] = []
    for path in map(Path, paths):
        if path.is_dir():
            inside = (p for p in path.rglob("*") if p.is_file() and holds_items(p.as_posix()))
            found += [_file_source(p) for p in sorted(inside)]
        elif path.exists():
            found.append(_file_source(path))
        else:
            raise FileNotFoundError(f"no such file or folder: {path}")
    return found


def holds_items(name: str) -> bool:
    """Whether a file of that name, found rather than given, is read."""
    return name.endswith(ENDINGS) and not _OTHER_SERVICE.search(name)


def _file_source(path: Path) -> Source:
    return Source(str(path), path.stat().st_size, lambda: path.open("rb"))


def s3_sources(client: Any, bucket: str, prefix: str = "") -> list[Source]:
    """The files below an S3 prefix that :func:`holds_items`, through a boto3 S3 client that the caller made."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    objects = (entry for page in pages for entry in page.get("Contents", ()))
    return [
        Source(f"s3://{bucket}/{o['Key']}", o["Size"], _s3_opener(client, bucket, o["Key"]))
        for o in objects
        if holds_items(o["Key"])
    ]


def _s3_opener(client: Any, bucket: str, key: str) -> Callable[[], BinaryIO]:
    """An object that can't be read is a file that can't: the others are read all the same."""

    def opener() -> BinaryIO:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            body: BinaryIO = _Body(client.get_object(Bucket=bucket, Key=key)["Body"])  # type: ignore[assignment]
        except (BotoCoreError, ClientError) as error:
            raise OSError(str(error)) from error
        return body

    return opener


class _Body(io.RawIOBase):
    """The body of an S3 object, whose failures are those of a file."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def read(self, size: int = -1, /) -> bytes:
        """As a file does. Raises OSError where the connection breaks."""
        from botocore.exceptions import BotoCoreError, HTTPClientError

        try:
            block: bytes = self._body.read(None if size < 0 else size)
        except (BotoCoreError, HTTPClientError) as error:
            raise OSError(str(error)) from error
        return block


def latest_snapshots(sources: Iterable[Source]) -> tuple[list[Source], list[Source]]:
    """The sources without the snapshots that a later one of the same account and region supersedes, and those."""
    given = [(source, _SNAPSHOT.search(source.name)) for source in sources]
    latest: dict[str, str] = {}
    for _, found in given:
        if found:
            latest[found[1]] = max(found[2], latest.get(found[1], ""))
    kept = [source for source, found in given if not found or found[2] == latest[found[1]]]
    return kept, [source for source, found in given if found and found[2] != latest[found[1]]]
