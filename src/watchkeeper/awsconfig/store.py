"""What the embedded AWS Config remembers, in one SQLite file.

Account and region come first in every key. The tables:

``entity``    everything small that the API puts and describes: recorder, channel, rule, aggregator … One row each:
              ``kind`` and ``name`` identify it, ``body`` is JSON.
``state``     configuration items, every recorded state of every resource, oldest to newest.
``resource``  one row per resource, pointing at its newest state.
``result``    the evaluation that holds now, one row per rule and resource.
``unevaluated`` resources that a rule should have evaluated and could not, with the reason: never a result.
``daily``     states waiting for the end of a daily recording period.
``work``      what must still be done: an event to send, a function to invoke, a rule to run over its resources. Written
              in the transaction of its cause and deleted when done, so that a kill loses nothing: each is done
              at least once.

Write-ahead log with ``synchronous=NORMAL``: a commit survives ``kill -9`` of the process, since the log is in the
kernel by then. What FULL would add is surviving a power cut, at one fsync per recorded change; for an emulator on a
laptop that trade is the wrong one. One connection writes, under a lock; each thread reads from its own connection, from
the last commit, and never waits for a writer.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import orjson

T = TypeVar("T")

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS entity (
    account TEXT NOT NULL, region TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (account, region, kind, name));
CREATE INDEX IF NOT EXISTS entity_by_kind ON entity (kind, account, region, name);
CREATE TABLE IF NOT EXISTS state (
    id INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, type TEXT NOT NULL, resource TEXT NOT NULL,
    captured REAL NOT NULL, delivered INTEGER NOT NULL DEFAULT 0, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS state_by_resource ON state (account, region, type, resource, captured, id);
CREATE INDEX IF NOT EXISTS state_undelivered ON state (account, region, type, id) WHERE delivered = 0;
CREATE TABLE IF NOT EXISTS resource (
    account TEXT NOT NULL, region TEXT NOT NULL, type TEXT NOT NULL, resource TEXT NOT NULL, name TEXT,
    arn TEXT NOT NULL, deleted INTEGER NOT NULL, captured REAL NOT NULL, fingerprint BLOB NOT NULL,
    state INTEGER NOT NULL, PRIMARY KEY (account, region, type, resource));
CREATE TABLE IF NOT EXISTS result (
    account TEXT NOT NULL, region TEXT NOT NULL, rule TEXT NOT NULL, type TEXT NOT NULL, resource TEXT NOT NULL,
    compliance TEXT NOT NULL, annotation TEXT NOT NULL, ordering REAL NOT NULL, recorded REAL NOT NULL,
    invoked REAL NOT NULL, PRIMARY KEY (account, region, rule, type, resource)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS result_by_resource ON result (account, region, type, resource, rule, compliance);
CREATE INDEX IF NOT EXISTS result_by_compliance ON result (account, region, rule, compliance);
CREATE TABLE IF NOT EXISTS unevaluated (
    account TEXT NOT NULL, region TEXT NOT NULL, rule TEXT NOT NULL, type TEXT NOT NULL, resource TEXT NOT NULL,
    reason TEXT NOT NULL, PRIMARY KEY (account, region, rule, type, resource)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS unevaluated_by_resource ON unevaluated (account, region, type, resource);
CREATE TABLE IF NOT EXISTS daily (
    account TEXT NOT NULL, region TEXT NOT NULL, type TEXT NOT NULL, resource TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (account, region, type, resource)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS work (
    id INTEGER PRIMARY KEY AUTOINCREMENT, lane TEXT NOT NULL, kind TEXT NOT NULL, account TEXT NOT NULL,
    region TEXT NOT NULL, body BLOB NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS work_by_lane ON work (lane, id);
"""
_EVENTS_A_ROW = 100
_TABLES = ("entity", "state", "resource", "result", "unevaluated", "daily", "work")


