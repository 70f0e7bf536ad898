"""Trends over daily scores: a day without a score is a gap, and nothing is ever drawn or computed across it as zero."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from watchkeeper.reports.results import DayPoint, Trend

WINDOW_DAYS = 30


def trend(today: date, score: float | None, earlier: Mapping[date, float | None], window: int = WINDOW_DAYS) -> Trend:
    """The trend that ends today.

    Parameters
    ----------
    earlier
        Scores of days before today, where known; other days are left out or None.
    window
        Days of history, today included.
    """
    first_possible = today - timedelta(days=window - 1)
    known = {day: value for day, value in earlier.items() if first_possible <= day < today}
    first = min(known, default=today)
    days = [first + timedelta(days=offset) for offset in range((today - first).days)]
    history = (*(DayPoint(day, known.get(day)) for day in days), DayPoint(today, score))
    previous = next((point for point in reversed(history[:-1]) if point.score is not None), None)
    return Trend(history, previous, change(score, previous.score if previous else None))


def change(now: float | None, before: float | None) -> float | None:
    """Percentage points, one decimal; None unless both are known."""
    return None if now is None or before is None else round(now - before, 1)
