"""AWS CloudTrail: trails."""

# ruff: noqa: ARG002 (every handler's methods have the same signature)
from __future__ import annotations

from typing import Any, ClassVar

from watchkeeper.pulumi.provider.aws import Aws
from watchkeeper.pulumi.provider.handler import AutoName, Handler
from watchkeeper.pulumi.provider.values import Values, same, tag_changes, tag_list, tag_map, to_api


class Trail(Handler):
    """``id`` is the ARN. It logs unless ``enableLogging`` is false."""

    types = ("aws:cloudtrail/trail:Trail",)
    identity = "arn:aws:cloudtrail:{region}:{account}:trail/{name}"
    service = "cloudtrail"
    auto_name = AutoName(limit=128)
    replace = frozenset({"isOrganizationTrail"})
    defaults: ClassVar[dict[str, Any]] = {
        "enableLogFileValidation": False,
        "enableLogging": True,
        "includeGlobalServiceEvents": True,
        "isMultiRegionTrail": False,
    }
    write_only = frozenset({"eventSelectors", "snsTopicName"})
    unsupported = frozenset({"advancedEventSelectors", "insightSelectors"})
    rename: ClassVar[dict[str, str]] = {
        "CloudWatchLogsLogGroupArn": "cloudWatchLogsGroupArn",
        "EnableLogFileValidation": "enableLogFileValidation",
        "LogFileValidationEnabled": "enableLogFileValidation",
    }

    def create(self, aws: Aws, values: Values) -> str:
        body = self.request(aws, "CreateTrail", {key: value for key, value in values.items() if key != "tags"})
        arn = str(aws.call("cloudtrail", "create_trail", **body)["TrailARN"])
        aws.made = arn
        if values.get("tags"):
            aws.call("cloudtrail", "add_tags", ResourceId=arn, TagsList=tag_list(values["tags"]))
        self._select(aws, arn, {}, values)
        if values["enableLogging"] in (True, "true"):
            aws.call("cloudtrail", "start_logging", Name=arn)
        return arn

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("cloudtrail", "get_trail", Name=id_)
        if reply is None:
            return None
        about = reply["Trail"]
        status = aws.call("cloudtrail", "get_trail_status", Name=id_)
        lists = aws.call("cloudtrail", "list_tags", ResourceIdList=[id_]).get("ResourceTagList") or [{}]
        found = self.outputs({key: value for key, value in about.items() if value not in (None, "")})
        return {
            **found,
            "arn": about["TrailARN"],
            "homeRegion": about.get("HomeRegion"),
            "snsTopicArn": about.get("SnsTopicARN"),
            "enableLogging": bool(status.get("IsLogging")),
            "tags": tag_map(lists[0].get("TagsList")),
        }

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        body = self.request(aws, "UpdateTrail", new)
        aws.call("cloudtrail", "update_trail", **{**body, "Name": id_})
        self._select(aws, id_, old, new)
        if old["enableLogging"] != new["enableLogging"]:
            on = new["enableLogging"] in (True, "true")
            aws.call("cloudtrail", "start_logging" if on else "stop_logging", Name=id_)
        added, removed = tag_changes(old.get("tags"), new.get("tags"))
        if added:
            aws.call("cloudtrail", "add_tags", ResourceId=id_, TagsList=tag_list(added))
        if removed:
            keys = [{"Key": name} for name in removed]
            aws.call("cloudtrail", "remove_tags", ResourceId=id_, TagsList=keys)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        aws.drop("cloudtrail", "delete_trail", Name=id_)

    def _select(self, aws: Aws, trail: str, old: Values, new: Values) -> None:
        if same(old.get("eventSelectors"), new.get("eventSelectors")):
            return
        operation = aws.client("cloudtrail").meta.service_model.operation_model("PutEventSelectors")
        given = new.get("eventSelectors") or [{"includeManagementEvents": True, "readWriteType": "All"}]
        body = to_api(operation.input_shape.members["EventSelectors"], given)
        aws.call("cloudtrail", "put_event_selectors", TrailName=trail, EventSelectors=body)


HANDLERS = (Trail(),)
