"""Amazon Athena: workgroups."""

# ruff: noqa: ARG002 (every handler's methods have the same signature)
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from watchkeeper.pulumi.provider.aws import Aws
from watchkeeper.pulumi.provider.handler import AutoName, Handler
from watchkeeper.pulumi.provider.tagging import change_tags, read_tags
from watchkeeper.pulumi.provider.values import Values, tag_list, to_api


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


HANDLERS = (Workgroup(),)
