"""MiniStack's state, service by service, as the files that MiniStack reads when it starts. Beside
``ministack_adapter`` the only file that touches MiniStack's internals.

MiniStack writes these files itself, but only when it is stopped gracefully, and it copies all its state deeply for it:
some hundred milliseconds with two thousand instances. Here one service is serialised at a time, with no copy of what is
inside its records: orjson holds the interpreter's lock for the time of a store, so that no other thread can change it
meanwhile.
"""

from __future__ import annotations

import copy
import functools
import json
import sys
from collections.abc import Callable, Collection
from contextvars import ContextVar
from pathlib import Path
from types import FunctionType, SimpleNamespace
from typing import Any

import orjson

Key = str
"""A state file's name without its ending: ``ec2``, ``lambda``, ``cloudwatch_logs`` …"""

_HANDLED: ContextVar[set[str] | None] = ContextVar("handled", default=None)
_STRICT = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_SUBCLASS


def note_handlers() -> None:
    """Have every service's handler say that it was called; after the last ``wrap_handler``."""
    from ministack import app

    for service, handler in app.SERVICE_HANDLERS.items():
        app.SERVICE_HANDLERS[service] = _noting(service, handler)


def begin_noting() -> set[str]:
    """The set that the names of services come into which handle this task's request, with those that they ask."""
    handled: set[str] = set()
    _HANDLED.set(handled)
    return handled


def keys_of(service: str) -> tuple[Key, ...]:
    """The files of a service (MiniStack's name of it); none for one that keeps nothing or isn't there."""
    from ministack import app

    entry = app.SERVICE_REGISTRY.get(service)
    if entry is None:
        return ()
    return tuple(key for key in (entry.get("state_key", entry["module"]), *entry.get("sub_modules", ())))


def loaded_keys() -> list[Key]:
    """The files of every service that was used so far."""
    from ministack import app

    return list(app._build_persistence_save_dict())


def serialised(key: Key) -> bytes | None:
    """A service's state, as MiniStack's own file has it; None for one that wasn't used. On the serving loop, where
    requests change it."""
    from ministack import app
    from ministack.core import persistence

    module_name = app._state_map.get(key)
    module = app._loaded_modules.get(module_name) or sys.modules.get(f"ministack.services.{module_name}")
    if module is None or not hasattr(module, "get_state"):
        return None
    state = _without_deep_copies(module.get_state)()
    if state is None:
        return None
    payload = b",".join(_text(name) + b":" + _store(value) for name, value in state.items())
    version = persistence._state_format_version(key)
    return b'{"__ministack_format__":%d,"payload":{%s}}' % (version, payload)


def write(key: Key, content: bytes) -> None:
    """Replace a service's file. A kill leaves the old or the new one whole: the rename is atomic, and the page cache
    outlives the process, so there is nothing to fsync against kill -9 (against a power cut there would be)."""
    from ministack.core import persistence

    directory = Path(persistence.STATE_DIR)
    directory.mkdir(parents=True, exist_ok=True)
    draft = directory / f"{key}.json.tmp"
    draft.write_bytes(content)
    draft.replace(directory / f"{key}.json")


def _noting(service: str, handler: Callable[..., Any]) -> Callable[..., Any]:
    async def handle(*arguments: Any, **named: Any) -> Any:
        handled = _HANDLED.get()
        if handled is not None:
            handled.add(service)
        return await handler(*arguments, **named)

    return handle


def _without_deep_copies(get_state: Callable[[], Any]) -> Callable[[], Any]:
    """The same function with its ``copy.deepcopy`` copying records on their surface only, which is as deep as any
    ``get_state`` changes them (it takes container ids out). A function of its own: in MiniStack's module, other
    threads go on copying deeply."""
    if not isinstance(get_state, FunctionType):
        return get_state
    surroundings = {**get_state.__globals__, "copy": SimpleNamespace(deepcopy=_surface, copy=copy.copy)}
    return FunctionType(
        get_state.__code__, surroundings, get_state.__name__, get_state.__defaults__, get_state.__closure__
    )


def _surface(value: Any) -> Any:
    if _scoped(value):
        fresh = type(value)()
        fresh._data = _surface(value._data)
        return fresh
    if type(value) is not dict:
        return copy.copy(value)
    return {key: dict(inner) if type(inner) is dict else inner for key, inner in list(value.items())}


def _scoped(value: Any) -> bool:
    from ministack.core import responses

    return isinstance(value, responses.AccountScopedDict | responses.AccountRegionScopedDict)


def _store(value: Any) -> bytes:
    """One of a service's stores. In one piece, which takes a third of the time of record by record."""
    from ministack.core import responses

    if not _scoped(value):
        return _record(value)
    mark = b"__account_region_scoped__" if isinstance(value, responses.AccountRegionScopedDict) else b"__scoped__"
    named = {_name(key): record for key, record in list(value._data.items())}
    try:
        records = orjson.dumps(named, option=_STRICT)
    except TypeError:
        records = b"{" + b",".join(_text(name) + b":" + _record(record) for name, record in named.items()) + b"}"
    return b'{"%s":true,"data":%s}' % (mark, records)


@functools.lru_cache(maxsize=100_000)
def _name(scoped: tuple[Any, ...]) -> str:
    """A record's key as ``ministack.core.persistence`` spells it."""
    *place, key = scoped
    return "\x00".join([*(str(part) for part in place), repr(key)])


def _text(value: str) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # a lone surrogate, say
        return json.dumps(value).encode()


def _record(value: Any) -> bytes:
    try:
        return orjson.dumps(value, option=_STRICT)
    except TypeError:
        # Bytes, a store within, keys that aren't text: MiniStack's own way, on a copy.
        from ministack.core import persistence

        return json.dumps(copy.deepcopy(value), default=persistence._json_default).encode()


def all_of(services: Collection[str]) -> set[Key]:
    """The files of some services."""
    return {key for service in services for key in keys_of(service)}
