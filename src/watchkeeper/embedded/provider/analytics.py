# ruff: noqa: ARG002 (every handler's methods have the same signature)
"""What is asked of the records: CloudTrail trails, Athena workgroups, Glue databases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from watchkeeper.embedded.provider.aws import Aws
from watchkeeper.embedded.provider.handler import AutoName, Handler
from watchkeeper.embedded.provider.tagging import change_tags, read_tags
from watchkeeper.embedded.provider.values import Values, same, tag_changes, tag_list, tag_map, to_api


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


class Workgroup(Handler):
    """An Athena workgroup; ``id`` is the name. With ``forceDestroy`` its saved queries go with it."""

    types = ("aws:athena/workgroup:Workgroup",)
    service = "athena"
    auto_name = AutoName(limit=128, prefix_property="")
    defaults: ClassVar[dict[str, Any]] = {"forceDestroy": False, "state": "ENABLED"}
    write_only = frozenset({"forceDestroy", "configuration"})
    rename: ClassVar[dict[str, str]] = {
        "KmsKey": "kmsKeyArn",
        "PublishCloudWatchMetricsEnabled": "publishCloudwatchMetricsEnabled",
    }

    def create(self, aws: Aws, values: Values) -> str:
        body = self.request(aws, "CreateWorkGroup", {key: value for key, value in values.items() if key != "tags"})
        aws.call("athena", "create_work_group", **body, Tags=tag_list(values.get("tags")) or None)
        name = str(values["name"])
        aws.made = name
        if values["state"] != "ENABLED":
            aws.call("athena", "update_work_group", WorkGroup=name, State=values["state"])
        return name

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        known = {entry["Name"] for entry in aws.call("athena", "list_work_groups").get("WorkGroups", ())}
        if id_ not in known:
            return None
        about = aws.call("athena", "get_work_group", WorkGroup=id_)["WorkGroup"]
        found = self.outputs({key: about[key] for key in ("Name", "Description", "State") if about.get(key)})
        arn = aws.arn("athena", f"workgroup/{id_}")
        return {**found, "arn": arn, "tags": read_tags(aws, "athena", arn)}

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        operation = aws.client("athena").meta.service_model.operation_model("UpdateWorkGroup")
        settings = to_api(
            operation.input_shape.members["ConfigurationUpdates"],
            self._updates(new.get("configuration") or {}),
            self.rename,
        )
        aws.call(
            "athena",
            "update_work_group",
            WorkGroup=id_,
            Description=new.get("description", ""),
            State=new["state"],
            ConfigurationUpdates=settings or None,
        )
        change_tags(aws, "athena", aws.arn("athena", f"workgroup/{id_}"), old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        recursive = values["forceDestroy"] in (True, "true")
        aws.drop("athena", "delete_work_group", WorkGroup=id_, RecursiveDeleteOption=recursive)

    def _updates(self, configuration: Mapping[str, Any]) -> Values:
        found = dict(configuration)
        if "resultConfiguration" in found:
            found["resultConfigurationUpdates"] = found.pop("resultConfiguration")
        return found


class CatalogDatabase(Handler):
    """A Glue database; ``id`` is ``<catalog>:<name>``."""

    types = ("aws:glue/catalogDatabase:CatalogDatabase",)
    identity = "{account}:{name}"
    service = "glue"
    auto_name = AutoName(limit=255, prefix_property="", lower=True)
    replace = frozenset({"catalogId"})
    unsupported = frozenset({"createTableDefaultPermissions", "federatedDatabase", "targetDatabase"})

    def create(self, aws: Aws, values: Values) -> str:
        catalog = str(values.get("catalogId") or aws.account)
        tags = values.get("tags") or None
        aws.call("glue", "create_database", CatalogId=catalog, DatabaseInput=self._input(values), Tags=tags)
        return f"{catalog}:{values['name']}"

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        catalog, _, name = id_.partition(":")
        reply = aws.find("glue", "get_database", CatalogId=catalog, Name=name)
        if reply is None:
            return None
        about = reply["Database"]
        arn = aws.arn("glue", f"database/{name}")
        names = ("Description", "LocationUri", "Parameters")
        found = self.outputs({key: about[key] for key in names if about.get(key)})
        return {**found, "name": name, "catalogId": catalog, "arn": arn, "tags": read_tags(aws, "glue", arn)}

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        catalog, _, name = id_.partition(":")
        aws.call("glue", "update_database", CatalogId=catalog, Name=name, DatabaseInput=self._input(new))
        change_tags(aws, "glue", aws.arn("glue", f"database/{name}"), old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        catalog, _, name = id_.partition(":")
        aws.drop("glue", "delete_database", CatalogId=catalog, Name=name)

    def _input(self, values: Values) -> Values:
        names = {"name": "Name", "description": "Description", "locationUri": "LocationUri", "parameters": "Parameters"}
        return {api: values[name] for name, api in names.items() if name in values}


HANDLERS: tuple[Handler, ...] = (Trail(), Workgroup(), CatalogDatabase())
