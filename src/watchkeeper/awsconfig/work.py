"""Does what a committed change left to do: runs rules, invokes functions, sends events, delivers to S3.

Each piece is a row of the ``work`` table, written in the transaction of its cause and deleted when it is done, so it is
done at least once, whatever kills the process in between. A refusal of AWS's is an answer and is recorded where AWS
records it; anything else that goes wrong is tried again, later and later.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

from watchkeeper.awsconfig.active import ActiveRule, active_rules
from watchkeeper.awsconfig.evaluating import NOT_EVALUATED, evaluate_items, stale_outcomes
from watchkeeper.awsconfig.invocation import invocation_event
from watchkeeper.awsconfig.logic import not_evaluated_reason
from watchkeeper.awsconfig.recorders import running_recorder, scope_of
from watchkeeper.awsconfig.recording import keep_compliance
from watchkeeper.awsconfig.results import record_outcomes
from watchkeeper.awsconfig.rule_status import note_failure, note_invocation, note_success
from watchkeeper.awsconfig.services import ServiceRefused, Services
from watchkeeper.awsconfig.states import CHUNK, current, portion
from watchkeeper.awsconfig.store import Session, Store, Work
from watchkeeper.evaluation import item as evaluation
from watchkeeper.model import ConfigurationItem

LANES = ("evaluate", "invoke", "remediate", "emit")
_BATCH = 20
_ATTEMPTS = 20
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bench:
    """What the work is done with."""

    store: Store
    services: Services
    now: Callable[[], float]


Doer = Callable[[Bench, Work], None]


class Dispatcher:
    """Does waiting work, one thread at a time; a thread that finds another at it leaves its work to that one."""

    def __init__(
        self, bench: Bench, doers: dict[str, Doer], batches: dict[str, Callable[[Bench, list[Work]], None]]
    ) -> None:
        self._bench = bench
        self._doers = doers
        self._batches = batches
        self._busy = threading.Lock()
        self._pending = threading.Event()

    def dispatch(self) -> None:
        """Do all that is due. Returns at once where another thread is doing it; what was queued before is then seen."""
        self._pending.set()
        while self._pending.is_set() and self._busy.acquire(blocking=False):
            try:
                self._pending.clear()
                while self._round():
                    continue
            finally:
                self._busy.release()

    def _round(self) -> bool:
        """Do a portion of each lane; whether there was anything to do."""
        did = [self._lane(lane) for lane in LANES]
        return any(did)

    def _lane(self, lane: str) -> bool:
        """Do a portion of a lane; whether there was any."""
        with self._bench.store.read() as db:
            waiting = db.waiting(lane, self._bench.now(), _BATCH)
        for (kind, _, _), group in groupby(waiting, key=lambda work: (work.kind, work.account, work.region)):
            works = list(group)
            if kind in self._batches:
                self._attempt(works, partial(self._batches[kind], self._bench, works))
                continue
            for work in works:
                self._attempt([work], partial(self._doers[kind], self._bench, work))
        return bool(waiting)

    def _attempt(self, works: Sequence[Work], do: Callable[[], None]) -> None:
        try:
            do()
        except Exception:  # noqa: BLE001 -- one broken piece must not stop the others
            _log.exception("%s of %s %s failed, trying again later", works[0].kind, works[0].account, works[0].region)
            with self._bench.store.write() as db:
                for work in works:
                    _postpone(db, work, self._bench.now())


def done(db: Session, work: Work) -> None:
    """Strike a piece of work off, in the transaction of its effect."""
    db.run("DELETE FROM work WHERE id=?", (work.id,))


def _postpone(db: Session, work: Work, now: float) -> None:
    if work.attempts + 1 >= _ATTEMPTS:
        _log.error("gave up on %s after %d attempts: %.200r", work.kind, _ATTEMPTS, work.body)
        done(db, work)
        return
    due = now + min(60, 2**work.attempts)
    db.run("UPDATE work SET attempts=attempts+1, due=? WHERE id=?", (due, work.id))


def run_rule(bench: Bench, work: Work) -> None:
    """A portion of one rule over the resources in its scope; the rest stays queued. ``body``: ``rule``, and for a run
    that goes on ``after`` (type, id) and ``started``."""
    now = bench.now()
    started = work.body.get("started", now)
    unrecorded: list[ConfigurationItem] = []
    with bench.store.read() as db:
        rule = active_rules(db, work.account, work.region).get(work.body["rule"])
        recorder = running_recorder(db, work.account, work.region)
    if rule is not None and "after" not in work.body:
        unrecorded = _unrecorded(bench, rule, recorder, work)
    with bench.store.write() as db:
        rule = active_rules(db, work.account, work.region).get(work.body["rule"])
        body = db.get(work.account, work.region, "rule", work.body["rule"])
        if rule is None or body is None:
            done(db, work)
            return
        reason = not_evaluated_reason(body["rule"]["Source"])
        if reason is not None:
            note_failure(db, work.account, work.region, rule.name, now, NOT_EVALUATED, reason, invoked=False)
            done(db, work)
            return
        run = _run_function if rule.owner == "CUSTOM_LAMBDA" else _run_managed
        run(db, bench.services, rule, work, started, now, unrecorded)


def _run_function(
    db: Session, _services: Services, rule: ActiveRule, work: Work, started: float, _now: float,
    _unrecorded: list[ConfigurationItem],
) -> None:  # fmt: skip
    first = "after" not in work.body
    if first and rule.every:
        db.queue("invoke", "function", work.account, work.region, {"rule": rule.name, "scheduled": True})
    if not rule.on_change:
        done(db, work)
        return
    after = tuple(work.body.get("after", ("", "")))
    rows = portion(db, work.account, work.region, rule.types, (after[0], after[1]), CHUNK)
    for _, item in rows:
        held = current(db, *item.key)
        if held is not None and rule.in_scope(item):
            db.queue("invoke", "function", work.account, work.region, {"rule": rule.name, "state": held[1]})
    _go_on(db, work, started, rows[-1][0] if len(rows) == CHUNK else None)


def _run_managed(
    db: Session, services: Services, rule: ActiveRule, work: Work, started: float, now: float,
    unrecorded: list[ConfigurationItem],
) -> None:  # fmt: skip
    account, region = work.account, work.region
    after = tuple(work.body.get("after", ("", "")))
    rows = portion(db, account, region, rule.types, (after[0], after[1]), CHUNK)
    subjects = [item for _, item in rows] + unrecorded
    if rule.about_account and "after" not in work.body:
        subjects.append(evaluation.account_item(account, region))
    findings = evaluate_items(db, services, rule, account, region, subjects, now)
    last = len(rows) < CHUNK
    changed = record_outcomes(db, account, region, findings.outcomes, now, started)
    if last:
        changed |= record_outcomes(
            db, account, region, stale_outcomes(db, account, region, rule.name, started, now), now, now
        )
        _note_run(db, account, region, rule.name, now)
    keep_compliance(db, account, region, sorted(changed), now)
    _go_on(db, work, started, None if last else rows[-1][0])


def _note_run(db: Session, account: str, region: str, rule: str, now: float) -> None:
    failed = db.row(
        "SELECT COUNT(*), MIN(type || ' ' || resource || ': ' || reason) FROM unevaluated "
        "WHERE account=? AND region=? AND rule=?",
        (account, region, rule),
    )
    if failed is None or not failed[0]:
        note_success(db, account, region, rule, now)
        return
    message = f"{failed[0]} resource{'s' if failed[0] > 1 else ''} could not be evaluated. {failed[1]}"
    note_failure(db, account, region, rule, now, NOT_EVALUATED, message, invoked=True)


def _go_on(db: Session, work: Work, started: float, after: tuple[str, str] | None) -> None:
    done(db, work)
    if after is not None:
        body = {**work.body, "after": list(after), "started": started}
        db.queue(work.lane, work.kind, work.account, work.region, body)


def _unrecorded(bench: Bench, rule: ActiveRule, recorder: dict[str, Any] | None, work: Work) -> list[ConfigurationItem]:
    """What a periodic rule reads itself, as AWS's do: resources of types that the recorder doesn't record."""
    if rule.every is None or rule.types is None:
        return []
    scope = scope_of(recorder) if recorder else None
    types = [t for t in rule.types & bench.services.readable_types if scope is None or not scope.records(t)]
    return list(bench.services.read(work.account, work.region, types)) if types else []


def refresh_compliance(bench: Bench, work: Work) -> None:
    """New ``AWS::Config::ResourceCompliance`` states. ``body``: ``resources`` (type, id)."""
    with bench.store.write() as db:
        resources = [(resource_type, resource_id) for resource_type, resource_id in work.body["resources"]]
        keep_compliance(db, work.account, work.region, resources, bench.now())
        done(db, work)


def invoke_function(bench: Bench, work: Work) -> None:
    """Invoke a custom rule's function. ``body``: ``rule``, and ``state`` with ``left_scope``, or ``scheduled``."""
    now = bench.now()
    account, region = work.account, work.region
    with bench.store.write() as db:
        rule = active_rules(db, account, region).get(work.body["rule"])
        event = invocation_event(db, account, region, rule, work.body, now) if rule else None
    refused = None
    if rule is not None and event is not None:
        try:
            bench.services.invoke_function(account, region, rule.identifier, event)
        except ServiceRefused as refusal:
            refused = refusal
    with bench.store.write() as db:
        done(db, work)
        if rule is None or event is None:
            return
        if refused is None:
            note_invocation(db, account, region, rule.name, now)
            return
        note_failure(db, account, region, rule.name, now, refused.code, refused.message, invoked=False)


def send_events(bench: Bench, works: list[Work]) -> None:
    """Put events on the default bus, in the order of their causes."""
    entries = [
        {
            "Source": "aws.config",
            "DetailType": entry["type"],
            "Detail": entry["detail"],
            "Resources": entry["resources"],
        }
        for work in works
        for entry in work.body["entries"]
    ]
    bench.services.put_events(works[0].account, works[0].region, entries)
    with bench.store.write() as db:
        db.run_many("DELETE FROM work WHERE id=?", [(work.id,) for work in works])
