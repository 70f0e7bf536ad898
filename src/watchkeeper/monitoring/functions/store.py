"""The report bucket, as the functions see it: put, get, list, and *once* for what must not happen twice.

The bucket's default encryption (SSE-KMS) applies: no request names a key. A bucket that is gone is named in the error.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from watchkeeper.monitoring.functions.runtime import ReportBucketGoneError, RetryLaterError, error_code, log

JSON = "application/json"
HTML = "text/html; charset=utf-8"
CSV = "text/csv; charset=utf-8"

_CONFLICTS = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
_ABSENT = frozenset({"NoSuchKey", "404"})


@dataclass(frozen=True, slots=True)
class Stored:
    """An object's content with its entity tag."""

    body: bytes
    etag: str


class Store:
    """One bucket through one boto3 S3 client."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3 = s3
        self.bucket = bucket

    def put(self, key: str, text: str, content_type: str = JSON) -> None:
        """Writes an object.

        Raises
        ------
        ReportBucketGoneError
            When the bucket does not exist. Other errors are botocore's.
        """
        with self._named():
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=text.encode(), ContentType=content_type)

    def put_if(self, key: str, text: str, etag: str | None) -> bool:
        """Writes an object only if it does not exist yet (``etag`` None) or is still the one with that entity tag.

        True when written. Follows "How to prevent object overwrites with conditional writes" (Amazon S3 user guide).
        """
        condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        try:
            with self._named():
                self._s3.put_object(Bucket=self.bucket, Key=key, Body=text.encode(), ContentType=JSON, **condition)
        except Exception as error:
            code = error_code(error)
            # If-Match on an object that went meanwhile is answered with NoSuchKey.
            if code in _CONFLICTS or (etag is not None and code in _ABSENT):
                return False
            raise
        return True

    def get(self, key: str) -> Stored | None:
        """An object, or None when there is none under that key."""
        try:
            with self._named():
                answer = self._s3.get_object(Bucket=self.bucket, Key=key)
                return Stored(answer["Body"].read(), answer["ETag"])
        except Exception as error:
            if error_code(error) in _ABSENT:
                return None
            raise

    def keys(self, prefix: str, start_after: str = "") -> Iterator[str]:
        """All keys under a prefix, in order, page by page; only those after ``start_after`` when it is given."""
        with self._named():
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=prefix, **({"StartAfter": start_after} if start_after else {})
            )
            for page in pages:
                yield from (entry["Key"] for entry in page.get("Contents", ()))

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if error_code(error) == "NoSuchBucket":
                raise ReportBucketGoneError(
                    f"report bucket {self.bucket!r} does not exist (NoSuchBucket). Deploy the stack again, then "
                    "redrive the function's dead-letter queue: what could not be written waits there."
                ) from error
            raise


STALE_AFTER = timedelta(minutes=15)
"""Longer than any Lambda invocation: whoever held a claim that long is gone."""


class Once:
    """Does something once for an identity, across retries, repeated events and parallel invocations.

    A claim is an object written with ``If-None-Match: *``: ``claimed`` while somebody works, then ``done``, or
    ``failed`` when the work raised. A repeated event finds ``done`` and stops. After ``failed`` the next try takes over
    at once, so a publish that AWS refused is tried again rather than lost. Somebody else's fresh claim means *try
    later*; a stale one is taken over. Between the work and ``done`` lies one moment in which a crash can repeat the
    work; the other order could lose it.
    """

    def __init__(self, store: Store, prefix: str, request_id: str) -> None:
        self._store = store
        self._prefix = prefix
        self._request_id = request_id

    @contextmanager
    def work(self, identity: str) -> Iterator[bool]:
        """A block that yields whether the work is ours to do; False when it was done before.

        The claim becomes ``done`` when the block ends, ``failed`` when it raises.

        Raises
        ------
        RetryLaterError
            When another invocation is doing it.
        """
        key = f"{self._prefix}{identity}.json"
        if not self._claim(key):
            yield False
            return
        try:
            yield True
        except BaseException:
            self._store.put(key, self._text("failed"))
            raise
        self._store.put(key, self._text("done"))

    def _claim(self, key: str) -> bool:
        if self._store.put_if(key, self._text("claimed"), None):
            return True
        held = self._store.get(key)
        if held is None:
            raise RetryLaterError(f"the claim {key} came and went; the event will be tried again")
        state, holder, since = _claim(held.body)
        if state == "done":
            return False
        if state == "failed" or holder == self._request_id or datetime.now(UTC) - since > STALE_AFTER:
            if self._store.put_if(key, self._text("claimed"), held.etag):
                log("took over a claim", "WARNING", key=key, state=state)
                return True
            raise RetryLaterError(f"another invocation took {key} over; the event will be tried again")
        raise RetryLaterError(f"{key} is held by another invocation since {since.isoformat()}; will be tried again")

    def _text(self, state: str) -> str:
        return json.dumps({"state": state, "request_id": self._request_id, "at": datetime.now(UTC).isoformat()}) + "\n"


def _claim(body: bytes) -> tuple[str, str, datetime]:
    """State, holder and time of a claim; an unreadable one counts as failed."""
    try:
        claim = json.loads(body)
        return str(claim["state"]), str(claim["request_id"]), datetime.fromisoformat(claim["at"])
    except (ValueError, KeyError, TypeError):
        return "failed", "", datetime.fromtimestamp(0, UTC)
