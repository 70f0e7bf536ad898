"""Configuration recorders: which types are recorded, how often, and whether recording is on.

One customer-managed recorder per account and region; service-linked ones (``AWSConfigurationRecorderFor…``) stand
beside it and don't count. https://docs.aws.amazon.com/config/latest/developerguide/stop-start-recorder.html and
https://docs.aws.amazon.com/config/latest/APIReference/API_PutConfigurationRecorder.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from watchkeeper.aws import refusals
from watchkeeper.awsconfig.context import Call, present, short_id
from watchkeeper.awsconfig.errors import ConfigError, refuse
from watchkeeper.awsconfig.services import RecordingScope
from watchkeeper.awsconfig.store import Session
from watchkeeper.awsconfig.tags import forget_tags, keep_tags

KIND = "recorder"
SERVICE_LINKED_PREFIX = "AWSConfigurationRecorderFor"
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
_ALL, _ONLY, _EXCEPT = (
    "ALL_SUPPORTED_RESOURCE_TYPES",
    "INCLUSION_BY_RESOURCE_TYPES",
    "EXCLUSION_BY_RESOURCE_TYPES",
)


def scope_of(body: Mapping[str, Any]) -> RecordingScope:
    """What a stored recorder records."""
    group = body["recorder"]["recordingGroup"]
    strategy = group["recordingStrategy"]["useOnly"]
    if strategy == _ONLY:
        return RecordingScope(types=frozenset(group["resourceTypes"]))
    excluded = frozenset(group["exclusionByResourceTypes"]["resourceTypes"])
    return RecordingScope(
        excluded=excluded, global_types=strategy == _EXCEPT or bool(group["includeGlobalResourceTypes"])
    )


def frequency_of(body: Mapping[str, Any], resource_type: str) -> str:
    """How often a stored recorder records a type: ``CONTINUOUS`` or ``DAILY``."""
    mode = body["recorder"]["recordingMode"]
    overrides = mode.get("recordingModeOverrides", [])
    chosen = next((o["recordingFrequency"] for o in overrides if resource_type in o["resourceTypes"]), None)
    return str(chosen or mode["recordingFrequency"])


def running_recorder(db: Session, account: str, region: str) -> dict[str, Any] | None:
    """The stored customer-managed recorder if it is on, else a service-linked one, else None."""

    def read() -> dict[str, Any] | None:
        running = [body for _, body in db.entities(account, region, KIND) if body["status"]["recording"]]
        return min(running, key=lambda body: bool(body["recorder"].get("servicePrincipal")), default=None)

    return db.remembered(account, region, KIND, read)


def customer_recorder(call: Call) -> dict[str, Any] | None:
    """The stored customer-managed recorder, or None."""
    return next((body for _, body in call.entities(KIND) if not body["recorder"].get("servicePrincipal")), None)


def require_recorder(call: Call, purpose: str) -> dict[str, Any]:
    """The customer-managed recorder; NoAvailableConfigurationRecorderException without one."""
    recorder = customer_recorder(call)
    if recorder is None:
        raise ConfigError(
            "NoAvailableConfigurationRecorderException", f"Configuration recorder is not available to {purpose}."
        )
    return recorder


def require_running(call: Call, purpose: str) -> dict[str, Any]:
    """The running recorder; NoRunningConfigurationRecorderException without one."""
    recorder = customer_recorder(call)
    if recorder is None or not recorder["status"]["recording"]:
        raise ConfigError(
            "NoRunningConfigurationRecorderException", f"There is no configuration recorder running to {purpose}."
        )
    return recorder


def put_configuration_recorder(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    wanted = request["ConfigurationRecorder"]
    name = wanted.get("name", "default")
    _check_name(name, wanted)
    existing = customer_recorder(call)
    if existing and existing["recorder"]["name"] != name:
        raise ConfigError(
            "MaxNumberOfConfigurationRecordersExceededException",
            f"Failed to put configuration recorder '{name}' because the maximum number of configuration recorders: "
            "1 is reached.",
        )
    _check_role(call, wanted.get("roleARN"))
    recorder = {
        "arn": existing["recorder"]["arn"] if existing else call.arn(f"configuration-recorder/{name}/{short_id(16)}"),
        "name": name,
        "roleARN": wanted["roleARN"],
        "recordingGroup": _recording_group(wanted.get("recordingGroup")),
        "recordingMode": _recording_mode(wanted.get("recordingMode")),
        "recordingScope": "PAID",
    }
    status = existing["status"] if existing else {"recording": False, "lastStatus": "Pending"}
    call.put(KIND, name, {"recorder": recorder, "status": status})
    if not existing:
        keep_tags(call, recorder["arn"], request.get("Tags"))
    return {}


def start_configuration_recorder(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    body = _customer_managed(call, request["ConfigurationRecorderName"])
    if not call.entities("channel"):
        raise ConfigError(
            "NoAvailableDeliveryChannelException", "Delivery channel is not available to start configuration recorder."
        )
    body["status"] |= {
        "recording": True,
        "lastStatus": "Success",
        "lastStartTime": call.now,
        "lastStatusChangeTime": call.now,
    }
    call.put(KIND, body["recorder"]["name"], body)
    return {}


def stop_configuration_recorder(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    body = _customer_managed(call, request["ConfigurationRecorderName"])
    body["status"] |= {"recording": False, "lastStopTime": call.now, "lastStatusChangeTime": call.now}
    call.put(KIND, body["recorder"]["name"], body)
    return {}


def delete_configuration_recorder(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    body = _customer_managed(call, request["ConfigurationRecorderName"])
    call.remove(KIND, body["recorder"]["name"])
    forget_tags(call, body["recorder"]["arn"])
    return {}


def describe_configuration_recorders(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    return {"ConfigurationRecorders": [body["recorder"] for body in _selected(call, request)]}


def describe_configuration_recorder_status(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    return {"ConfigurationRecordersStatus": [_status(body) for body in _selected(call, request)]}


def list_configuration_recorders(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    wanted = {value for each in request.get("Filters", []) for value in each.get("filterValue", [])}
    rows = [
        (
            (name,),
            present({key: body["recorder"].get(key) for key in ("arn", "name", "servicePrincipal", "recordingScope")}),
        )
        for name, body in call.entities(KIND)
        if not wanted or body["recorder"]["recordingScope"] in wanted
    ]
    page, token = call.page_of(request, rows, default=20)
    return {"ConfigurationRecorderSummaries": page, **token}


def associate_resource_types(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    return _change_types(call, request, add=True)


def disassociate_resource_types(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    return _change_types(call, request, add=False)


def put_service_linked_configuration_recorder(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    principal = request["ServicePrincipal"]
    if _service_linked(call, principal):
        raise ConfigError(
            "ConflictException", f"A service-linked configuration recorder for {principal} exists already."
        )
    name = SERVICE_LINKED_PREFIX + "".join(
        part.capitalize() for part in re.split(r"[^A-Za-z0-9]", principal.split(".")[0])
    )
    recorder = {
        "arn": call.arn(f"configuration-recorder/{name}/{short_id(16)}"),
        "name": name,
        "roleARN": f"arn:aws:iam::{call.account}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig",
        "recordingGroup": _recording_group(None),
        "recordingMode": _recording_mode(None),
        "recordingScope": "INTERNAL",
        "servicePrincipal": principal,
    }
    status = {"recording": True, "lastStatus": "Success", "lastStartTime": call.now, "lastStatusChangeTime": call.now}
    call.put(KIND, name, {"recorder": recorder, "status": status})
    keep_tags(call, recorder["arn"], request.get("Tags"))
    return {"Arn": recorder["arn"], "Name": name}


def delete_service_linked_configuration_recorder(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    arn, principal = request.get("Arn"), request.get("ServicePrincipal")
    if not arn and not principal:
        raise ConfigError("ValidationException", "Give the service principal or the ARN of the recorder.")
    body = _service_linked(call, principal) if principal else _by_arn(call, arn)
    if body is None or not body["recorder"].get("servicePrincipal"):
        raise _no_such(principal or arn)
    call.remove(KIND, body["recorder"]["name"])
    forget_tags(call, body["recorder"]["arn"])
    return {"Arn": body["recorder"]["arn"], "Name": body["recorder"]["name"]}


def _check_name(name: str, wanted: dict[str, Any]) -> None:
    if not name.strip():
        raise ConfigError(
            "InvalidConfigurationRecorderNameException",
            f"The configuration recorder name '{name}' is not valid, blank string.",
        )
    if name.startswith(SERVICE_LINKED_PREFIX) or wanted.get("servicePrincipal"):
        raise ConfigError(
            "UnmodifiableEntityException",
            f"The configuration recorder '{name}' is service-linked; its service manages it.",
        )


def _check_role(call: Call, role: str | None) -> None:
    if not role or not _ROLE.fullmatch(role):
        raise ConfigError(
            "InvalidRoleException",
            f"The role ARN '{role or ''}' is not valid: write arn:aws:iam::<account>:role/<name>.",
        )
    service_linked = "/aws-service-role/config.amazonaws.com/" in role
    if not service_linked and not call.services.role_exists(call.account, role):
        raise ConfigError("InvalidRoleException", f"The role {role} doesn't exist, so AWS Config can't assume it.")
    if not service_linked and not call.services.role_trusts_config(call.account, role):
        raise ConfigError(
            "InvalidRoleException",
            f"AWS Config can't assume the role {role}: its trust policy has to let config.amazonaws.com call "
            "sts:AssumeRole.",
        )


def _recording_group(group: dict[str, Any] | None) -> dict[str, Any]:
    group = group or {"allSupported": True}
    everything, with_global = group.get("allSupported", False), group.get("includeGlobalResourceTypes", False)
    types = group.get("resourceTypes") or []
    excluded = (group.get("exclusionByResourceTypes") or {}).get("resourceTypes") or []
    strategy = (group.get("recordingStrategy") or {}).get("useOnly") or (_ALL if everything else _ONLY)
    refuse(refusals.recording_group(refusals.RecordingGroup(everything, with_global, types, excluded, strategy)))
    return {
        "allSupported": everything,
        "includeGlobalResourceTypes": with_global,
        "resourceTypes": types,
        "exclusionByResourceTypes": {"resourceTypes": excluded},
        "recordingStrategy": {"useOnly": strategy},
    }


def _recording_mode(mode: dict[str, Any] | None) -> dict[str, Any]:
    if mode is None:
        return {"recordingFrequency": "CONTINUOUS"}
    overrides = mode.get("recordingModeOverrides") or []
    types = [name for override in overrides for name in override.get("resourceTypes") or ()]
    refuse(refusals.recording_mode(len(overrides), types))
    return present(
        {
            "recordingFrequency": mode["recordingFrequency"],
            "recordingModeOverrides": mode.get("recordingModeOverrides") or None,
        }
    )


def _status(body: dict[str, Any]) -> dict[str, Any]:
    recorder = body["recorder"]
    return present(
        {"arn": recorder["arn"], "name": recorder["name"], "servicePrincipal": recorder.get("servicePrincipal")}
    ) | dict(body["status"])


def _selected(call: Call, request: dict[str, Any]) -> list[dict[str, Any]]:
    names, principal, arn = (request.get(key) for key in ("ConfigurationRecorderNames", "ServicePrincipal", "Arn"))
    if sum(bool(given) for given in (names, principal, arn)) > 1:
        raise ConfigError(
            "ValidationException", "Give only one of ConfigurationRecorderNames, ServicePrincipal and Arn."
        )
    if principal or arn:
        body = _service_linked(call, principal) if principal else _by_arn(call, arn)
        if body is None:
            raise _no_such(principal or arn)
        return [body]
    if not names:
        customer = customer_recorder(call)
        return [customer] if customer else []
    return [_require(call, name) for name in names]


def _require(call: Call, name: str) -> dict[str, Any]:
    body = call.get(KIND, name)
    if body is None:
        raise _no_such(name)
    return body


def _customer_managed(call: Call, name: str) -> dict[str, Any]:
    body = _require(call, name)
    if body["recorder"].get("servicePrincipal"):
        raise ConfigError(
            "UnmodifiableEntityException",
            f"The configuration recorder '{name}' is service-linked; its service manages it.",
        )
    return body


def _no_such(name: str | None) -> ConfigError:
    return ConfigError(
        "NoSuchConfigurationRecorderException", f"Cannot find configuration recorder with the specified name '{name}'."
    )


def _service_linked(call: Call, principal: str | None) -> dict[str, Any] | None:
    return next(
        (b for _, b in call.entities(KIND) if principal and b["recorder"].get("servicePrincipal") == principal), None
    )


def _by_arn(call: Call, arn: str | None) -> dict[str, Any] | None:
    return next((b for _, b in call.entities(KIND) if b["recorder"]["arn"] == arn), None)


def _change_types(call: Call, request: dict[str, Any], add: bool) -> dict[str, Any]:
    body = _by_arn(call, request["ConfigurationRecorderArn"])
    if body is None:
        raise _no_such(request["ConfigurationRecorderArn"])
    group = body["recorder"]["recordingGroup"]
    strategy = group["recordingStrategy"]["useOnly"]
    if strategy == _ALL:
        raise ConfigError("ConflictException", "The recorder records all supported resource types.")
    holder = group["exclusionByResourceTypes"] if strategy == _EXCEPT else group
    include = add is (strategy != _EXCEPT)
    present_types, changed = set(holder["resourceTypes"]), set(request["ResourceTypes"])
    holder["resourceTypes"] = sorted(present_types | changed if include else present_types - changed)
    call.put(KIND, body["recorder"]["name"], body)
    return {"ConfigurationRecorder": body["recorder"]}
