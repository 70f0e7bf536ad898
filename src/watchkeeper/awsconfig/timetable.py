"""What is due by the clock: periodic rules, snapshots, history files, the end of a recording day, retention.

https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config-rules.html
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from watchkeeper.awsconfig.active import active_rules
from watchkeeper.awsconfig.channels import KIND as CHANNEL
from watchkeeper.awsconfig.channels import snapshot_seconds
from watchkeeper.awsconfig.recorders import KIND as RECORDER
from watchkeeper.awsconfig.recording import DAY, flush_daily
from watchkeeper.awsconfig.services import Services
from watchkeeper.awsconfig.store import Session

HISTORY_SECONDS = 6 * 3600
"""AWS delivers history files every six hours."""
_TIMETABLE = "timetable"


def queue_due(db: Session, services: Services, now: float) -> None:
    """Queue what is due; flush recording days that have ended; forget states older than the retention."""
    for account, region, _, body in db.everywhere(RECORDER):
        _queue_rules(db, account, region, now)
        if body["status"]["recording"] and _due(db, account, region, "daily", DAY, now):
            flush_daily(db, services, account, region, now)
    for account, region, _, channel in db.everywhere(CHANNEL):
        _queue_deliveries(db, account, region, channel, now)
    for account, region, _, retention in db.everywhere("retention"):
        _forget(db, account, region, retention, now)


def _queue_rules(db: Session, account: str, region: str, now: float) -> None:
    """Periodic rules run whether the recorder is on or not."""
    for rule in active_rules(db, account, region).values():
        if rule.every is not None and _due(db, account, region, f"rule {rule.id}", rule.every, now):
            db.queue("evaluate", "rule", account, region, {"rule": rule.name})


def _queue_deliveries(db: Session, account: str, region: str, channel: dict[str, Any], now: float) -> None:
    recording = any(body["status"]["recording"] for _, body in db.entities(account, region, RECORDER))
    if not recording:
        return
    every = snapshot_seconds(channel)
    if every is not None and _due(db, account, region, "snapshot", every, now):
        db.queue("emit", "snapshot", account, region, {"id": str(uuid4())})
    if _due(db, account, region, "history", HISTORY_SECONDS, now):
        db.queue("emit", "history", account, region, {"start": now - HISTORY_SECONDS})


def _due(db: Session, account: str, region: str, what: str, every: int, now: float) -> bool:
    """Whether a period has passed; the first one begins when it is asked for first."""
    held = db.get(account, region, _TIMETABLE, what)
    due = held is not None and now - held["at"] >= every
    if held is None or due:
        db.put(account, region, _TIMETABLE, what, {"at": now})
    return due


def _forget(db: Session, account: str, region: str, retention: dict[str, Any], now: float) -> None:
    """States out of retention go; what a resource is now stays."""
    oldest = now - retention["RetentionPeriodInDays"] * DAY
    db.run(
        "DELETE FROM state WHERE account=? AND region=? AND captured<? AND id NOT IN "
        "(SELECT state FROM resource WHERE account=? AND region=?)",
        (account, region, oldest, account, region),
    )
