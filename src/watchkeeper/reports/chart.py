"""The geometry of the trend line: points in SVG units out of a trend. Days without a score break the line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.reports.results import DayPoint, Trend

WIDTH, HEIGHT = 560, 170
LEFT, RIGHT, TOP, BOTTOM = 44, 548, 12, 142
LEAST_SPAN = 10.0
"""Percentage points that the axis covers at least, so that noise does not look like a slide."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place, in SVG units."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A grid line with its text."""

    y: float
    text: str


@dataclass(frozen=True, slots=True)
class RunPaths:
    """A stretch of days that all have a score, as two SVG paths."""

    line: str
    area: str


@dataclass(frozen=True, slots=True)
class Chart:
    """All that the template draws."""

    ticks: tuple[Tick, ...]
    runs: tuple[RunPaths, ...]
    dots: tuple[Spot, ...]
    """Days with a score between two gaps, which have no line."""
    last: Spot | None
    first_day: str
    last_day: str
    gaps: int
    label: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT


def chart(trend: Trend) -> Chart | None:
    """The chart; None with fewer than two days that have a score, because one is no trend."""
    scores = [point.score for point in trend.history if point.score is not None]
    if len(scores) < 2:
        return None
    low = _axis_start(min(scores))
    spots = _spots(trend.history, low)
    runs = _runs(spots)
    days = [point.day for point in trend.history]
    return Chart(
        ticks=tuple(Tick(_y(value, low), f"{value:g}") for value in (low, (low + 100) / 2, 100)),
        runs=tuple(_paths(run) for run in runs if len(run) > 1),
        dots=tuple(run[0] for run in runs if len(run) == 1),
        last=spots[-1],
        first_day=f"{days[0]:%-d %b}",
        last_day=f"{days[-1]:%-d %b}",
        gaps=sum(spot is None for spot in spots),
        label=f"Score from {days[0]} to {days[-1]}: from {scores[0]:g} to {scores[-1]:g} percent",
    )


def _axis_start(lowest: float) -> float:
    return max(0.0, min(100 - LEAST_SPAN, float(int(lowest / 10) * 10)))


def _y(value: float, low: float) -> float:
    return round(BOTTOM - (value - low) / (100 - low) * (BOTTOM - TOP), 1)


def _spots(history: Sequence[DayPoint], low: float) -> list[Spot | None]:
    step = (RIGHT - LEFT) / (len(history) - 1)
    return [
        None if point.score is None else Spot(round(LEFT + index * step, 1), _y(point.score, low))
        for index, point in enumerate(history)
    ]


def _runs(spots: Sequence[Spot | None]) -> list[list[Spot]]:
    runs: list[list[Spot]] = [[]]
    for spot in spots:
        if spot is None:
            runs.append([])
        else:
            runs[-1].append(spot)
    return [run for run in runs if run]


def _paths(run: Sequence[Spot]) -> RunPaths:
    line = "M" + " L".join(f"{spot.x:g} {spot.y:g}" for spot in run)
    return RunPaths(line, f"{line} L{run[-1].x:g} {BOTTOM} L{run[0].x:g} {BOTTOM} Z")