class StoreError(RuntimeError):
    """The file is not a store that this version works with; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Work:
    """One thing to do: see the ``work`` table."""

    id: int
    lane: str
    kind: str
    account: str
    region: str
    body: dict[str, Any]
    attempts: int


class Session:
    """One transaction's view of the store. Got from :meth:`Store.read` or :meth:`Store.write`, used in one thread."""

    def __init__(self, connection: sqlite3.Connection, memo: dict[tuple[str, str, str], Any] | None = None) -> None:
        self._connection = connection
        self._memo = {} if memo is None else memo
        self._events: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """All rows of a query."""
        return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> Any | None:
        """The first row of a query, or None."""
        return self._connection.execute(sql, parameters).fetchone()

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Execute a statement; the number of rows that it changed."""
        return self._connection.execute(sql, parameters).rowcount

    def run_many(self, sql: str, parameters: Sequence[Sequence[Any]]) -> None:
        """Execute a statement for each set of parameters; nothing for none."""
        if parameters:
            self._connection.executemany(sql, parameters)

    def insert(self, sql: str, parameters: Sequence[Any]) -> int:
        """Execute an insert; the id of the new row."""
        return int(self._connection.execute(sql, parameters).lastrowid or 0)

    def get(self, account: str, region: str, kind: str, name: str) -> dict[str, Any] | None:
        """The body of an entity, or None."""
        found = self.row(
            "SELECT body FROM entity WHERE account=? AND region=? AND kind=? AND name=?", (account, region, kind, name)
        )
        return orjson.loads(found[0]) if found else None

    def remembered(self, account: str, region: str, kind: str, make: Callable[[], T], view: str = "") -> T:
        """What ``make`` made of the entities of a kind, kept until one of them changes (while writing, across
        transactions). ``view`` tells several things apart that are made of one kind."""
        views: dict[str, Any] = self._memo.setdefault((account, region, kind), {})
        if view not in views:
            views[view] = make()
        kept: T = views[view]
        return kept

    def put(self, account: str, region: str, kind: str, name: str, body: dict[str, Any]) -> None:
        """Write an entity, new or not."""
        self._memo.pop((account, region, kind), None)
        self.run(
            "INSERT INTO entity VALUES (?,?,?,?,?) "
            "ON CONFLICT (account, region, kind, name) DO UPDATE SET body=excluded.body",
            (account, region, kind, name, orjson.dumps(body)),
        )

    def remove(self, account: str, region: str, kind: str, name: str) -> bool:
        """Delete an entity; whether there was one."""
        self._memo.pop((account, region, kind), None)
        statement = "DELETE FROM entity WHERE account=? AND region=? AND kind=? AND name=?"
        return self.run(statement, (account, region, kind, name)) > 0

    def remove_prefixed(self, account: str, region: str, kind: str, prefix: str) -> int:
        """Delete the entities whose name begins with ``prefix``; how many there were."""
        self._memo.pop((account, region, kind), None)
        statement = "DELETE FROM entity WHERE account=? AND region=? AND kind=? AND substr(name, 1, ?)=?"
        return self.run(statement, (account, region, kind, len(prefix), prefix))

    def entities(
        self, account: str, region: str, kind: str, after: str = "", limit: int = -1, prefix: str = ""
    ) -> list[tuple[str, dict[str, Any]]]:
        """Name and body of an account's entities in a region, by name, those after ``after`` only."""
        found = self.rows(
            "SELECT name, body FROM entity WHERE account=? AND region=? AND kind=? AND name>? AND substr(name, 1, ?)=? "
            "ORDER BY name LIMIT ?",
            (account, region, kind, after, len(prefix), prefix, limit),
        )
        return [(name, orjson.loads(body)) for name, body in found]

    def everywhere(self, kind: str) -> list[tuple[str, str, str, dict[str, Any]]]:
        """Account, region, name and body of all entities of a kind."""
        found = self.rows("SELECT account, region, name, body FROM entity WHERE kind=? ORDER BY 1, 2, 3", (kind,))
        return [(account, region, name, orjson.loads(body)) for account, region, name, body in found]

    def count(self, account: str, region: str, kind: str) -> int:
        """How many entities of a kind there are."""
        found = self.row("SELECT COUNT(*) FROM entity WHERE account=? AND region=? AND kind=?", (account, region, kind))
        return int(found[0]) if found else 0

    def queue(self, lane: str, kind: str, account: str, region: str, body: dict[str, Any], due: float = 0) -> None:
        """Leave work that is done after the commit, at least once."""
        self.run(
            "INSERT INTO work (lane, kind, account, region, body, due) VALUES (?,?,?,?,?,?)",
            (lane, kind, account, region, orjson.dumps(body), due),
        )

    def announce(self, account: str, region: str, entry: dict[str, Any]) -> None:
        """Have an event sent after the commit. Those of one transaction share a few rows of ``work``: an item that 50
        rules evaluate brings 52 events."""
        self._events.setdefault((account, region), []).append(entry)

    def flush_events(self) -> None:
        """Write what was announced, before the commit."""
        for (account, region), entries in self._events.items():
            for start in range(0, len(entries), _EVENTS_A_ROW):
                self.queue("emit", "event", account, region, {"entries": entries[start : start + _EVENTS_A_ROW]})
        self._events.clear()

    def waiting(self, lane: str, now: float, limit: int) -> list[Work]:
        """The oldest due work of a lane."""
        found = self.rows(
            "SELECT id, lane, kind, account, region, body, attempts FROM work WHERE lane=? AND due<=? "
            "ORDER BY id LIMIT ?",
            (lane, now, limit),
        )
        return [Work(r[0], r[1], r[2], r[3], r[4], orjson.loads(r[5]), r[6]) for r in found]


class Store:
    """The SQLite file. ``path`` may be in a folder that doesn't exist yet."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._lock = threading.RLock()
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._memo: dict[tuple[str, str, str], Any] = {}
        self._writer = self._open()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: committed when the block ends, rolled back when it raises. One at a time."""
        with self._lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                session = Session(self._writer, self._memo)
                yield session
                session.flush_events()
            except BaseException:
                self._writer.execute("ROLLBACK")
                self._memo.clear()
                raise
            self._writer.execute("COMMIT")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A consistent view of the last commit; it doesn't wait for a writer."""
        connection = self._reader()
        connection.execute("BEGIN")
        try:
            yield Session(connection)
        finally:
            connection.execute("ROLLBACK")

    def clear(self) -> None:
        """Forget everything, in one transaction."""
        with self.write() as session:
            for table in _TABLES:
                session.run(f"DELETE FROM {table}")  # noqa: S608 -- our own table names
            self._memo.clear()

    def close(self) -> None:
        """Close every connection; the store is of no use afterwards."""
        with self._lock:
            for connection in (*self._readers, self._writer):
                connection.close()
            self._readers.clear()

    def _open(self) -> sqlite3.Connection:
        """The writing connection, with the tables made where they aren't."""
        try:
            connection = self._connect()
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version in (0, SCHEMA_VERSION):
                connection.executescript(_SCHEMA)
                connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
                return connection
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{self._path} can't be read ({error}): move it away, and a new one is made.") from error
        raise StoreError(
            f"{self._path} has version {version}, this program works with {SCHEMA_VERSION}: move it away, or use the "
            "version of Watchkeeper that wrote it."
        )

    def _reader(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect()
            self._local.connection = connection
            with self._lock:
                self._readers.append(connection)
        return connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=30)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        # A big batch must not spill out of the 2 MiB that SQLite takes by default: written pages would be read again.
        connection.execute("PRAGMA cache_size=-65536")
        connection.execute("PRAGMA mmap_size=268435456")
        return connection
