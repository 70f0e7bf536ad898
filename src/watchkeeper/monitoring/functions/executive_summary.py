"""executive-summary: one page for management, to the report bucket as JSON and HTML.

'Worse' and 'fixed' compare with the latest stored report that is at least 20 hours old (that of the day before); on a
first day with the oldest report there is. Without any, the page says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from watchkeeper.monitoring.functions import runtime
from watchkeeper.monitoring.functions.collect import collect_results
from watchkeeper.monitoring.functions.daily_aggregator import latest_category_score, read_days
from watchkeeper.monitoring.functions.incoming import parse_run
from watchkeeper.monitoring.functions.manifest import PREFIX_AUDIT, PREFIX_COMPLIANCE, PREFIX_EXECUTIVE
from watchkeeper.monitoring.functions.remedies import ACTIONS
from watchkeeper.monitoring.functions.runtime import log
from watchkeeper.monitoring.functions.store import HTML, JSON, Store
from watchkeeper.reports import to_html, to_json
from watchkeeper.reports.results import Outcome
from watchkeeper.reports.summary import Baseline, Handled, executive_summary
from watchkeeper.reports.trend import change, trend

BASELINE_AGE = timedelta(hours=20)
BASELINE_WINDOW = timedelta(days=8)
RECORDS_READ = 2000
"""Remediation records read at most, the newest; more than that in a day is no matter for one page."""


@runtime.entry("executive-summary")
def handler(event: object, context: Any) -> dict[str, Any]:
    """Collects, compares, writes; gives the keys and the headline."""
    parse_run(event)
    now = datetime.now(UTC)
    report = collect_results(
        runtime.client("config"),
        runtime.deployed_rules(),
        account=runtime.invocation(context).account,
        region=runtime.invocation(context).region,
        environment=runtime.environment("ENVIRONMENT_SUFFIX"),
        at=now,
    )
    store = Store(runtime.client("s3"), runtime.environment("REPORT_BUCKET"))
    today = now.date()
    days = read_days(store, today)
    baseline = read_baseline(store, now)
    summary = executive_summary(
        report,
        trend(today, report.totals.score, {day: overall for day, (overall, _) in days.items()}),
        {
            name: change(counts.score, latest_category_score(days, today, name))
            for name, counts in report.by_category.items()
        },
        baseline,
        read_handled(store, handled_since(baseline, now), now),
        frozenset(ACTIONS),
    )
    stem = f"{PREFIX_EXECUTIVE}{now:%Y/%m/%d}/executive-summary-{now:%Y%m%dT%H%M%SZ}"
    store.put(f"{stem}.html", to_html.executive_summary(summary), HTML)
    store.put(f"{stem}.json", to_json.dumps(to_json.executive_summary(summary)), JSON)
    outcome: dict[str, Any] = {
        "key": f"{stem}.json",
        "keys": [f"{stem}.json", f"{stem}.html"],
        "headline": summary.headline,
        "score": summary.counts.score,
        "decisions": len(summary.decisions),
    }
    log("executive summary written", "INFO", **outcome)
    return outcome


def read_baseline(store: Store, now: datetime) -> Baseline | None:
    """The stored report to compare with. One that can't be read is logged, and the next older one taken."""
    start = f"{PREFIX_COMPLIANCE}{now - BASELINE_WINDOW:%Y/%m/%d}"
    keys = [key for key in store.keys(PREFIX_COMPLIANCE, start_after=start) if key.endswith(".json")]
    bound = f"compliance-{now - BASELINE_AGE:%Y%m%dT%H%M%SZ}.json"
    old_enough = [key for key in keys if key.rsplit("/", 1)[-1] <= bound]
    # Newest of the old ones first; on a first day the oldest of today.
    for key in (*reversed(old_enough), *(key for key in keys if key not in old_enough)):
        stored = store.get(key)
        try:
            made_at, results = to_json.read_results(to_json.read(stored.body if stored else b"", "compliance-report"))
        except to_json.UnreadableDocumentError as error:
            log("an earlier report cannot be read", "WARNING", key=key, error=str(error))
            continue
        return Baseline(made_at, results)
    return None


def handled_since(baseline: Baseline | None, now: datetime) -> datetime:
    """From when remediation decisions count: the baseline, and at least a day, also where the baseline is younger."""
    a_day_ago = now - timedelta(days=1)
    return min(baseline.made_at, a_day_ago) if baseline else a_day_ago


def read_handled(store: Store, since: datetime, now: datetime) -> tuple[Handled, ...]:
    """The remediation decisions since then, oldest first."""
    keys = [key for day in _days(since, now) for key in store.keys(f"{PREFIX_AUDIT}{day:%Y/%m/%d}/")]
    if len(keys) > RECORDS_READ:
        log("more remediation records than are read", "WARNING", found=len(keys), read=RECORDS_READ)
    found = [item for key in keys[-RECORDS_READ:] if (item := _handled(store, key))]
    return tuple(item for decided_at, item in sorted(found, key=lambda pair: pair[0]) if decided_at >= since)


def _days(since: datetime, now: datetime) -> Iterator[datetime]:
    day = since.replace(hour=0, minute=0, second=0, microsecond=0)
    while day <= now:
        yield day
        day += timedelta(days=1)


def _handled(store: Store, key: str) -> tuple[datetime, Handled] | None:
    stored = store.get(key)
    try:
        record = to_json.read(stored.body if stored else b"", "remediation-record")
        item = Handled(record["rule"], record["resource_type"], record["resource_id"], Outcome(record["outcome"]))
        return datetime.fromisoformat(record["decided_at"]), item
    except (to_json.UnreadableDocumentError, KeyError, ValueError, TypeError) as error:
        log("a remediation record cannot be read", "WARNING", key=key, error=str(error))
        return None
