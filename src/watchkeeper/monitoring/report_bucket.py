"""The reports in the report bucket, through the AWS API: run one now, list, fetch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import PurePath, PurePosixPath
from typing import Any

ClientFactory = Callable[[str], Any]
"""Gives a boto3 client for a service name."""


class Kind(StrEnum):
    """A report, by what it is about."""

    COMPLIANCE = "compliance"
    DAILY = "daily"
    EXECUTIVE = "executive"


FUNCTIONS: Mapping[Kind, str] = {
    Kind.COMPLIANCE: "compliance-report",
    Kind.DAILY: "daily-aggregator",
    Kind.EXECUTIVE: "executive-summary",
}


def _prefix(kind: Kind) -> str:
    """Where the functions put reports of that kind."""
    from watchkeeper.monitoring.functions import manifest

    return {
        Kind.COMPLIANCE: manifest.PREFIX_COMPLIANCE,
        Kind.DAILY: manifest.PREFIX_DAILY,
        Kind.EXECUTIVE: manifest.PREFIX_EXECUTIVE,
    }[kind]


class ReportError(Exception):
    """A report function failed; the message has what it answered."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One file of a report."""

    key: str
    bytes: int
    written: datetime

    @property
    def document(self) -> dict[str, Any]:
        """As JSON: an element of ``schemas/report-list.schema.json``."""
        return {"key": self.key, "bytes": self.bytes, "written": self.written}


def fetched_document(files: Mapping[str, PurePath]) -> dict[str, Any]:
    """Keys and the files they were written to, as JSON: ``schemas/report-fetch.schema.json``."""
    return {"reports": [{"key": key, "file": str(file)} for key, file in files.items()]}


def stored_document(items: Iterable[Stored]) -> dict[str, Any]:
    """What there is, as JSON: ``schemas/report-list.schema.json``, ``schemas/report-run.schema.json``."""
    return {"reports": [item.document for item in items]}


class ReportBucket:
    """The report bucket of a deployment. Methods raise botocore's errors."""

    def __init__(self, client: ClientFactory, outputs: Mapping[str, Any]) -> None:
        self._client = client
        self._bucket = str(outputs["bucketName"])
        self._functions: Mapping[str, str] = outputs["functionNames"]

    def files(self, kind: Kind) -> list[Stored]:
        """The files of that kind, oldest first."""
        pages = self._client("s3").get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=_prefix(kind))
        found = [item for page in pages for item in page.get("Contents", ())]
        stored = (Stored(item["Key"], item["Size"], item["LastModified"]) for item in found)
        return sorted(stored, key=lambda item: (item.written, item.key))

    def run(self, kind: Kind) -> list[Stored]:
        """Run the report's function; gives what it wrote. Raises ReportError."""
        before = {item.key for item in self.files(kind)}
        answer = self._client("lambda").invoke(FunctionName=self._functions[FUNCTIONS[kind]], Payload=b"{}")
        text = answer["Payload"].read().decode(errors="replace")
        if "FunctionError" in answer:
            raise ReportError(f"{FUNCTIONS[kind]} failed: {text}")
        now = self.files(kind)
        return [item for item in now if item.key not in before] or now[-1:]

    def latest(self, kind: Kind) -> list[str]:
        """The keys of the newest report: all formats of one run share a name but for the ending."""
        keys = [item.key for item in self.files(kind)]
        stem = PurePosixPath(keys[-1]).with_suffix("") if keys else None
        return [key for key in keys if PurePosixPath(key).with_suffix("") == stem]

    def read(self, key: str) -> bytes:
        """The content of one file. Raises ReportError where there is none of that key."""
        client = self._client("s3")
        try:
            content: bytes = client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except client.exceptions.NoSuchKey:
            raise ReportError(f'The report bucket {self._bucket} holds no "{key}".') from None
        return content
