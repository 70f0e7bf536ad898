"""Which metrics a program asks for, which ones somebody publishes.

AWS's own are in :mod:`watchkeeper.aws.facts.metrics`; a program's own are read from its functions' code and its log
metric filters.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from watchkeeper.aws.facts.metrics import DIMENSIONS, METRICS
from watchkeeper.preflight.check import UNSURE, Check, Result
from watchkeeper.preflight.code.facts import Facts, Published
from watchkeeper.preflight.code.functions import facts
from watchkeeper.preflight.meaning.identity import is_stand_in
from watchkeeper.preflight.meaning.values import at, text, texts
from watchkeeper.preflight.meaning.views import ALARM, DASHBOARD, FUNCTION, METRIC_FILTER, QUEUE, TOPIC, Views
from watchkeeper.pulumi.graph import UNKNOWN, Resource
from watchkeeper.text import clean

DIMENSION_OWNERS: Mapping[tuple[str, str], str] = {
    ("AWS/Lambda", "FunctionName"): FUNCTION,
    ("AWS/SNS", "TopicName"): TOPIC,
    ("AWS/SQS", "QueueName"): QUEUE,
}
"""Dimensions whose values are names of resources of one type."""
MATH = ("expression", "id")


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric that an alarm or a dashboard asks for. A part that is not known is None."""

    owner: Resource
    path: str
    namespace: str | None
    name: str | None
    dimensions: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a metric, what could be written, and whether that is sure; ``unknown``: why nobody can say."""

    problem: str = ""
    fix: str = ""
    sure: bool = True
    unknown: str = ""


def judged(check: Check, views: Views, metrics: Iterable[Metric]) -> Iterator[Result]:
    """What a check says of these metrics: nothing of one that somebody publishes."""
    publishers = Publishers(views)
    for metric in metrics:
        verdict = publishers.verdict(metric)
        if verdict.unknown:
            yield check.unknown(metric.owner, clean(verdict.unknown))
        elif verdict.problem:
            yield check.finding(
                metric.owner,
                f"{clean(verdict.problem)}.",
                fix=clean(verdict.fix),
                path=metric.path,
                severity=None if verdict.sure else UNSURE,
            )


def alarm_metrics(views: Views) -> Iterator[Metric]:
    """Every metric that an alarm watches."""
    for alarm in views.of_type(ALARM):
        inputs = views.inputs(alarm)
        if inputs.get("metricName") is not None:
            yield _metric(
                alarm, "metricName", inputs.get("namespace"), inputs.get("metricName"), inputs.get("dimensions")
            )
        for query in at(inputs, "metricQueries", "metric"):
            if isinstance(query, Mapping):
                yield _metric(
                    alarm, "metricQueries", query.get("namespace"), query.get("metricName"), query.get("dimensions")
                )


def _metric(owner: Resource, path: str, namespace: Any, name: Any, dimensions: Any) -> Metric:
    known = dimensions if isinstance(dimensions, Mapping) else {}
    return Metric(owner, path, text(namespace), text(name), known)


def dashboard_body(views: Views, dashboard: Resource) -> Any:
    """A dashboard's body as an object; UNKNOWN; None when it is no JSON object."""
    body = views.get(dashboard, "dashboardBody")
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except (ValueError, RecursionError):
            return None
    return body if body is UNKNOWN or isinstance(body, Mapping) else None


def dashboard_metrics(views: Views) -> Iterator[Metric]:
    """Every metric in the widgets of a dashboard, CloudWatch's shorthand ("." and "...") written out."""
    for dashboard in views.of_type(DASHBOARD):
        body = dashboard_body(views, dashboard)
        if not isinstance(body, Mapping):
            continue
        for index, widget in enumerate(body.get("widgets") or () if isinstance(body.get("widgets"), list) else ()):
            properties = widget.get("properties") if isinstance(widget, Mapping) else None
            rows = properties.get("metrics") if isinstance(properties, Mapping) else None
            previous: list[Any] = []
            for row in rows if isinstance(rows, list) else ():
                cells = _written_out(row, previous)
                if len(cells) >= 2:
                    previous = cells
                    pairs = dict(zip(map(str, cells[2::2]), cells[3::2], strict=False))
                    yield Metric(dashboard, f"widgets[{index}]", text(cells[0]), text(cells[1]), pairs)


