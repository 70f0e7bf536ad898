"""Amazon EventBridge Scheduler: schedules and groups."""

# ruff: noqa: ARG002 (every handler's methods have the same signature)
from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from watchkeeper.pulumi.provider.aws import Aws
from watchkeeper.pulumi.provider.handler import AutoName, Handler, known
from watchkeeper.pulumi.provider.tagging import change_tags, read_tags
from watchkeeper.pulumi.provider.values import Values, moment, tag_list


class Schedule(Handler):
    """``id`` is ``<group>/<name>``."""

    types = ("aws:scheduler/schedule:Schedule",)
    identity = "{groupName}/{name}"
    service = "scheduler"
    auto_name = AutoName(limit=64)
    replace = frozenset({"groupName"})
    defaults: ClassVar[dict[str, Any]] = {
        "actionAfterCompletion": "NONE",
        "groupName": "default",
        "scheduleExpressionTimezone": "UTC",
        "state": "ENABLED",
    }
    write_only = frozenset({"startDate", "endDate"})

    def validate(self, values: Values) -> Iterator[str]:
        mode = known(known(values, "flexibleTimeWindow") or {}, "mode")
        if mode is not None and mode not in ("OFF", "FLEXIBLE"):
            yield f"flexibleTimeWindow.mode has to be OFF or FLEXIBLE, not {mode!r}"

    def create(self, aws: Aws, values: Values) -> str:
        aws.call("scheduler", "create_schedule", **self.request(aws, "CreateSchedule", values))
        return f"{values['groupName']}/{values['name']}"

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        group, _, name = id_.partition("/")
        reply = aws.find("scheduler", "get_schedule", GroupName=group, Name=name)
        return None if reply is None else {**self.outputs(reply), "arn": reply["Arn"]}

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        aws.call("scheduler", "update_schedule", **self.request(aws, "UpdateSchedule", new))

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        group, _, name = id_.partition("/")
        aws.drop("scheduler", "delete_schedule", GroupName=group, Name=name)


class ScheduleGroup(Handler):
    """``id`` is the name."""

    types = ("aws:scheduler/scheduleGroup:ScheduleGroup",)
    service = "scheduler"
    auto_name = AutoName(limit=64)

    def create(self, aws: Aws, values: Values) -> str:
        tags = tag_list(values.get("tags")) or None
        aws.call("scheduler", "create_schedule_group", Name=values["name"], Tags=tags)
        return str(values["name"])

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("scheduler", "get_schedule_group", Name=id_)
        if reply is None or reply.get("State") == "DELETING":
            return None
        return {
            "name": reply["Name"],
            "arn": reply["Arn"],
            "state": reply.get("State"),
            "creationDate": moment(reply["CreationDate"]) if "CreationDate" in reply else None,
            "lastModificationDate": moment(reply["LastModificationDate"]) if "LastModificationDate" in reply else None,
            "tags": read_tags(aws, "scheduler", reply["Arn"]),
        }

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        change_tags(aws, "scheduler", str(aws.call("scheduler", "get_schedule_group", Name=id_)["Arn"]), old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        aws.drop("scheduler", "delete_schedule_group", Name=id_)


HANDLERS = (
    Schedule(),
    ScheduleGroup(),
)
