"""daily-aggregator: the scores of the day, overall and per category, with the trend against the days before.

One object a day (UTC), ``scores/daily/2026/11/23.json``; a second run on the same day replaces it. A day without an
object, or with one that can't be read, is a gap in the trend. Days with nothing evaluated publish no score at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from watchkeeper.monitoring.functions import runtime
from watchkeeper.monitoring.functions.collect import collect_results
from watchkeeper.monitoring.functions.incoming import parse_run
from watchkeeper.monitoring.functions.manifest import PREFIX_DAILY
from watchkeeper.monitoring.functions.metrics import Point, point, publish
from watchkeeper.monitoring.functions.runtime import log
from watchkeeper.monitoring.functions.store import Store
from watchkeeper.reports import to_json
from watchkeeper.reports.results import ComplianceReport, DailyScore
from watchkeeper.reports.trend import WINDOW_DAYS, change, trend

DayScores = Mapping[date, tuple[float | None, Mapping[str, float | None]]]
"""Day -> (overall score, score per category)."""


@runtime.entry("daily-aggregator")
def handler(event: object, context: Any) -> dict[str, Any]:
    """Collects, compares, writes, publishes; gives the key and the scores."""
    run = parse_run(event)
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
    day = run.at.astimezone(UTC).date()
    score = daily_score(report, day, read_days(store, day))
    key = daily_key(day)
    store.put(key, to_json.dumps(to_json.daily_score(score)))
    publish(runtime.client("cloudwatch"), runtime.environment("METRIC_NAMESPACE"), tuple(score_points(score)), now)
    summary: dict[str, Any] = {
        "key": key,
        "score": score.overall.score,
        "change": score.trend.change,
        "direction": score.trend.direction.value,
        "categories": {name: counts.score for name, counts in score.categories.items()},
        "rules_not_evaluated": score.rules_not_evaluated,
    }
    log("daily score written", "INFO", **summary)
    return summary


def daily_key(day: date) -> str:
    """``scores/daily/2026/11/23.json``."""
    return f"{PREFIX_DAILY}{day:%Y/%m/%d}.json"


def daily_score(report: ComplianceReport, day: date, earlier: DayScores) -> DailyScore:
    """The day's scores out of a report, compared with earlier days."""
    categories = report.by_category
    return DailyScore(
        day=day,
        account=report.account,
        region=report.region,
        environment=report.environment,
        generated_at=report.generated_at,
        overall=report.totals,
        categories=categories,
        rules_not_evaluated=len(report.not_evaluated),
        trend=trend(day, report.totals.score, {date: overall for date, (overall, _) in earlier.items()}),
        category_changes={
            name: change(counts.score, latest_category_score(earlier, day, name)) for name, counts in categories.items()
        },
    )


def latest_category_score(earlier: DayScores, day: date, category: str) -> float | None:
    """The category's score on the latest day before ``day`` that has one."""
    known = (scores.get(category) for date, (_, scores) in sorted(earlier.items(), reverse=True) if date < day)
    return next((score for score in known if score is not None), None)


def read_days(store: Store, today: date, window: int = WINDOW_DAYS) -> DayScores:
    """The stored scores of the days before today, ``window`` back. What can't be read is logged and left out."""
    first = today - timedelta(days=window - 1)
    found: dict[date, tuple[float | None, Mapping[str, float | None]]] = {}
    # '!' sorts before every digit: StartAfter is exclusive, the first day itself has to be listed.
    for key in store.keys(PREFIX_DAILY, start_after=f"{PREFIX_DAILY}{first:%Y/%m/%d}!"):
        if key >= daily_key(today):
            break
        stored = store.get(key)
        try:
            day, overall, categories = to_json.read_score(to_json.read(stored.body if stored else b"", "daily-score"))
        except to_json.UnreadableDocumentError as error:
            log("an earlier daily score cannot be read: its day is a gap", "WARNING", key=key, error=str(error))
            continue
        if key == daily_key(day):
            found[day] = (overall, categories)
    return found


def score_points(score: DailyScore) -> Iterator[Point]:
    """ComplianceScore, overall and per category, where there is a score."""
    if score.overall.score is not None:
        yield point("ComplianceScore", score.overall.score, Environment=score.environment)
    for name, counts in score.categories.items():
        if counts.score is not None:
            yield point("ComplianceScore", counts.score, Environment=score.environment, Category=name)