def _written_out(row: Any, previous: list[Any]) -> list[Any]:
    if not isinstance(row, list):
        return []
    cells = [cell for cell in row if not isinstance(cell, Mapping)]
    if cells[:1] == ["..."]:
        rest = cells[1:]
        cells = [*previous[: len(previous) - len(rest)], *rest]
    return [previous[i] if cell == "." and i < len(previous) else cell for i, cell in enumerate(cells)]


class Publishers:
    """What is published in a program."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._facts: list[Facts] = [facts(views, function) for function in views.functions]
        self._filters = list(_filters(views))
        self._environment = {
            value
            for function in views.functions
            if isinstance(function.environment, Mapping)
            for _, value in texts(dict(function.environment))
        }

    def verdict(self, metric: Metric) -> Verdict:
        """Whether somebody publishes the metric, with these dimensions."""
        if metric.namespace is None or metric.name is None:
            return Verdict(unknown="the metric is known only after the deployment")
        if metric.namespace.startswith("AWS/"):
            return self._aws(metric)
        return self._own(metric)

    def _aws(self, metric: Metric) -> Verdict:
        known = METRICS.get(metric.namespace or "")
        if known is None:
            return Verdict(unknown=f"the metrics of {metric.namespace} are not in the catalog")
        if metric.name not in known:
            return Verdict(
                f"AWS publishes no metric {metric.name} in {metric.namespace}", f"There are {', '.join(sorted(known))}."
            )
        published = DIMENSIONS.get(metric.namespace or "")
        for key, value in metric.dimensions.items():
            if published is not None and key not in published:
                return Verdict(
                    f"AWS publishes no metric of {metric.namespace} with the dimension {key}",
                    f"There are {', '.join(sorted(published))}.",
                )
            kind = DIMENSION_OWNERS.get((metric.namespace or "", key))
            if kind is None or not isinstance(value, str) or is_stand_in(value):
                continue
            owners = self._views.of_type(kind)
            names = [self._views.name(owner) for owner in owners]
            if owners and value not in names and not any(is_stand_in(name) for name in names):
                return Verdict(
                    f"{key} is {value}, which the program does not make", f"It makes {', '.join(names)}.", sure=False
                )
        return Verdict()

    def _own(self, metric: Metric) -> Verdict:
        exact = [item for item in self._published() if item.namespace == metric.namespace and item.name == metric.name]
        if exact:
            return _dimensions_fit(metric, exact)
        if self._possible(metric):
            return Verdict()
        unread = [reason for item in self._facts for reason in item.unread]
        if unread:
            return Verdict(unknown=f"who publishes {metric.namespace} {metric.name} is not known: {unread[0]}")
        dynamic = any(
            item.emits_metrics and _is_open(item) and self._names(item, metric.namespace) for item in self._facts
        )
        problem = f"nothing in the program publishes {metric.namespace} {metric.name}"
        return Verdict(problem, "Publish it, or watch one that is published.", sure=not dynamic)

    def _published(self) -> Iterator[Published]:
        yield from self._filters
        for item in self._facts:
            yield from item.metrics

    def _possible(self, metric: Metric) -> bool:
        """Whether a function that publishes metrics has the namespace and the name among its texts."""
        return any(
            item.emits_metrics and self._names(item, metric.namespace) and metric.name in item.texts
            for item in self._facts
        )

    def _names(self, item: Facts, namespace: str | None) -> bool:
        return namespace in item.texts or namespace in self._environment


def _is_open(item: Facts) -> bool:
    return any(published.name is None for published in item.metrics)


def _dimensions_fit(metric: Metric, exact: list[Published]) -> Verdict:
    wanted = frozenset(metric.dimensions)
    known = [item.dimensions for item in exact if item.dimensions is not None]
    if len(known) < len(exact) or wanted in known:
        return Verdict()
    published = " or ".join(", ".join(sorted(item)) or "no dimensions" for item in known)
    asked = ", ".join(sorted(wanted)) or "no dimensions"
    return Verdict(
        f"{metric.namespace} {metric.name} is published with {published}, and asked for with {asked}",
        f"Ask for it with {published}.",
    )


def _filters(views: Views) -> Iterator[Published]:
    for resource in views.of_type(METRIC_FILTER):
        for item in at(views.inputs(resource), "metricTransformation"):
            if isinstance(item, Mapping):
                dimensions = item.get("dimensions")
                names = frozenset(map(str, dimensions)) if isinstance(dimensions, Mapping) else frozenset()
                yield Published(text(item.get("namespace")), text(item.get("name")), names)
