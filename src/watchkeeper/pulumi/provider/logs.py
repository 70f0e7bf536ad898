"""Amazon CloudWatch Logs: log groups and metric filters."""

# ruff: noqa: ARG002 (every handler's methods have the same signature)
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from watchkeeper.pulumi.engine.provider import ProviderError
from watchkeeper.pulumi.provider.aws import Aws
from watchkeeper.pulumi.provider.handler import AutoName, Handler, known
from watchkeeper.pulumi.provider.tagging import change_tags, read_tags
from watchkeeper.pulumi.provider.values import Values

_RETENTION = frozenset(
    {0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
)
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html; 0 is for ever."""


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


HANDLERS = (
    LogGroup(),
    MetricFilter(),
)
