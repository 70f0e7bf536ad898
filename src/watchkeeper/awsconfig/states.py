"""Configuration items in the store: every state of every resource, and which one holds now."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

import orjson

from watchkeeper.awsconfig.store import Session
from watchkeeper.model import ConfigurationItem, ItemStatus, Relationship

CHUNK = 500
_STATE = "s.id, s.body"


def pack(item: ConfigurationItem) -> bytes:
    """An item as the store keeps it."""
    return orjson.dumps(item, default=_plain, option=orjson.OPT_NON_STR_KEYS)


def unpack(body: bytes) -> ConfigurationItem:
    """The item that :func:`pack` made these bytes of."""
    raw = orjson.loads(body)
    raw["status"] = ItemStatus(raw["status"])
    raw["capture_time"] = datetime.fromisoformat(raw["capture_time"])
    if raw["creation_time"]:
        raw["creation_time"] = datetime.fromisoformat(raw["creation_time"])
    raw["relationships"] = tuple(Relationship(**edge) for edge in raw["relationships"])
    return ConfigurationItem(**raw)


def fingerprint(item: ConfigurationItem) -> bytes:
    """What tells two states of a resource apart: everything but capture time and state id, in 16 bytes."""
    state = [
        item.status.deleted,
        item.resource_name,
        item.arn,
        item.availability_zone,
        item.tags,
        sorted((e.resource_type, e.resource_id, e.name, e.resource_name or "") for e in item.relationships),
        item.configuration,
        item.supplementary,
    ]
    text = orjson.dumps(state, default=_plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hashlib.blake2b(text, digest_size=16).digest()


def append_state(db: Session, item: ConfigurationItem, mark: bytes) -> int:
    """Keep a new state and make it the one that holds now; its row id."""
    account, region, resource_type, resource_id = item.key
    captured = item.capture_time.timestamp()
    state = db.insert(
        "INSERT INTO state (account, region, type, resource, captured, body) VALUES (?,?,?,?,?,?)",
        (account, region, resource_type, resource_id, captured, pack(item)),
    )
    db.run(
        "INSERT INTO resource VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT (account, region, type, resource) DO UPDATE SET "
        "name=excluded.name, arn=excluded.arn, deleted=excluded.deleted, captured=excluded.captured, "
        "fingerprint=excluded.fingerprint, state=excluded.state",
        (
            *(account, region, resource_type, resource_id, item.resource_name, item.arn),
            *(int(item.status.deleted), captured, mark, state),
        ),
    )
    return state


def current(db: Session, account: str, region: str, resource_type: str, resource_id: str) -> tuple[bytes, int] | None:
    """Fingerprint and state id of what holds now, or None for a resource never seen."""
    found = db.row(
        "SELECT fingerprint, state FROM resource WHERE account=? AND region=? AND type=? AND resource=?",
        (account, region, resource_type, resource_id),
    )
    return (bytes(found[0]), found[1]) if found else None


def state_by_id(db: Session, state: int) -> ConfigurationItem | None:
    """The state with that row id."""
    found = db.row("SELECT body FROM state WHERE id=?", (state,))
    return unpack(found[0]) if found else None


def current_item(
    db: Session, account: str, region: str, resource_type: str, resource_id: str
) -> ConfigurationItem | None:
    """The newest state of a resource, deleted or not."""
    found = db.row(
        f"SELECT {_STATE} FROM resource r JOIN state s ON s.id=r.state "  # noqa: S608 -- our own columns
        "WHERE r.account=? AND r.region=? AND r.type=? AND r.resource=?",
        (account, region, resource_type, resource_id),
    )
    return unpack(found[1]) if found else None


def current_items(
    db: Session, account: str, region: str, resource_type: str
) -> Iterator[tuple[tuple[str, str], ConfigurationItem]]:
    """The resources of a type that exist, by id, read in portions: their key and their newest state."""
    after = ("", "")
    while True:
        rows = portion(db, account, region, (resource_type,), after, CHUNK)
        yield from rows
        if len(rows) < CHUNK:
            return
        after = rows[-1][0]


def portion(
    db: Session, account: str, region: str, types: Collection[str] | None, after: tuple[str, str], limit: int
) -> list[tuple[tuple[str, str], ConfigurationItem]]:
    """At most ``limit`` of the resources that exist, of these types or of all, those after a key (type, id)."""
    # A type at a time: then the index gives the order, and a portion reads no more rows than it gives.
    found: list[tuple[tuple[str, str], ConfigurationItem]] = []
    for each in _types_from(db, account, region, types, after[0]):
        rows = db.rows(
            "SELECT r.resource, s.body FROM resource r JOIN state s ON s.id=r.state "
            "WHERE r.account=? AND r.region=? AND r.type=? AND r.resource>? AND r.deleted=0 "
            "ORDER BY r.resource LIMIT ?",
            (account, region, each, after[1] if each == after[0] else "", limit - len(found)),
        )
        found += [((each, row[0]), unpack(row[1])) for row in rows]
        if len(found) >= limit:
            break
    return found


def _types_from(db: Session, account: str, region: str, types: Collection[str] | None, first: str) -> list[str]:
    if types is None:
        rows = db.rows("SELECT DISTINCT type FROM resource WHERE account=? AND region=?", (account, region))
        types = [row[0] for row in rows]
    return sorted(each for each in types if each >= first)


def state_before(db: Session, item: ConfigurationItem, state: int) -> ConfigurationItem | None:
    """The state that a state replaced."""
    found = db.row(
        "SELECT body FROM state WHERE account=? AND region=? AND type=? AND resource=? AND id<? "
        "ORDER BY id DESC LIMIT 1",
        (*item.key, state),
    )
    return unpack(found[0]) if found else None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)
