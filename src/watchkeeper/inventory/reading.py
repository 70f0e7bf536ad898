"""Reading resources: all of some types, or some of one, through any endpoint."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from watchkeeper.inventory.core import ClientFactory, Context, Gap, Reader, Unreadable
from watchkeeper.inventory.registry import READERS
from watchkeeper.model import ConfigurationItem

OnGap = Callable[[Gap], None]
_AHEAD = 4
"""Resources in flight per worker: enough to keep the workers busy, few enough to keep memory flat."""
_BUFFER = 1000
"""Items waiting for the caller before the listings pause."""


class UnknownTypeError(ValueError):
    """No reader for a resource type; the message names it and those there are."""


def read(
    clients: ClientFactory,
    types: Collection[str] | None = None,
    *,
    account: str = "",
    region: str,
    on_gap: OnGap,
    aspects: Mapping[str, Collection[str]] | None = None,
    workers: int = 8,
    partial: bool = False,
) -> Iterator[ConfigurationItem]:
    """Every resource of these types (None: of all types there are readers for), with the fewest calls.

    One list or describe per type and page, plus, for the types that need it (a bucket), one call per aspect asked for
    in ``aspects[type]``; a type not named there is read whole. A denied or failed call is reported through ``on_gap``
    and the resource, or the type, is left out: what isn't there was either absent or reported. Items come in no
    particular order. With ``partial`` a bucket one of whose aspects was refused is there all the same, and says in
    ``supplementary[UNAVAILABLE_KEY]`` what it lacks. Raises UnknownTypeError."""
    readers = [reader_of(type_) for type_ in sorted(READERS if types is None else types)]
    ctx = Context(clients, account, region, aspects=aspects or {}, on_partial=on_gap if partial else None)
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="inventory") as pool:
        yield from _merged(pool, [_Source(ctx, reader, on_gap) for reader in readers], workers * _AHEAD)


def read_some(
    clients: ClientFactory,
    resource_type: str,
    keys: Sequence[str],
    *,
    account: str = "",
    region: str,
    on_gap: OnGap,
) -> list[ConfigurationItem]:
    """The resources with these keys (see ``Reader.key``) as they are now; those that are gone aren't in the answer, nor
    are those reported through ``on_gap``. Raises UnknownTypeError."""
    source = _Source(Context(clients, account, region), reader_of(resource_type), on_gap)
    return [item for raw in source.some(keys) if (item := source.item(raw)) is not None]


def read_one(
    clients: ClientFactory, resource_type: str, resource_id: str, *, account: str = "", region: str, on_gap: OnGap
) -> ConfigurationItem | None:
    """The resource with this resource id, which costs a listing where the API doesn't know resources by it."""
    found = read_some(clients, resource_type, [resource_id], account=account, region=region, on_gap=on_gap)
    for item in found:
        if item.resource_id == resource_id:
            return item
    everything = read(clients, [resource_type], account=account, region=region, on_gap=on_gap)
    return next((item for item in everything if item.resource_id == resource_id), None)


def reader_of(resource_type: str) -> Reader:
    """The reader of a type. Raises UnknownTypeError."""
    reader = READERS.get(resource_type)
    if reader is None:
        raise UnknownTypeError(f"no reader for {resource_type!r:.80}; there are: {', '.join(sorted(READERS))}")
    return reader


class _Source:
    """One reader in one context, with refusals turned into gaps."""

    def __init__(self, ctx: Context, reader: Reader, on_gap: OnGap) -> None:
        self.ctx = ctx
        self.reader = reader
        self._on_gap = on_gap

    def all(self) -> Iterator[Any]:
        return self._guarded(lambda: self.reader.all(self.ctx))

    def some(self, keys: Sequence[str]) -> Iterator[Any]:
        return self._guarded(lambda: self.reader.some(self.ctx, keys))

    def item(self, raw: Any) -> ConfigurationItem | None:
        try:
            return self.reader.item(self.ctx, raw)
        except Unreadable as refusal:
            self._report(refusal, _label(raw))
            return None

    def _guarded(self, raws: Callable[[], Iterable[Any]]) -> Iterator[Any]:
        try:
            yield from raws()
        except Unreadable as refusal:
            self._report(refusal, "")

    def _report(self, refusal: Unreadable, resource_id: str) -> None:
        reader = self.reader
        self._on_gap(Gap(reader.resource_type, refusal.operation, refusal.code, refusal.message, resource_id))


def _label(raw: Any) -> str:
    """The name or ARN in a description, for a gap."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, Mapping):
        return next((str(value) for key, value in raw.items() if key.endswith(("Name", "Id", "Identifier", "Arn"))), "")
    return ""


def _merged(pool: ThreadPoolExecutor, sources: Sequence[_Source], ahead: int) -> Iterator[ConfigurationItem]:
    """All sources at once, in bounded memory: listings run beside each other, and so do the calls per resource."""
    if len(sources) == 1:
        yield from _items(pool, sources[0], ahead)
        return
    ready: deque[ConfigurationItem] = deque()
    changed = threading.Condition()
    running = len(sources)
    failures: list[BaseException] = []
    abandoned = threading.Event()

    def drain(source: _Source) -> None:
        nonlocal running
        try:
            for item in _items(pool, source, ahead):
                with changed:
                    changed.wait_for(lambda: len(ready) < _BUFFER or failures or abandoned.is_set())
                    if abandoned.is_set():
                        return
                    ready.append(item)
                    changed.notify_all()
        except BaseException as failure:  # noqa: BLE001 - handed to the caller's thread below
            failures.append(failure)
        finally:
            with changed:
                running -= 1
                changed.notify_all()

    # Listings get threads of their own: in the shared pool they could fill it and wait for each other.
    with ThreadPoolExecutor(max_workers=min(len(sources), 8), thread_name_prefix="listing") as listings:
        try:
            for source in sources:
                listings.submit(drain, source)
            while True:
                with changed:
                    changed.wait_for(lambda: ready or not running or failures)
                    batch = list(ready)
                    ready.clear()
                    changed.notify_all()
                    finished = not running and not batch
                if failures:
                    raise failures[0]
                yield from batch
                if finished:
                    return
        finally:
            with changed:
                abandoned.set()
                changed.notify_all()


def _items(pool: ThreadPoolExecutor, source: _Source, ahead: int) -> Iterator[ConfigurationItem]:
    if not source.reader.calls:
        yield from (item for raw in source.all() if (item := source.item(raw)) is not None)
        return
    window: deque[Future[ConfigurationItem | None]] = deque()
    for raw in source.all():
        window.append(pool.submit(source.item, raw))
        if len(window) >= ahead and (item := window.popleft().result()) is not None:
            yield item
    yield from (item for future in window if (item := future.result()) is not None)
