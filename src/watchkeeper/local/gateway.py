"""The gateway: an ASGI application around MiniStack's, the one port of the embedded AWS.

Every request goes to MiniStack, which authenticates it, evaluates the caller's policies and, for AWS Config, calls our
service. The answer to a request that changed something waits until the change is on disk and the recorder told. Paths
under ``/_watchkeeper/`` are ours: ``health``, ``status``, ``mail`` (GET), ``reset``, ``clock`` (POST). What a web page
sends is refused before (:mod:`watchkeeper.local.guard`).
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from watchkeeper.local import ministack_adapter as adapter
from watchkeeper.local import ministack_state as states
from watchkeeper.local.changes import Change, Request, changes, keeps_nothing, worth_reading
from watchkeeper.local.guard import SIDE_DOORS, Guard, headers_of, without_blanket_cors

_log = logging.getLogger(__name__)
Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Own = Callable[[str, str, dict[str, str]], Awaitable[tuple[int, Any]]]
"""``own(method, path, query)`` answers a path of ours: status and JSON document."""

_BODY_LIMIT = 1 << 20
"""Bytes of a request and of a reply that are looked at; ids stand at the beginning."""


class Gateway:
    """``app``: MiniStack. ``notice`` hears of changes; ``acknowledge`` returns when what these services hold is on
    disk, and ``after_reset`` when everything is forgotten there too."""

    def __init__(
        self,
        app: Any,
        *,
        own: Own,
        notice: Callable[[list[Change]], None],
        acknowledge: Callable[[Collection[str]], Awaitable[None]],
        after_reset: Callable[[], Awaitable[None]],
        guard: Guard,
    ) -> None:
        self._app = app
        self._guard = guard
        self._own = own
        self._notice = notice
        self._acknowledge = acknowledge
        self._after_reset = after_reset

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection, as ASGI wants it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        path, headers = scope["path"], headers_of(scope)
        refusal = self._guard.refusal(headers)
        if refusal or not self._guard.opens(path, headers):
            await _refuse(scope, send, refusal)
            return
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        if path.startswith(SIDE_DOORS):
            # The secret is for us: MiniStack would look for an access key in it.
            scope["headers"] = [pair for pair in scope["headers"] if pair[0].lower() != b"authorization"]
        send = _without_cors(send)
        if path.startswith("/_watchkeeper/"):
            await self._answer(scope, send)
            return
        if path == "/_ministack/reset" and scope["method"] == "POST":
            reply = _Reply(send)
            await self._app(scope, receive, reply.hold)
            await self._after_reset()
            await reply.release()
            return
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        await self._watched(scope, receive, send)

    async def _watched(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = _request(scope)
        interesting = worth_reading(request)
        body = bytearray()
        # A form's body tells the operation.
        wanted = interesting or request.is_form
        reply = _Reply(send)
        handled = states.begin_noting()

        async def receive_noting() -> Message:
            message = await receive()
            if wanted and message["type"] == "http.request" and len(body) < _BODY_LIMIT:
                body.extend(message.get("body", b""))
            return message

        await self._app(scope, receive_noting, reply.hold)
        if not reply.succeeded:
            await reply.release()
            return
        request = _request(scope, bytes(body))
        if not keeps_nothing(request):
            try:
                await self._acknowledge(handled)
            except OSError as fault:
                await reply.replace(500, "InternalFailure", f"The change couldn't be written to disk: {fault}")
                return
        try:
            self._tell(request, reply.body if interesting else b"", interesting)
        except Exception:  # noqa: BLE001 - the change is made; a fault in reading it must not cost the answer
            _log.exception("couldn't tell what %s %s changed", scope["method"], scope["path"])
        await reply.release()

    def _tell(self, request: Request, reply: bytes, interesting: bool) -> None:
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


def _without_cors(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = without_blanket_cors(list(message.get("headers", ())))
        await send(message)

    return sending


async def _refuse(scope: Scope, send: Send, why: str) -> None:
    """Answer 403: to a page in a browser why, to whoever has not the secret where it is."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    message = (
        f"The request is refused: {why}"
        if why
        else (
            "This path asks for the secret of the state folder, as Authorization: Bearer <secret>; "
            "`watchkeeper local env` prints it (AWS_SECRET_ACCESS_KEY)."
        )
    )
    body = json.dumps({"__type": "AccessDeniedException", "message": message}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _Reply:
    """A reply that waits; of a stream only the end does."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._held: list[Message] = []
        self._status = 0
        self._started = False
        self._head = bytearray()

    @property
    def succeeded(self) -> bool:
        """Whether the request did."""
        return 200 <= self._status < 300

    @property
    def body(self) -> bytes:
        """As much of it as is looked at."""
        return bytes(self._head)

    async def hold(self, message: Message) -> None:
        """ASGI's ``send``."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
        elif message["type"] == "http.response.body" and len(self._head) < _BODY_LIMIT:
            self._head.extend(message.get("body", b""))
        self._held.append(message)
        if message.get("more_body"):
            await self.release()

    async def release(self) -> None:
        """Let out what was held."""
        held, self._held = self._held, []
        for message in held:
            self._started = True
            await self._send(message)

    async def replace(self, status: int, code: str, text: str) -> None:
        """Answer something else; a stream that has begun is cut off instead."""
        if self._started:
            raise ConnectionError(text)
        content = json.dumps({"__type": code, "message": text, "requestId": str(uuid.uuid4())}).encode()
        headers = [(b"content-type", b"application/x-amz-json-1.1"), (b"x-amzn-errortype", code.encode())]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": content})


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
