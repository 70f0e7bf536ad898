"""The embedded AWS Config: one object that answers requests, takes recorded states, and does what follows from both."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from watchkeeper.awsconfig import delivery, remediation, work
from watchkeeper.awsconfig.api_model import operations, validate_request, without_nulls
from watchkeeper.awsconfig.context import Call
from watchkeeper.awsconfig.errors import ConfigError, unsupported
from watchkeeper.awsconfig.recorders import running_recorder, scope_of
from watchkeeper.awsconfig.recording import record_items
from watchkeeper.awsconfig.registry import OPERATIONS, UNSUPPORTED
from watchkeeper.awsconfig.services import RecordingScope, Services
from watchkeeper.awsconfig.states import CHUNK
from watchkeeper.awsconfig.store import Store
from watchkeeper.awsconfig.timetable import queue_due
from watchkeeper.model import ConfigurationItem

_log = logging.getLogger(__name__)


def utcnow() -> datetime:
    """Now, aware."""
    return datetime.now(UTC)


class ConfigService:
    """AWS Config for every account and region of one embedded AWS. All methods may be called from any thread.

    ``store_path`` is the SQLite file, made where it isn't. ``clock`` gives what counts as now. Rules, invocations and
    events that follow from a call are done before it returns, unless :meth:`start` gave them a thread of their own.
    """

    def __init__(self, store_path: Path, services: Services, clock: Callable[[], datetime] = utcnow) -> None:
        self._store = Store(store_path)
        self._services = services
        self._clock = clock
        bench = work.Bench(self._store, services, self._now)
        self._dispatcher = work.Dispatcher(bench, _DOERS, {"event": work.send_events})
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def handle(self, operation: str, request: dict[str, Any], account: str, region: str) -> dict[str, Any]:
        """The reply to a request, JSON-ready: timestamps are seconds since 1970.

        Raises ConfigError with AWS's code: ValidationException for what the API model refuses,
        UnsupportedOperationException for what the embedded AWS can't do, otherwise what the operation documents.
        """
        if operation not in operations():
            raise ConfigError("UnknownOperationException", f"AWS Config has no operation {operation}.")
        known = OPERATIONS.get(operation)
        if known is None:
            raise unsupported(operation, UNSUPPORTED.get(operation, "it is not implemented."))
        validate_request(operation, request)
        request = without_nulls(request)
        scope = self._store.write if known.writes else self._store.read
        with scope() as db:
            reply = known.handler(Call(operation, account, region, self._now(), db, self._services), request)
        if known.writes:
            self._follow_up()
        return reply

    def record(self, items: Sequence[ConfigurationItem]) -> None:
        """Take new states of resources. What is not recorded or has not changed is dropped; the rest is stored,
        evaluated and announced. Durable when it returns."""
        remaining = iter(items)
        while chunk := list(islice(remaining, CHUNK)):
            with self._store.write() as db:
                record_items(db, self._services, chunk, self._now())
            self._follow_up()

    def recording(self, account: str, region: str) -> RecordingScope | None:
        """What is recorded there now; None when no recorder is on."""
        with self._store.read() as db:
            recorder = running_recorder(db, account, region)
        return scope_of(recorder) if recorder else None

    def tick(self) -> None:
        """Do what is due by the clock: periodic rules, snapshots, history, daily recording, retention, retries. Call it
        every few seconds."""
        with self._store.write() as db:
            queue_due(db, self._services, self._now())
        self._follow_up()

    def not_evaluated(self, account: str, region: str) -> list[dict[str, str]]:
        """What rules could not evaluate: ``{"rule", "resource_type", "resource_id", "reason"}``; a rule that
        can't be evaluated at all has an empty resource."""
        with self._store.read() as db:
            rows = db.rows(
                "SELECT rule, type, resource, reason FROM unevaluated WHERE account=? AND region=? ORDER BY 1, 2, 3",
                (account, region),
            )
            statuses = db.entities(account, region, "rule_status")
        named = ("rule", "resource_type", "resource_id", "reason")
        single = [dict(zip(named, row, strict=True)) for row in rows]
        seen = {entry["rule"] for entry in single}
        whole = [
            {"rule": rule, "resource_type": "", "resource_id": "", "reason": status["LastErrorMessage"]}
            for rule, status in statuses
            if "LastErrorMessage" in status and rule not in seen
        ]
        return single + whole

    def held(self, account: str, region: str, resource_type: str) -> list[tuple[str, str | None, str]]:
        """Id, name and ARN of the resources of a type that exist as far as was recorded: ListDiscoveredResources, for
        types outside the API's list too."""
        with self._store.read() as db:
            rows = db.rows(
                "SELECT resource, name, arn FROM resource WHERE account=? AND region=? AND type=? AND deleted=0",
                (account, region, resource_type),
            )
        return [(row[0], row[1], row[2]) for row in rows]

    def pending(self) -> int:
        """How much of what follows from the calls so far is still to be done: 0 when all rules ran, all events left."""
        with self._store.read() as db:
            found = db.row("SELECT COUNT(*) FROM work WHERE due<=?", (self._now(),))
        return int(found[0]) if found else 0

    def reset(self) -> None:
        """Forget everything."""
        self._store.clear()

    def start(self) -> None:
        """Have a thread do what follows from calls, and :meth:`tick` every second; calls then return at once."""
        self._thread = threading.Thread(target=self._run, name="embedded-config", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the thread, if there is one, and close the store."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
        self._store.close()

    def _now(self) -> float:
        return self._clock().timestamp()

    def _follow_up(self) -> None:
        if self._thread is None:
            self._dispatcher.dispatch()
        else:
            self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait(timeout=1)
            self._wake.clear()
            if self._stopping.is_set():
                return
            try:
                with self._store.write() as db:
                    queue_due(db, self._services, self._now())
                self._dispatcher.dispatch()
            except Exception:  # noqa: BLE001 -- the thread has to outlive whatever went wrong; what is due stays due
                _log.exception("AWS Config could not do what is due, trying again")


_DOERS: dict[str, work.Doer] = {
    "rule": work.run_rule,
    "compliance": work.refresh_compliance,
    "function": work.invoke_function,
    "notify": delivery.publish,
    "writability": delivery.check_writability,
    "oversized": delivery.deliver_oversized,
    "snapshot": delivery.deliver_snapshot,
    "history": delivery.deliver_history,
    "remediation": remediation.remediate,
}
"""Kind of work to what does it."""
