"""The policy pack says what preflight says, with the same ids."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pulumi_policy import PolicyResource, PolicyResourceOptions
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from watchkeeper.preflight import SettingsError, Target, checks
from watchkeeper.preflight.run.policy_pack import LEFT_OUT, graph_of, policies, violations
from watchkeeper.pulumi.graph import UNKNOWN, Archive, Asset, Graph, Reference, Resource, Secret


def _value(value: Any) -> Any:
    if value is UNKNOWN or isinstance(value, Reference | Asset | Archive):
        return UNKNOWN_STRING_VALUE
    if isinstance(value, Secret):
        return _value(value.value)
    if isinstance(value, Mapping):
        return {key: _value(item) for key, item in value.items()}
    return [_value(item) for item in value] if isinstance(value, list | tuple) else value


def _stack(graph: Graph) -> list[PolicyResource]:
    """The resources as Pulumi hands them to a stack policy."""
    options = PolicyResourceOptions(
        protect=False,
        ignore_changes=[],
        delete_before_replace=None,
        aliases=[],
        custom_timeouts=None,  # type: ignore[arg-type]
        additional_secret_outputs=[],
    )
    made = {
        item.urn: PolicyResource(
            item.type,
            unknown_checking_proxy(_value(dict(item.inputs))),
            item.urn,
            item.name,
            options,
            None,
            None,
            [],
            {},
        )
        for item in graph
    }
    for item in graph:
        made[item.urn].dependencies += [made[urn] for urn in item.dependencies if urn in made]
        for key, urns in item.property_dependencies.items():
            made[item.urn].property_dependencies[key] = [made[urn] for urn in urns if urn in made]
    return list(made.values())


def test_there_is_a_policy_for_each_check() -> None:
    assert {policy.name for policy in policies()} == set(checks()) - LEFT_OUT


@pytest.mark.parametrize(
    "check", ["schedule-expression", "managed-rule-exists", "channel-needs-recorder", "bucket-versioning"]
)
def test_the_correct_stack_violates_nothing(reference: Target, check: str) -> None:
    reported: list[str] = []
    violations(checks()[check], _stack(reference.graph), {}, lambda message, urn=None: reported.append(message))
    assert reported == []


def test_a_mistake_is_reported_on_its_resource() -> None:
    rule = Resource(
        "urn:pulumi:dev::p::aws:cloudwatch/eventRule:EventRule::r",
        "aws:cloudwatch/eventRule:EventRule",
        "r",
        {"scheduleExpression": "every 6 hours", "name": UNKNOWN},
    )
    resources = _stack(Graph({rule.urn: rule}))
    assert graph_of(resources).stack == "dev"
    assert graph_of(resources).resources[rule.urn].inputs["name"] is UNKNOWN
    reported: list[tuple[str, str | None]] = []
    violations(
        checks()["schedule-expression"], resources, {}, lambda message, urn=None: reported.append((message, urn))
    )
    assert [urn for _, urn in reported] == [rule.urn]
    assert "rate(6 hours)" in reported[0][0]


def _reported(check: str, graph: Graph, config: Mapping[str, Any]) -> list[str]:
    reported: list[str] = []
    violations(checks()[check], _stack(graph), config, lambda message, urn=None: reported.append(message))
    return reported


def _bucket() -> Graph:
    kind = "aws:s3/bucket:Bucket"
    bucket = Resource(f"urn:pulumi:dev::p::{kind}::b", kind, "b", {"tags": {"Owner": "me"}})
    return Graph({bucket.urn: bucket})


def test_a_policy_takes_preflights_settings() -> None:
    assert len(_reported("required-tags", _bucket(), {})) == 1
    assert _reported("required-tags", _bucket(), {"requiredTags": ["Owner"]}) == []
    accepted = {"suppressions": [{"check": "required-tags", "resource": "b", "reason": "scratch"}]}
    assert _reported("required-tags", _bucket(), accepted) == []
    assert len(_reported("suppression-invalid", _bucket(), {"suppressions": [{"check": "required-tags"}]})) == 1
    with pytest.raises(SettingsError, match="Did you mean requiredTags"):
        _reported("required-tags", _bucket(), {"requiredTag": ["Owner"]})


def test_a_policy_reads_the_stacks_settings_and_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "watchkeeper.yaml").write_text("preflight: {requiredTags: [Owner]}")
    assert _reported("required-tags", _bucket(), {}) == []
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"watchkeeper:preflight": json.dumps({"requiredTags": ["Team"]})}))
    assert len(_reported("required-tags", _bucket(), {})) == 1
    assert _reported("required-tags", _bucket(), {"requiredTags": ["Owner"]}) == []


@pytest.mark.parametrize(
    ("inputs", "violated"),
    [
        ({"bucket": "reports-0c214ec"}, False),
        ({"bucket": "chosen", "__defaults": ["bucket"]}, False),
        ({"bucket": "chosen", "__defaults": []}, True),
        ({"bucket": "other-0c214ec"}, True),
        ({"bucket": "reports-of-all"}, True),
    ],
    ids=str,
)
def test_a_name_that_pulumi_made_up_needs_no_environment(inputs: dict[str, Any], violated: bool) -> None:
    kind = "aws:s3/bucket:Bucket"
    bucket = Resource(f"urn:pulumi:dev::p::{kind}::Reports", kind, "Reports", inputs)
    assert len(_reported("environment-suffix", Graph({bucket.urn: bucket}), {})) == violated
