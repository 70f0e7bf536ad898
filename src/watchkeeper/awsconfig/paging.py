"""Keyset paging: a token says after which key to go on, so that writes between two pages neither repeat nor skip a row
that was there all along.

A token is opaque to callers and belongs to one operation and one set of filters; any other is refused as
``InvalidNextTokenException``, as AWS does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import orjson

from watchkeeper.awsconfig.errors import ConfigError

T = TypeVar("T")
Key = tuple[Any, ...]
Fetch = Callable[[Key | None, int], Sequence[tuple[Key, T]]]
"""Rows after a key (None: from the start), at most so many, in key order, each with its key."""

_PAGING = ("nexttoken", "limit", "maxresults")


def page(
    operation: str, request: dict[str, Any], fetch: Fetch[T], default: int = 100, maximum: int | None = None
) -> tuple[list[T], dict[str, str]]:
    """One page, and what a reply must carry for the next: ``{"NextToken": …}`` in the request's spelling, or nothing.

    ``default`` holds where the request has no limit or 0. Raises InvalidNextTokenException, InvalidLimitException.
    """
    small = operation in _SMALL_LETTERS
    token_name = "nextToken" if small else "NextToken"
    asked = request.get("limit") or request.get("Limit") or request.get("MaxResults") or 0
    if asked < 0 or (maximum is not None and asked > maximum):
        raise ConfigError("InvalidLimitException", f"The limit {asked} is not between 0 and {maximum or 100}.")
    size = asked or default
    after = _decode(operation, request, request.get(token_name))
    rows = fetch(after, size + 1)
    values = [value for _, value in rows[:size]]
    if len(rows) <= size:
        return values, {}
    return values, {token_name: _encode(operation, request, rows[size - 1][0])}


def of_sequence(rows: Sequence[tuple[Key, T]]) -> Fetch[T]:
    """A fetch over rows in memory, sorted by their keys."""

    def fetch(after: Key | None, limit: int) -> Sequence[tuple[Key, T]]:
        later = rows if after is None else [row for row in rows if row[0] > after]
        return later[:limit]

    return fetch


_SMALL_LETTERS = frozenset({"GetResourceConfigHistory", "ListDiscoveredResources", "GetDiscoveredResourceCounts"})


def _encode(operation: str, request: dict[str, Any], key: Key) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([_subject(operation, request), list(key)])).decode()


def _decode(operation: str, request: dict[str, Any], token: str | None) -> Key | None:
    if not token:
        return None
    refusal = ConfigError("InvalidNextTokenException", "The specified next token is not valid.")
    try:
        decoded = orjson.loads(base64.b64decode(token, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise refusal from error
    if not isinstance(decoded, list) or len(decoded) != 2 or not isinstance(decoded[1], list):
        raise refusal
    if decoded[0] != _subject(operation, request):
        raise refusal
    return tuple(decoded[1])


def _subject(operation: str, request: dict[str, Any]) -> str:
    """What the pages are of: the operation and its filters."""
    filters = {name: value for name, value in request.items() if name.lower() not in _PAGING}
    text = orjson.dumps([operation, filters], option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)
    return hashlib.blake2b(text, digest_size=8).hexdigest()
