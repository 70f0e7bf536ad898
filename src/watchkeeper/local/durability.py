"""What is acknowledged is on disk: the state that a request changed is written before its answer goes out.

Requests that come while a write runs share the next one (group commit). Only the services that took part in the request
are serialised, and only what differs from the file is written. AWS Config's own state and what MiniStack lacks are
written by those who hold them, before they answer. Left to the periodic write, and so at risk for up to five seconds:
what observes (metric data, log events, log streams), and what changes with no request (an alarm's state, a message's
visibility, what an event rule put into a queue).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Collection
from typing import Any

from watchkeeper.local import ministack_state as states
from watchkeeper.local.ministack_state import Key

_log = logging.getLogger(__name__)
PERIOD_SECONDS = 5.0
_SHARE = 20
"""The periodic write takes at most one part in so many of the time."""
_REMEMBERED = 1024
_AT_ONCE = 256 << 10
"""Bytes that the loop writes itself, in less time than it takes to hand them to a thread and to hear back."""

_LINKED: dict[str, tuple[str, ...]] = {
    # Service -> those that it changes beside itself. One that isn't here may change any.
    "acm": (),
    "athena": ("glue",),
    "cloudtrail": (),
    "dynamodb": (),
    "ec2": (),
    "ecr": (),
    "elasticfilesystem": (),
    "elasticloadbalancing": ("ec2",),
    "events": ("sqs",),
    "glue": (),
    "iam": (),
    "kms": (),
    "lambda": ("logs",),
    "logs": (),
    "monitoring": (),
    "rds": ("secretsmanager", "kms"),
    "s3": ("sqs",),
    "secretsmanager": (),
    "sns": ("sqs",),
    "sqs": (),
    "ssm": (),
    "sts": (),
    # AWS Config writes its own.
    "config": (),
}


class Commits:
    """Writes state. Lives on the serving loop; :meth:`status` may be called from any thread."""

    def __init__(self) -> None:
        self._written: dict[Key, int] = {}
        """File -> hash of what it holds."""
        self._wanted: set[Key] = set()
        self._next: asyncio.Future[None] | None = None
        self._worker: asyncio.Task[None] | None = None
        self._periodic: asyncio.Task[None] | None = None
        self._waits: deque[float] = deque(maxlen=_REMEMBERED)
        self._busy: deque[float] = deque(maxlen=_REMEMBERED)
        self._requests = self._commits = self._files = self._bytes = 0
        self._failure = ""

    def start(self) -> None:
        """Begin the periodic write."""
        self._periodic = asyncio.get_running_loop().create_task(self._forever())

    def stop(self) -> None:
        """End it; the graceful stop writes everything."""
        if self._periodic is not None:
            self._periodic.cancel()

    async def acknowledge(self, services: Collection[str]) -> None:
        """Until what these services (by MiniStack's names) hold now is on disk. Raises OSError."""
        began = time.perf_counter()
        await self.commit(_files_of(services))
        self._requests += 1
        self._waits.append(time.perf_counter() - began)

    async def commit(self, keys: Collection[Key]) -> None:
        """Until these files hold what is now. Raises OSError."""
        if not keys:
            return
        loop = asyncio.get_running_loop()
        self._wanted.update(keys)
        if self._next is None:
            self._next = loop.create_future()
        batch = self._next
        if self._worker is None:
            self._worker = loop.create_task(self._work())
        # A client that hangs up takes nothing from the others of its batch.
        await asyncio.shield(batch)

    async def after_reset(self) -> None:
        """Everything is gone, from the disk too: what a write under way may put back is overwritten."""
        self._written.clear()
        await self.commit(states.loaded_keys())

    def status(self) -> dict[str, Any]:
        """What durability costs: ``wait_milliseconds`` is what a mutating request waited for its write,
        ``busy_milliseconds`` what the loop was kept from serving by one commit; of the last thousand."""
        return {
            "requests": self._requests,
            "commits": self._commits,
            "files_written": self._files,
            "bytes_written": self._bytes,
            "wait_milliseconds": _spread(self._waits),
            "busy_milliseconds": _spread(self._busy),
            "failure": self._failure,
        }

    async def _work(self) -> None:
        try:
            while self._next is not None:
                batch, self._next = self._next, None
                keys, self._wanted = self._wanted, set()
                try:
                    await self._save(keys)
                except Exception as fault:  # noqa: BLE001 - told to those who wait; the next batch tries again
                    self._failure = f"{type(fault).__name__}: {fault}"
                    _log.exception("the state couldn't be written")
                    batch.set_exception(fault)
                    batch.exception()  # seen: nobody may be waiting any more
                else:
                    batch.set_result(None)
        finally:
            self._worker = None

    async def _save(self, keys: Collection[Key]) -> None:
        began = time.perf_counter()
        changed: dict[Key, bytes] = {}
        for key in keys:
            content = states.serialised(key)
            if content is not None and self._written.get(key) != hash(content):
                changed[key] = content
        self._busy.append(time.perf_counter() - began)
        self._commits += 1
        if not changed:
            return
        if sum(map(len, changed.values())) <= _AT_ONCE:
            _write(changed)
        else:
            await asyncio.to_thread(_write, changed)
        for key, content in changed.items():
            self._written[key] = hash(content)
            self._files += 1
            self._bytes += len(content)

    async def _forever(self) -> None:
        pause = PERIOD_SECONDS
        while True:
            await asyncio.sleep(pause)
            taken = 0.0
            for key in states.loaded_keys():
                began = time.perf_counter()
                try:
                    await self.commit([key])
                except Exception:  # noqa: BLE001 - logged where it happened; the next turn tries again
                    pause = PERIOD_SECONDS
                taken += time.perf_counter() - began
                await asyncio.sleep(0)
            pause = max(PERIOD_SECONDS, _SHARE * taken)


def _files_of(services: Collection[str]) -> set[Key]:
    if not services or any(service not in _LINKED for service in services):
        return set(states.loaded_keys())
    return states.all_of({*services, *(linked for service in services for linked in _LINKED[service])})


def _write(changed: dict[Key, bytes]) -> None:
    for key, content in changed.items():
        states.write(key, content)


def _spread(seconds: Collection[float]) -> dict[str, float | None]:
    ordered = sorted(seconds)
    if not ordered:
        return {"median": None, "p99": None, "maximum": None}
    picked = (ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)], ordered[-1])
    return dict(zip(("median", "p99", "maximum"), (round(1000 * value, 2) for value in picked), strict=True))
