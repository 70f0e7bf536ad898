"""CloudWatch metrics: data points as values, published in batches. Every name and dimension is in the manifest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from watchkeeper.monitoring.functions.manifest import METRICS

T = TypeVar("T")

BATCH = 500
"""Data points a call: half of PutMetricData's 1,000, well below its 1 MB (CloudWatch API reference)."""

_UNITS: Mapping[str, str] = {metric.name: metric.unit for metric in METRICS}
_DIMENSIONS: Mapping[str, frozenset[frozenset[str]]] = {
    metric.name: frozenset(frozenset(names) for names in metric.dimensions) for metric in METRICS
}


@dataclass(frozen=True, slots=True)
class Point:
    """One value of one metric."""

    metric: str
    value: float
    dimensions: tuple[tuple[str, str], ...]


def point(metric: str, value: float, **dimensions: str) -> Point:
    """A point, checked against the manifest.

    Raises
    ------
    ValueError
        For a metric, or a set of dimensions, that the manifest does not list: no dashboard could know it.
    """
    if frozenset(dimensions) not in _DIMENSIONS.get(metric, frozenset()):
        raise ValueError(f"the manifest lists no metric {metric} with dimensions {', '.join(sorted(dimensions))}")
    return Point(metric, value, tuple(dimensions.items()))


def publish(cloudwatch: Any, namespace: str, points: Iterable[Point], at: datetime) -> int:
    """Publishes the points, all with that time; how many they were."""
    published = 0
    for batch in batches(points, BATCH):
        data = [
            {
                "MetricName": item.metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in item.dimensions],
                "Timestamp": at,
                "Value": item.value,
                "Unit": _UNITS[item.metric],
            }
            for item in batch
        ]
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)
        published += len(data)
    return published


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most that size."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
