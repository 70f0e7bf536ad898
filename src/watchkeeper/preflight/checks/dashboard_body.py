"""dashboard-body: a dashboard's body is what CloudWatch accepts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.aws import suggest
from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.code.metrics import dashboard_body
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import DASHBOARD, Views
from watchkeeper.pulumi.graph import UNKNOWN, Resource

PATH = "dashboardBody"
TYPES = ("metric", "text", "log", "alarm", "explorer", "custom")
NEEDS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "metric": (("metrics", "annotations"), ("region",)),
    "text": (("markdown",),),
    "log": (("query",), ("region",)),
    "alarm": (("alarms",),),
    "explorer": (("metrics",),),
    "custom": (("endpoint",),),
}
"""Per widget type: what its properties need; one of each group."""
GRID = 24


def look(views: Views) -> Iterator[Result]:
    """Each dashboard's body."""
    for dashboard in views.of_type(DASHBOARD):
        body = dashboard_body(views, dashboard)
        if body is UNKNOWN:
            yield CHECK.unknown(dashboard, "the body is known only after the deployment")
        elif body is None:
            yield CHECK.finding(dashboard, "the dashboard's body is not a JSON object.", path=PATH)
        else:
            yield from _widgets(dashboard, body)


def _widgets(dashboard: Resource, body: Mapping[str, Any]) -> Iterator[Result]:
    widgets = body.get("widgets")
    if widgets is UNKNOWN:
        yield CHECK.unknown(dashboard, "the widgets are known only after the deployment")
        return
    if not isinstance(widgets, list):
        yield CHECK.finding(dashboard, 'the body has no "widgets" list.', path=PATH)
        return
    for index, widget in enumerate(widgets):
        if widget is UNKNOWN:
            continue
        for wrong in _problems(widget):
            yield CHECK.finding(dashboard, f"widgets[{index}] {wrong}.", path=f"{PATH}.widgets[{index}]")


def _problems(widget: Any) -> Iterator[str]:
    if not isinstance(widget, Mapping):
        yield "is not an object"
        return
    kind = widget.get("type")
    if kind not in TYPES:
        nearest = suggest.nearest(str(kind), TYPES)
        yield f"has the type {quote(kind)}" + (
            f"; did you mean {nearest}?" if nearest else f"; there are {', '.join(TYPES)}"
        )
        return
    properties = widget.get("properties")
    if not isinstance(properties, Mapping):
        yield "has no properties"
        return
    for group in NEEDS[kind]:
        if not any(properties.get(name) is not None for name in group):
            yield f"({kind}) has no {' or '.join(group)}"
    yield from _place(widget)
    metrics = properties.get("metrics")
    if kind == "metric" and metrics is not None and not isinstance(metrics, list) and metrics is not UNKNOWN:
        yield "has metrics that are not a list"
    elif kind == "metric" and isinstance(metrics, list):
        yield from (
            f"has a metric that is not a list: {quote(row)}"
            for row in metrics
            if not isinstance(row, list) and row is not UNKNOWN
        )


def _place(widget: Mapping[str, Any]) -> Iterator[str]:
    for name, low, high in (("x", 0, GRID - 1), ("width", 1, GRID), ("y", 0, 10_000), ("height", 1, 1000)):
        value = widget.get(name)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and value is not UNKNOWN and (not number or not low <= value <= high):
            yield f"has {name} {quote(value)}; it is a number from {low} to {high}"


CHECK = Check(
    id="dashboard-body",
    severity=ERROR,
    title="Dashboard bodies are valid",
    explanation="The body is a JSON object with a list of widgets, each with a type, properties and a place on "
    "a grid 24 "
    "wide.",
    aws_does="PutDashboard answers InvalidParameterInput (DashboardInvalidInputError).",
    fix="Build the body as an object and turn it into JSON once, with json.dumps or pulumi.Output.json_dumps.",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html",
    look=look,
    tags=("cloudwatch",),
)
