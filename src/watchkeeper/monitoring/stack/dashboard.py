"""The CloudWatch dashboard: only what the functions publish, by their manifest, and what AWS publishes of them.

The body follows
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from watchkeeper.model import Severity
from watchkeeper.monitoring.functions.manifest import METRICS, Metric
from watchkeeper.monitoring.stack.context import Concern, Context
from watchkeeper.monitoring.stack.functions import DeployedFunction
from watchkeeper.monitoring.stack.topics import AlertTopic
from watchkeeper.reports.results import Outcome

COLUMNS = 24
DAY = 24 * 3600
PROCESSOR_PERIOD = 6 * 3600
"""How often the processor publishes unless told otherwise."""
HEALTH_PERIOD = 300
GRAPH_LIMIT = 500
"""Metrics that one graph takes (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html)."""

Widget = dict[str, Any]
Line = list[Any]

LOG_QUERY = """fields @timestamp, @log, level, message, @message
| filter level in ["WARNING", "ERROR"] or @message like /Task timed out|Traceback|\\[ERROR\\]/
| sort @timestamp desc
| limit 50"""


class ComplianceDashboard(Concern):
    """Scores, compliance, activity, health of the functions, dead letters, and the last things that went wrong."""

    def __init__(
        self,
        context: Context,
        functions: Mapping[str, DeployedFunction],
        alerts: AlertTopic,
        parent: pulumi.Resource,
    ) -> None:
        super().__init__("ComplianceDashboard", "dashboard", context, parent)
        name = context.name("compliance-dashboard")
        widgets = _laid_out(_widgets(context, functions, alerts))
        self.dashboard = aws.cloudwatch.Dashboard(
            name,
            dashboard_name=name,
            dashboard_body=pulumi.Output.json_dumps({"start": "-P7D", "widgets": widgets}),
            opts=self.child(),
        )
        self.register_outputs({"dashboardName": self.dashboard.dashboard_name})


def published(context: Context, metric: str, **dimensions: str) -> Line:
    """One line of a graph: a metric of ours. ValueError for one that no function publishes with these dimensions."""
    known = _metric(metric)
    names = {"Environment", *dimensions}
    if not any(set(given) == names for given in known.dimensions):
        raise ValueError(f"no function publishes {metric} with the dimensions {', '.join(sorted(names))}")
    pairs = {"Environment": context.settings.environment_suffix, **dimensions}
    return [context.settings.metric_namespace, metric, *(part for pair in pairs.items() for part in pair)]


def _metric(name: str) -> Metric:
    for metric in METRICS:
        if metric.name == name:
            return metric
    raise ValueError(f"no function publishes {name}; there are {', '.join(metric.name for metric in METRICS)}")


def _widgets(context: Context, functions: Mapping[str, DeployedFunction], alerts: AlertTopic) -> list[Widget]:
    return [*_compliance(context), *_activity(context), *_health(context, functions, alerts), _logs(context, functions)]


def _compliance(context: Context) -> list[Widget]:
    rules = [context.name(rule.name) for rule in context.settings.all_rules]
    categories = list(dict.fromkeys(rule.category for rule in context.settings.all_rules))
    trend = [
        _labelled(published(context, "ComplianceScore"), "overall"),
        *(_labelled(published(context, "ComplianceScore", Category=one), one) for one in categories),
    ]
    return [
        _graph(
            context,
            "Compliance score (%)",
            trend,
            stat="Average",
            period=DAY,
            width=16,
            axis={"left": {"min": 0, "max": 100}},
        ),
        _graph(
            context,
            "Now",
            [
                _labelled(published(context, name), label)
                for name, label in (
                    ("Compliant", "compliant"),
                    ("NonCompliant", "non-compliant"),
                    ("NotEvaluated", "not evaluated"),
                    ("RulesNotEvaluated", "rules not evaluated"),
                )
            ],
            view="singleValue",
            period=PROCESSOR_PERIOD,
            width=8,
        ),
        _graph(
            context,
            "Violations by rule",
            [_labelled(published(context, "NonCompliant", Rule=rule), rule) for rule in rules[:GRAPH_LIMIT]],
            period=PROCESSOR_PERIOD,
        ),
        _graph(
            context,
            "Compliance by category",
            [
                _labelled(published(context, metric, Category=category), f"{category} {label}")
                for category in categories
                for metric, label in (("Compliant", "compliant"), ("NonCompliant", "non-compliant"))
            ],
            period=PROCESSOR_PERIOD,
        ),
    ]


def _activity(context: Context) -> list[Widget]:
    levels = [*(severity.value for severity in Severity), "INFO"]
    alerts = [_labelled(published(context, "Alerts", Severity=level), level) for level in levels]
    decisions = [
        _labelled(published(context, "Remediations", Outcome=outcome.value), outcome.value) for outcome in Outcome
    ]
    return [
        _graph(context, "Alerts by severity", alerts, stat="Sum", period=3600, stacked=True),
        _graph(context, "Remediation decisions", decisions, stat="Sum", period=3600, stacked=True),
    ]


def _health(context: Context, functions: Mapping[str, DeployedFunction], alerts: AlertTopic) -> list[Widget]:
    queues = {name: deployed.queue.name for name, deployed in functions.items()} | {"alert topic": alerts.queue.name}
    names = {name: deployed.function.name for name, deployed in functions.items()}
    depth = [
        _labelled(["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue], name)
        for name, queue in queues.items()
    ]
    return [
        _graph(context, "Function errors", _lambda_lines("Errors", names), stat="Sum", period=HEALTH_PERIOD, width=6),
        _graph(context, "Invocations", _lambda_lines("Invocations", names), stat="Sum", period=HEALTH_PERIOD, width=6),
        _graph(context, "Duration (ms)", _lambda_lines("Duration", names), stat="p95", period=HEALTH_PERIOD, width=6),
        _graph(context, "Dead letters", depth, stat="Maximum", period=HEALTH_PERIOD, width=6),
    ]


def _lambda_lines(metric: str, names: Mapping[str, pulumi.Output[str]]) -> list[Line]:
    return [_labelled(["AWS/Lambda", metric, "FunctionName", name], label) for label, name in names.items()]


def _labelled(line: Line, label: str) -> Line:
    return [*line, {"label": label}]


def _graph(
    context: Context,
    title: str,
    lines: Sequence[Line],
    *,
    stat: str = "Maximum",
    period: int,
    view: str = "timeSeries",
    width: int = COLUMNS // 2,
    stacked: bool = False,
    axis: Mapping[str, Any] | None = None,
) -> Widget:
    properties = {"title": title, "metrics": list(lines), "region": context.region, "view": view}
    drawn = {"stat": stat, "period": period, "stacked": stacked} | ({"yAxis": axis} if axis else {})
    return {"type": "metric", "width": width, "height": 6, "properties": properties | drawn}


def _logs(context: Context, functions: Mapping[str, DeployedFunction]) -> Widget:
    sources: list[pulumi.Input[str]] = []
    for deployed in functions.values():
        sources += ["SOURCE '", deployed.log_group.name, "' | "]
    properties = {
        "title": "What went wrong last",
        "query": pulumi.Output.concat(*sources, LOG_QUERY),
        "region": context.region,
        "view": "table",
    }
    return {"type": "log", "width": COLUMNS, "height": 6, "properties": properties}


def _laid_out(widgets: Iterable[Widget]) -> list[Widget]:
    """The widgets from left to right, a new row where one doesn't fit."""
    placed: list[Widget] = []
    x = y = row = 0
    for widget in widgets:
        if x + widget["width"] > COLUMNS:
            x, y, row = 0, y + row, 0
        placed.append({"x": x, "y": y, **widget})
        x, row = x + widget["width"], max(row, widget["height"])
    return placed
