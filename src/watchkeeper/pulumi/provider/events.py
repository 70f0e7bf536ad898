"""Amazon EventBridge: rules, targets, buses, permissions."""

# ruff: noqa: ARG002 (every handler's methods have the same signature)
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from watchkeeper.pulumi.engine.provider import ProviderError
from watchkeeper.pulumi.provider.aws import Aws
from watchkeeper.pulumi.provider.handler import AutoName, Handler, known
from watchkeeper.pulumi.provider.tagging import change_tags, read_tags
from watchkeeper.pulumi.provider.values import Values, document, tag_list, to_api

_DEFAULT_BUS = "default"


def _bus_name(values: Mapping[str, Any]) -> str:
    return str(values.get("eventBusName") or _DEFAULT_BUS)


class EventRule(Handler):
    """``id`` is the name, ``<bus>/<name>`` on another bus than the default one."""

    types = ("aws:cloudwatch/eventRule:EventRule",)
    service = "events"
    auto_name = AutoName(limit=64)
    replace = frozenset({"eventBusName"})
    defaults: ClassVar[dict[str, Any]] = {"eventBusName": _DEFAULT_BUS, "forceDestroy": False}
    documents = frozenset({"eventPattern"})
    write_only = frozenset({"forceDestroy", "isEnabled"})
    _states = frozenset({"ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"})

    def validate(self, values: Values) -> Iterator[str]:
        if "eventPattern" not in values and "scheduleExpression" not in values:
            yield "eventPattern or scheduleExpression is required"
        pattern = known(values, "eventPattern")
        if isinstance(pattern, str) and not isinstance(document(pattern), Mapping):
            yield "eventPattern is not a JSON object; AWS would answer InvalidEventPatternException"
        if known(values, "scheduleExpression") and _bus_name(values) != _DEFAULT_BUS:
            yield "scheduleExpression works on the default event bus only"
        state = known(values, "state")
        if state is not None and state not in self._states:
            yield f"state has to be one of {', '.join(sorted(self._states))}, not {state!r}"

    def identify(self, aws: Aws, values: Values) -> str | None:
        name, bus = values.get("name"), _bus_name(values)
        return name if name is None or bus == _DEFAULT_BUS else f"{bus}/{name}"

    def create(self, aws: Aws, values: Values) -> str:
        name, bus = str(values["name"]), _bus_name(values)
        aws.call("events", "put_rule", **self._body(values), Tags=tag_list(values.get("tags")) or None)
        return name if bus == _DEFAULT_BUS else f"{bus}/{name}"

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        bus, _, name = id_.rpartition("/")
        reply = aws.find("events", "describe_rule", Name=name, EventBusName=bus or _DEFAULT_BUS)
        if reply is None:
            return None
        found = self.outputs({key: value for key, value in reply.items() if value not in (None, "")})
        state = reply.get("State", "ENABLED")
        return {
            **found,
            "arn": reply["Arn"],
            "state": state,
            "isEnabled": state != "DISABLED",
            "eventBusName": reply.get("EventBusName", bus or _DEFAULT_BUS),
            "tags": read_tags(aws, "events", reply["Arn"]),
        }

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        # PutRule replaces the whole rule; tags are left to their own call.
        reply = aws.call("events", "put_rule", **self._body(new))
        change_tags(aws, "events", str(reply["RuleArn"]), old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        bus, _, name = id_.rpartition("/")
        key = {"Name": name, "EventBusName": bus or _DEFAULT_BUS}
        if aws.find("events", "describe_rule", **key) is None:
            return
        if values["forceDestroy"] in (True, "true"):
            self._remove_targets(aws, key)
        aws.drop("events", "delete_rule", **key)

    def _remove_targets(self, aws: Aws, key: Mapping[str, str]) -> None:
        rule = {"Rule": key["Name"], "EventBusName": key["EventBusName"]}
        targets = aws.pages("events", "list_targets_by_rule", "Targets", **rule)
        if targets:
            aws.call("events", "remove_targets", **rule, Ids=[target["Id"] for target in targets])

    def _body(self, values: Values) -> Values:
        enabled = values.get("isEnabled", True) in (True, "true")
        state = values.get("state") or ("ENABLED" if enabled else "DISABLED")
        return {
            "Name": values["name"],
            "EventBusName": _bus_name(values),
            "EventPattern": values.get("eventPattern"),
            "ScheduleExpression": values.get("scheduleExpression"),
            "Description": values.get("description"),
            "RoleArn": values.get("roleArn"),
            "State": state,
        }


class EventTarget(Handler):
    """``id`` is ``<rule>-<target id>``, ``<bus>-`` in front on another bus than the default one."""

    types = ("aws:cloudwatch/eventTarget:EventTarget",)
    service = "events"
    auto_name = AutoName(property="targetId", prefix_property="", limit=64)
    replace = frozenset({"rule", "eventBusName"})
    defaults: ClassVar[dict[str, Any]] = {"eventBusName": _DEFAULT_BUS, "forceDestroy": False}
    documents = frozenset({"input"})
    write_only = frozenset({"forceDestroy"})
    rename: ClassVar[dict[str, str]] = {
        "Id": "targetId",
        "EcsParameters": "ecsTarget",
        "HttpParameters": "httpTarget",
        "InputPathsMap": "inputPaths",
        "KinesisParameters": "kinesisTarget",
        "SqsParameters": "sqsTarget",
    }
    unsupported = frozenset(
        {"appsyncTarget", "batchTarget", "redshiftTarget", "runCommandTargets", "sagemakerPipelineTarget"}
    )

    def validate(self, values: Values) -> Iterator[str]:
        given = [name for name in ("input", "inputPath", "inputTransformer") if name in values]
        if len(given) > 1:
            yield f"at most one of input, inputPath and inputTransformer can be given, not {' and '.join(given)}"
        arn = known(values, "arn")
        if isinstance(arn, str) and not arn.startswith("arn:"):
            yield f"arn has to be the target's ARN, not {arn!r}"
        retry = known(values, "retryPolicy")
        limits = {"maximumRetryAttempts": (0, 185), "maximumEventAgeInSeconds": (60, 86400)}
        for name, (low, high) in limits.items() if isinstance(retry, Mapping) else ():
            number = known(retry, name)
            if number is not None and not low <= int(number) <= high:
                yield f"retryPolicy.{name} has to be between {low} and {high}, not {number}"

    def identify(self, aws: Aws, values: Values) -> str | None:
        if "targetId" not in values:
            return None
        bus = _bus_name(values)
        own = f"{values['rule']}-{values['targetId']}"
        return own if bus == _DEFAULT_BUS else f"{bus}-{own}"

    def create(self, aws: Aws, values: Values) -> str:
        bus, rule, target = _bus_name(values), str(values["rule"]), str(values["targetId"])
        shape = aws.client("events").meta.service_model.operation_model("PutTargets").input_shape
        body = to_api(shape.members["Targets"].member, values, self.rename)
        reply = aws.call("events", "put_targets", Rule=rule, EventBusName=bus, Targets=[body])
        for failed in reply.get("FailedEntries") or ():
            message, code = str(failed.get("ErrorMessage", "")), str(failed.get("ErrorCode", ""))
            raise ProviderError(message or code, operation="PutTargets", code=code)
        return f"{rule}-{target}" if bus == _DEFAULT_BUS else f"{bus}-{rule}-{target}"

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        if "rule" in values and "targetId" in values:
            return self._find(aws, str(values["rule"]), str(values["targetId"]), _bus_name(values))
        return self._read_by_id(aws, id_, values)

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        key = {"Rule": values["rule"], "EventBusName": _bus_name(values)}
        aws.drop("events", "remove_targets", **key, Ids=[values["targetId"]])

    def _read_by_id(self, aws: Aws, id_: str, values: Values) -> Values | None:
        """A rule's name may have dashes itself: try every place where the id can be cut."""
        bus = _bus_name(values)
        rest = id_.removeprefix(f"{bus}-") if bus != _DEFAULT_BUS else id_
        cuts = [index for index, letter in enumerate(rest) if letter == "-"]
        found = (self._find(aws, rest[:cut], rest[cut + 1 :], bus) for cut in cuts)
        return next((entry for entry in found if entry is not None), None)

    def _find(self, aws: Aws, rule: str, target: str, bus: str) -> Values | None:
        if aws.find("events", "describe_rule", Name=rule, EventBusName=bus) is None:
            return None
        for entry in aws.pages("events", "list_targets_by_rule", "Targets", Rule=rule, EventBusName=bus):
            if entry["Id"] == target:
                return {**self.outputs(entry), "rule": rule, "eventBusName": bus}
        return None


class EventBus(Handler):
    """``id`` is the name."""

    types = ("aws:cloudwatch/eventBus:EventBus",)
    service = "events"
    auto_name = AutoName(limit=256)
    replace = frozenset({"eventSourceName"})

    def create(self, aws: Aws, values: Values) -> str:
        body = self.request(aws, "CreateEventBus", {key: value for key, value in values.items() if key != "tags"})
        aws.call("events", "create_event_bus", **body, Tags=tag_list(values.get("tags")) or None)
        return str(values["name"])

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("events", "describe_event_bus", Name=id_)
        if reply is None:
            return None
        found = self.outputs({key: value for key, value in reply.items() if value not in (None, "")})
        return {**found, "arn": reply["Arn"], "tags": read_tags(aws, "events", reply["Arn"])}

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        body = self.request(aws, "UpdateEventBus", {key: value for key, value in new.items() if key != "tags"})
        if {key: value for key, value in old.items() if key != "tags"} != {k: v for k, v in new.items() if k != "tags"}:
            aws.call("events", "update_event_bus", **{**body, "Name": id_})
        change_tags(aws, "events", str(aws.call("events", "describe_event_bus", Name=id_)["Arn"]), old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        aws.drop("events", "delete_event_bus", Name=id_)


class EventPermission(Handler):
    """Lets an account send events to a bus; ``id`` is the statement's id, ``<bus>-`` in front on another bus."""

    types = ("aws:cloudwatch/eventPermission:EventPermission",)
    service = "events"
    replace = frozenset({"statementId", "eventBusName"})
    defaults: ClassVar[dict[str, Any]] = {"action": "events:PutEvents", "eventBusName": _DEFAULT_BUS}
    write_only = frozenset({"condition"})

    def identify(self, aws: Aws, values: Values) -> str | None:
        bus, statement = _bus_name(values), str(values["statementId"])
        return statement if bus == _DEFAULT_BUS else f"{bus}-{statement}"

    def create(self, aws: Aws, values: Values) -> str:
        aws.call("events", "put_permission", **self.request(aws, "PutPermission", values))
        bus, statement = _bus_name(values), str(values["statementId"])
        return statement if bus == _DEFAULT_BUS else f"{bus}-{statement}"

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        bus = _bus_name(values)
        statement_id = str(values.get("statementId") or id_.removeprefix(f"{bus}-"))
        reply = aws.find("events", "describe_event_bus", Name=bus) or {}
        for statement in document(reply.get("Policy") or "{}").get("Statement", ()):
            if statement.get("Sid") == statement_id:
                principal = statement.get("Principal", {})
                who = principal.get("AWS", "") if isinstance(principal, Mapping) else principal
                account = who.split(":")[4] if who.startswith("arn:") else who
                action = statement.get("Action", "events:PutEvents")
                return {"statementId": statement_id, "principal": account, "action": action, "eventBusName": bus}
        return None

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        key = {"StatementId": values["statementId"], "EventBusName": _bus_name(values)}
        aws.drop("events", "remove_permission", **key)


HANDLERS = (
    EventRule(),
    EventTarget(),
    EventBus(),
    EventPermission(),
)
