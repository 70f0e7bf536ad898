"""Amazon CloudWatch: alarms and dashboards."""

# ruff: noqa: ARG002 (every handler's methods have the same signature)
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from watchkeeper.pulumi.provider.aws import Aws
from watchkeeper.pulumi.provider.handler import AutoName, Handler, known
from watchkeeper.pulumi.provider.tagging import change_tags, read_tags
from watchkeeper.pulumi.provider.values import Values, document, tag_list

_COMPARISONS = frozenset(
    {
        "GreaterThanOrEqualToThreshold",
        "GreaterThanThreshold",
        "LessThanThreshold",
        "LessThanOrEqualToThreshold",
        "LessThanLowerOrGreaterThanUpperThreshold",
        "LessThanLowerThreshold",
        "GreaterThanUpperThreshold",
    }
)


class MetricAlarm(Handler):
    """``id`` is the name."""

    types = ("aws:cloudwatch/metricAlarm:MetricAlarm",)
    service = "cloudwatch"
    auto_name = AutoName(limit=255)
    defaults: ClassVar[dict[str, Any]] = {"actionsEnabled": True, "treatMissingData": "missing"}
    rename: ClassVar[dict[str, str]] = {"AlarmName": "name"}
    unsupported = frozenset({"evaluationCriteria", "evaluationInterval", "evaluationWindow", "warmUpConfiguration"})

    def validate(self, values: Values) -> Iterator[str]:
        comparison = known(values, "comparisonOperator")
        if comparison is not None and comparison not in _COMPARISONS:
            yield f"comparisonOperator has to be one of {', '.join(sorted(_COMPARISONS))}, not {comparison!r}"
        for name in ("comparisonOperator", "evaluationPeriods"):
            if name not in values:
                yield f"{name} is required"
        if "metricName" not in values and "metricQueries" not in values:
            yield "metricName or metricQueries is required"
        missing = known(values, "treatMissingData")
        if missing is not None and missing not in ("missing", "ignore", "breaching", "notBreaching"):
            yield f"treatMissingData has to be missing, ignore, breaching or notBreaching, not {missing!r}"

    def create(self, aws: Aws, values: Values) -> str:
        apart = ("dimensions", "metricQueries", "tags")
        body = self.request(aws, "PutMetricAlarm", {k: v for k, v in values.items() if k not in apart})
        if values.get("dimensions"):
            body["Dimensions"] = _dimensions(values["dimensions"])
        if values.get("metricQueries"):
            body["Metrics"] = [_query(entry) for entry in values["metricQueries"]]
        aws.call("cloudwatch", "put_metric_alarm", **body, Tags=tag_list(values.get("tags")) or None)
        return str(values["name"])

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.call("cloudwatch", "describe_alarms", AlarmNames=[id_], AlarmTypes=["MetricAlarm"])
        alarm = next(iter(reply.get("MetricAlarms") or ()), None)
        if alarm is None:
            return None
        apart = ("Dimensions", "Metrics")
        found = self.outputs({k: v for k, v in alarm.items() if k not in apart and v not in (None, "", [])})
        if alarm.get("Dimensions"):
            found["dimensions"] = {entry["Name"]: entry["Value"] for entry in alarm["Dimensions"]}
        if alarm.get("Metrics"):
            found["metricQueries"] = [_read_query(entry) for entry in alarm["Metrics"]]
        arn = alarm["AlarmArn"]
        return {**found, "name": id_, "arn": arn, "tags": read_tags(aws, "cloudwatch", arn)}

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        self.create(aws, {key: value for key, value in new.items() if key != "tags"})
        change_tags(aws, "cloudwatch", aws.arn("cloudwatch", f"alarm:{id_}"), old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        aws.drop("cloudwatch", "delete_alarms", AlarmNames=[id_])


def _dimensions(values: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": str(value)} for name, value in sorted(values.items())]


def _query(entry: Values) -> Values:
    names = {"id": "Id", "expression": "Expression", "label": "Label", "accountId": "AccountId"}
    found: Values = {api: entry[name] for name, api in names.items() if name in entry}
    if "period" in entry:
        found["Period"] = int(entry["period"])
    found["ReturnData"] = entry.get("returnData") in (True, "true")
    metric = entry.get("metric")
    if metric:
        inner: Values = {"MetricName": metric["metricName"], "Dimensions": _dimensions(metric.get("dimensions", {}))}
        if "namespace" in metric:
            inner["Namespace"] = metric["namespace"]
        found["MetricStat"] = {"Metric": inner, "Period": int(metric["period"]), "Stat": metric["stat"]}
        if "unit" in metric:
            found["MetricStat"]["Unit"] = metric["unit"]
    return found


def _read_query(entry: Values) -> Values:
    names = {"Id": "id", "Expression": "expression", "Label": "label", "AccountId": "accountId", "Period": "period"}
    found: Values = {name: entry[api] for api, name in names.items() if entry.get(api) not in (None, "")}
    found["returnData"] = entry.get("ReturnData", False)
    stat = entry.get("MetricStat")
    if stat:
        metric = stat["Metric"]
        found["metric"] = {"metricName": metric["MetricName"], "period": stat["Period"], "stat": stat["Stat"]}
        if metric.get("Namespace"):
            found["metric"]["namespace"] = metric["Namespace"]
        if metric.get("Dimensions"):
            found["metric"]["dimensions"] = {item["Name"]: item["Value"] for item in metric["Dimensions"]}
        if stat.get("Unit"):
            found["metric"]["unit"] = stat["Unit"]
    return found


class CompositeAlarm(Handler):
    """``id`` is the name."""

    types = ("aws:cloudwatch/compositeAlarm:CompositeAlarm",)
    identity = "{alarmName}"
    service = "cloudwatch"
    replace = frozenset({"alarmName"})
    defaults: ClassVar[dict[str, Any]] = {"actionsEnabled": True}

    def create(self, aws: Aws, values: Values) -> str:
        apart = ("actionsSuppressor", "tags")
        body = self.request(aws, "PutCompositeAlarm", {k: v for k, v in values.items() if k not in apart})
        suppressor = values.get("actionsSuppressor")
        if suppressor:
            body |= {
                "ActionsSuppressor": suppressor["alarm"],
                "ActionsSuppressorExtensionPeriod": int(suppressor["extensionPeriod"]),
                "ActionsSuppressorWaitPeriod": int(suppressor["waitPeriod"]),
            }
        aws.call("cloudwatch", "put_composite_alarm", **body, Tags=tag_list(values.get("tags")) or None)
        return str(values["alarmName"])

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.call("cloudwatch", "describe_alarms", AlarmNames=[id_], AlarmTypes=["CompositeAlarm"])
        alarm = next(iter(reply.get("CompositeAlarms") or ()), None)
        if alarm is None:
            return None
        plain = {k: v for k, v in alarm.items() if not k.startswith("ActionsSuppressor") and v not in (None, "", [])}
        found = {**self.outputs(plain), "arn": alarm["AlarmArn"]}
        if alarm.get("ActionsSuppressor"):
            found["actionsSuppressor"] = {
                "alarm": alarm["ActionsSuppressor"],
                "extensionPeriod": alarm.get("ActionsSuppressorExtensionPeriod", 0),
                "waitPeriod": alarm.get("ActionsSuppressorWaitPeriod", 0),
            }
        return {**found, "tags": read_tags(aws, "cloudwatch", alarm["AlarmArn"])}

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        self.create(aws, {key: value for key, value in new.items() if key != "tags"})
        change_tags(aws, "cloudwatch", aws.arn("cloudwatch", f"alarm:{id_}"), old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        aws.drop("cloudwatch", "delete_alarms", AlarmNames=[id_])


class Dashboard(Handler):
    """``id`` is the name."""

    types = ("aws:cloudwatch/dashboard:Dashboard",)
    identity = "{dashboardName}"
    service = "cloudwatch"
    replace = frozenset({"dashboardName"})
    documents = frozenset({"dashboardBody"})

    def validate(self, values: Values) -> Iterator[str]:
        body = known(values, "dashboardBody")
        if isinstance(body, str) and not isinstance(document(body), Mapping):
            yield "dashboardBody is not a JSON object; AWS would answer InvalidParameterInput"

    def create(self, aws: Aws, values: Values) -> str:
        name = str(values["dashboardName"])
        aws.call("cloudwatch", "put_dashboard", DashboardName=name, DashboardBody=values["dashboardBody"])
        return name

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("cloudwatch", "get_dashboard", DashboardName=id_)
        if reply is None:
            return None
        arn = reply.get("DashboardArn") or aws.arn("cloudwatch", f"dashboard/{id_}", region=False)
        return {"dashboardName": id_, "dashboardBody": reply["DashboardBody"], "dashboardArn": arn}

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        aws.drop("cloudwatch", "delete_dashboards", DashboardNames=[id_])


HANDLERS = (
    MetricAlarm(),
    CompositeAlarm(),
    Dashboard(),
)
