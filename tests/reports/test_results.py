"""The score, the counts, the trend: what they mean, for any input."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reports import support as samples
from watchkeeper.reports.chart import BOTTOM, TOP, chart
from watchkeeper.reports.results import Counts, Direction, RuleState, direction
from watchkeeper.reports.trend import change, trend

TODAY = date(2026, 11, 23)
scores = st.one_of(st.none(), st.floats(0, 100).map(lambda value: round(value, 1)))


@pytest.mark.parametrize(
    ("counts", "score"),
    [
        (Counts(), None),
        (Counts(not_evaluated=5, not_applicable=3), None),
        (Counts(compliant=1), 100.0),
        (Counts(non_compliant=1), 0.0),
        (Counts(compliant=2, non_compliant=1, not_evaluated=50), 66.6),
        (Counts(compliant=99_999, non_compliant=1), 99.9),
    ],
)
def test_score(counts: Counts, score: float | None) -> None:
    assert counts.score == score


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 99))
def test_a_score_of_100_means_no_violation(compliant: int, non_compliant: int, others: int) -> None:
    score = Counts(compliant, non_compliant, others, others).score
    assert (score is None) == (compliant + non_compliant == 0)
    if score is not None:
        assert 0 <= score <= 100
        assert (score == 100) == (non_compliant == 0)


def test_groups_add_up() -> None:
    report = samples.report()
    for grouped in (report.by_category, report.by_severity):
        assert sum(grouped.values(), Counts()) == report.totals
    assert list(report.by_severity) == ["CRITICAL", "HIGH", "MEDIUM", "LOW"]
    known = sum(report.by_resource_type.values(), Counts())
    assert report.totals.not_evaluated == known.not_evaluated + len(report.not_evaluated)


def test_no_resources_is_known_and_no_data_is_not() -> None:
    assert RuleState.NO_RESOURCES.known
    assert not RuleState.NO_DATA.known


def test_violations_come_worst_first() -> None:
    severities = [result.rule for result in samples.report().violations]
    assert severities[0] == samples.PUBLIC.name
    assert severities[-1] == samples.TYPES.name


@given(scores, st.dictionaries(st.integers(-3, 60).map(lambda days: TODAY - timedelta(days=days)), scores))
def test_a_trend_keeps_every_day_and_invents_none(score: float | None, earlier: dict[date, float | None]) -> None:
    made = trend(TODAY, score, earlier)

    days = [point.day for point in made.history]
    assert days[-1] == TODAY
    assert len(days) <= 30
    assert all(later - sooner == timedelta(days=1) for sooner, later in itertools.pairwise(days))
    assert all(point.score == earlier.get(point.day) for point in made.history[:-1])
    if made.previous is not None:
        assert made.previous.score is not None
        assert made.previous.day < TODAY
    assert made.change == change(score, made.previous.score if made.previous else None)


@given(scores, st.dictionaries(st.integers(1, 29).map(lambda days: TODAY - timedelta(days=days)), scores))
def test_a_chart_draws_each_known_day_once_and_nothing_else(
    score: float | None, earlier: dict[date, float | None]
) -> None:
    made = trend(TODAY, score, earlier)
    drawn = chart(made)
    known = sum(point.score is not None for point in made.history)
    if drawn is None:
        assert known < 2
        return
    spots = [spot for run in drawn.runs for spot in run.line.removeprefix("M").split(" L")]
    assert len(spots) + len(drawn.dots) == known
    assert drawn.gaps == len(made.history) - known
    assert all(TOP <= float(spot.split()[1]) <= BOTTOM for spot in spots)
    assert (drawn.last is None) == (score is None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, Direction.UNKNOWN), (0.0, Direction.STEADY), (0.1, Direction.IMPROVING), (-0.1, Direction.WORSENING)],
)
def test_direction(value: float | None, expected: Direction) -> None:
    assert direction(value) is expected
