"""The gateway: an ASGI application around MiniStack's, the one port of the embedded AWS.

Every request goes to MiniStack, which authenticates it, evaluates the caller's policies and, for AWS Config, calls our
service. A request that changed something is looked at once its answer is out, and the recorder told. Paths under
``/_watchkeeper/`` are ours: ``health``, ``status``, ``mail`` (GET), ``reset``, ``clock`` (POST).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from watchkeeper.embedded import ministack_adapter as adapter
from watchkeeper.embedded.changes import Change, Request, changes, is_read_only, worth_reading

_log = logging.getLogger(__name__)
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Own = Callable[[str, str, dict[str, str]], Awaitable[tuple[int, Any]]]
"""``own(method, path, query)`` answers a path of ours: status and JSON document."""

_BODY_LIMIT = 1 << 20
"""Bytes of a request and of a reply that are looked at; ids stand at the beginning."""


class Gateway:
    """``app``: MiniStack. ``notice`` hears of changes, ``touched`` of any request that may have changed any state."""

    def __init__(
        self,
        app: Any,
        *,
        own: Own,
        notice: Callable[[list[Change]], None],
        touched: Callable[[], None],
        after_reset: Callable[[], None],
    ) -> None:
        self._app = app
        self._own = own
        self._notice = notice
        self._touched = touched
        self._after_reset = after_reset

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection, as ASGI wants it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        if path.startswith("/_watchkeeper/"):
            await self._answer(scope, send)
            return
        if path == "/_ministack/reset" and scope["method"] == "POST":
            await self._app(scope, receive, send)
            self._after_reset()
            return
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        await self._watched(scope, receive, send)

    async def _watched(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = _request(scope)
        interesting = worth_reading(request)
        body, reply = bytearray(), bytearray()
        status = 0

        async def receive_noting() -> MutableMapping[str, Any]:
            message = await receive()
            if interesting and message["type"] == "http.request" and len(body) < _BODY_LIMIT:
                body.extend(message.get("body", b""))
            return message

        async def send_noting(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif interesting and message["type"] == "http.response.body" and len(reply) < _BODY_LIMIT:
                reply.extend(message.get("body", b""))
            await send(message)

        await self._app(scope, receive_noting, send_noting)
        if not 200 <= status < 300:
            return
        try:
            self._look(_request(scope, bytes(body)), bytes(reply), interesting)
        except Exception:  # noqa: BLE001 - the answer is out; a fault in reading it must not cost the connection
            _log.exception("couldn't tell what %s %s changed", scope["method"], scope["path"])

    def _look(self, request: Request, reply: bytes, interesting: bool) -> None:
        if is_read_only(request):
            return
        self._touched()
        if not interesting:
            return
        account, region = adapter.current_scope()
        found = changes(request, reply, account, region)
        if found:
            self._notice(found)

    async def _answer(self, scope: Scope, send: Send) -> None:
        query = {
            name: values[-1] for name, values in parse_qs(scope.get("query_string", b"").decode("latin-1")).items()
        }
        status, document = await self._own(scope["method"], scope["path"], query)
        body = json.dumps(document, default=str).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _request(scope: Scope, body: bytes = b"") -> Request:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    raw_path = scope.get("raw_path") or scope["path"].encode()
    return Request(
        method=scope["method"],
        path=raw_path.decode("latin-1").partition("?")[0],
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=headers,
        body=body,
    )
