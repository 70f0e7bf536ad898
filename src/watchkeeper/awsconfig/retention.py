"""How long states are kept: one retention configuration, ``default``, per account and region; 7 years without.

https://docs.aws.amazon.com/config/latest/developerguide/delete-config-data-with-retention-period.html
"""

from __future__ import annotations

from typing import Any

from watchkeeper.awsconfig.context import Call
from watchkeeper.awsconfig.errors import ConfigError

KIND = "retention"
NAME = "default"


def put_retention_configuration(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    shape = {"Name": NAME, "RetentionPeriodInDays": request["RetentionPeriodInDays"]}
    call.put(KIND, NAME, shape)
    return {"RetentionConfiguration": shape}


def describe_retention_configurations(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    names = request.get("RetentionConfigurationNames") or [name for name, _ in call.entities(KIND)]
    return {"RetentionConfigurations": [_require(call, name) for name in names]}


def delete_retention_configuration(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    _require(call, request["RetentionConfigurationName"])
    call.remove(KIND, request["RetentionConfigurationName"])
    return {}


def _require(call: Call, name: str) -> dict[str, Any]:
    shape = call.get(KIND, name)
    if shape is None:
        raise ConfigError(
            "NoSuchRetentionConfigurationException",
            f"Cannot find retention configuration with the specified name '{name}'.",
        )
    return shape
