"""dashboard-metrics: a dashboard shows metrics that somebody publishes."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import WARNING, Check, Result
from watchkeeper.preflight.code.metrics import dashboard_metrics, judged
from watchkeeper.preflight.meaning.views import Views


def look(views: Views) -> Iterator[Result]:
    """Each metric that a dashboard shows, against AWS's own and those of the program's code and filters."""
    yield from judged(CHECK, views, dashboard_metrics(views))


CHECK = Check(
    id="dashboard-metrics",
    severity=WARNING,
    title="Dashboards show metrics that somebody publishes",
    explanation="A metric is its namespace, its name and its dimensions together. AWS's own are in the catalog; the "
    "program's are read from its functions' code and its log metric filters.",
    aws_does="The widget shows no data.",
    fix="Watch a metric that is published, with the dimensions that it is published with.",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html",
    look=look,
    tags=("cloudwatch", "code"),
    needs_all=True,
)
