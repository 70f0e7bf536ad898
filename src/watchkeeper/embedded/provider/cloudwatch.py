# ruff: noqa: ARG002 (every handler's methods have the same signature)
"""Amazon CloudWatch and CloudWatch Logs: alarms, dashboards, log groups, metric filters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from watchkeeper.embedded.provider.aws import Aws
from watchkeeper.embedded.provider.handler import AutoName, Handler, known
from watchkeeper.embedded.provider.tagging import change_tags, read_tags
from watchkeeper.embedded.provider.values import Values, document, tag_list
from watchkeeper.engine.provider import ProviderError

_RETENTION = frozenset(
    {0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
)
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html; 0 is for ever."""

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


class LogGroup(Handler):
    """``id`` is the name."""

    types = ("aws:cloudwatch/logGroup:LogGroup",)
    service = "logs"
    auto_name = AutoName(limit=512)
    replace = frozenset({"logGroupClass"})
    defaults: ClassVar[dict[str, Any]] = {"retentionInDays": 0, "skipDestroy": False}
    write_only = frozenset({"skipDestroy", "deletionProtectionEnabled"})

    def validate(self, values: Values) -> Iterator[str]:
        days = known(values, "retentionInDays")
        if days is not None and int(days) not in _RETENTION:
            allowed = ", ".join(str(number) for number in sorted(_RETENTION))
            yield f"retentionInDays has to be one of {allowed}, not {days}"

    def create(self, aws: Aws, values: Values) -> str:
        name = str(values["name"])
        aws.call(
            "logs",
            "create_log_group",
            logGroupName=name,
            kmsKeyId=values.get("kmsKeyId"),
            logGroupClass=values.get("logGroupClass"),
            deletionProtectionEnabled=values.get("deletionProtectionEnabled"),
            tags=values.get("tags") or None,
        )
        aws.made = name
        self._retain(aws, name, values)
        return name

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        groups = aws.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=id_)
        found = next((group for group in groups if group["logGroupName"] == id_), None)
        if found is None:
            return None
        arn = found["arn"].removesuffix(":*")
        return {
            "name": id_,
            "arn": arn,
            "retentionInDays": found.get("retentionInDays", 0),
            "kmsKeyId": found.get("kmsKeyId"),
            "logGroupClass": found.get("logGroupClass", "STANDARD"),
            "tags": read_tags(aws, "logs", arn),
        }

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        if old["retentionInDays"] != new["retentionInDays"] or not int(new["retentionInDays"]):
            self._retain(aws, id_, new)
        key = new.get("kmsKeyId")
        if old.get("kmsKeyId") != key:
            if key:
                aws.call("logs", "associate_kms_key", logGroupName=id_, kmsKeyId=key)
            else:
                aws.call("logs", "disassociate_kms_key", logGroupName=id_)
        change_tags(aws, "logs", aws.arn("logs", f"log-group:{id_}"), old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        if values["skipDestroy"] not in (True, "true"):
            aws.drop("logs", "delete_log_group", logGroupName=id_)

    def _retain(self, aws: Aws, name: str, values: Values) -> None:
        days = int(values["retentionInDays"])
        if days:
            aws.call("logs", "put_retention_policy", logGroupName=name, retentionInDays=days)
        else:
            aws.drop("logs", "delete_retention_policy", logGroupName=name)


_FILTER_MEMBERS: Mapping[str, str] = {
    "name": "metricName",
    "namespace": "metricNamespace",
    "value": "metricValue",
    "defaultValue": "defaultValue",
    "dimensions": "dimensions",
    "unit": "unit",
}


class MetricFilter(Handler):
    """``id`` is the name."""

    types = ("aws:cloudwatch/logMetricFilter:LogMetricFilter",)
    service = "logs"
    auto_name = AutoName(limit=512)
    replace = frozenset({"logGroupName"})

    def create(self, aws: Aws, values: Values) -> str:
        given = values["metricTransformation"]
        wanted = {api: given[name] for name, api in _FILTER_MEMBERS.items() if name in given}
        if "defaultValue" in wanted:
            wanted["defaultValue"] = float(wanted["defaultValue"])
        aws.call(
            "logs",
            "put_metric_filter",
            logGroupName=values["logGroupName"],
            filterName=values["name"],
            filterPattern=values["pattern"],
            metricTransformations=[wanted],
            applyOnTransformedLogs=values.get("applyOnTransformedLogs"),
        )
        return str(values["name"])

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        group = values.get("logGroupName")
        try:
            filters = aws.pages("logs", "describe_metric_filters", "metricFilters", logGroupName=group)
        except ProviderError as error:
            if error.code == "ResourceNotFoundException":
                return None
            raise
        found = next((entry for entry in filters if entry["filterName"] == id_), None)
        if found is None:
            return None
        metric = (found.get("metricTransformations") or [{}])[0]
        return {
            "name": id_,
            "logGroupName": found.get("logGroupName", group),
            "pattern": found.get("filterPattern", ""),
            "metricTransformation": {name: metric[api] for name, api in _FILTER_MEMBERS.items() if api in metric},
        }

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        aws.drop("logs", "delete_metric_filter", logGroupName=values["logGroupName"], filterName=id_)


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


HANDLERS: tuple[Handler, ...] = (
    LogGroup(),
    MetricFilter(),
    MetricAlarm(),
    CompositeAlarm(),
    Dashboard(),
)
