"""The policy pack as Pulumi runs it: a process of its own, asked over the analyzer protocol, says what the CLI says."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from watchkeeper.preflight import Options, Target, checks, run
from watchkeeper.preflight.inputs.pulumi_state import UNKNOWNS
from watchkeeper.preflight.run.policy_pack import LEFT_OUT
from watchkeeper.pulumi.graph import UNKNOWN, Archive, Asset, Graph, Reference, Secret

SIGNATURE = "4dabf18193072939515e22adb298388d"
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"


@pytest.fixture(scope="module")
def analyzer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    folder = tmp_path_factory.mktemp("pack")
    (folder / "__main__.py").write_text("from watchkeeper.preflight.run.policy_pack import pack\n\npack()\n")
    process = subprocess.Popen([sys.executable, "-u", str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
    finally:
        process.terminate()
        process.wait(10)


def wire(value: Any, root: Path) -> Any:
    """A value as Pulumi's engine sends it in a preview."""
    if value is UNKNOWN or isinstance(value, Reference):
        return next(iter(UNKNOWNS))
    if isinstance(value, Secret):
        return wire(value.value, root)
    if isinstance(value, Asset):
        return {SIGNATURE: ASSET, "path": str(root / (value.path or "")), "hash": ""}
    if isinstance(value, Archive):
        return {SIGNATURE: ARCHIVE, "path": str(root / (value.path or "")), "hash": ""}
    if isinstance(value, Mapping):
        return {key: wire(item, root) for key, item in value.items()}
    return [wire(item, root) for item in value] if isinstance(value, list | tuple) else value


def request(graph: Graph, root: Path) -> analyzer_pb2.AnalyzeStackRequest:
    """The stack as Pulumi's engine hands it over at the end of a preview: what is known of outputs beside inputs."""
    resources = []
    for item in graph:
        properties = Struct()
        known = {**item.inputs, **{key: value for key, value in item.outputs.items() if key != "id"}}
        properties.update({key: wire(value, root) for key, value in known.items()})
        resource = analyzer_pb2.AnalyzerResource(
            type=item.type,
            urn=item.urn,
            name=item.name,
            properties=properties,
            parent=item.parent,
            dependencies=list(item.dependencies),
            propertyDependencies={
                key: analyzer_pb2.AnalyzerPropertyDependencies(urns=list(urns))
                for key, urns in item.property_dependencies.items()
            },
            options=analyzer_pb2.AnalyzerResourceOptions(protect=item.protect),
        )
        if item.custom:
            resource.provider.CopyFrom(analyzer_pb2.AnalyzerProviderResource(type="pulumi:providers:aws", urn="aws"))
        resources.append(resource)
    return analyzer_pb2.AnalyzeStackRequest(resources=resources)


def test_it_has_a_policy_for_each_check(analyzer: analyzer_pb2_grpc.AnalyzerStub) -> None:
    told = analyzer.GetAnalyzerInfo(empty_pb2.Empty())
    assert {policy.name for policy in told.policies} == set(checks()) - LEFT_OUT
    levels = {policy.name: policy.enforcementLevel for policy in told.policies}
    assert levels["managed-rule-exists"] == analyzer_pb2.MANDATORY
    assert levels["required-tags"] == analyzer_pb2.ADVISORY


def test_the_correct_stack_has_no_violation(analyzer: analyzer_pb2_grpc.AnalyzerStub, reference: Target) -> None:
    answer = analyzer.AnalyzeStack(request(reference.graph, Path(reference.root)))
    assert [f"{item.policyName}: {item.message}" for item in answer.diagnostics] == []


def test_it_finds_what_preflight_finds(analyzer: analyzer_pb2_grpc.AnalyzerStub, reference: Target) -> None:
    wrong = {
        "aws:cfg/rule:Rule": {"source": {"owner": "AWS", "sourceIdentifier": "EC2_INSTANCE_TYPE_ALLOWED"}},
        "aws:kms/key:Key": {"enableKeyRotation": False},
        "aws:cloudwatch/eventRule:EventRule": {"scheduleExpression": "every 6 hours"},
    }
    graph = replace(
        reference.graph,
        resources={
            urn: replace(
                item,
                inputs={**item.inputs, **wrong.get(item.type, {})},
                outputs={**item.outputs, **wrong.get(item.type, {})},
            )
            for urn, item in reference.graph.resources.items()
        },
    )
    expected = run(graph, Options(root=reference.root)).findings
    answer = analyzer.AnalyzeStack(request(graph, Path(reference.root)))
    told = {(item.policyName, item.urn) for item in answer.diagnostics}
    assert {name for name, _ in told} >= {"managed-rule-exists", "key-rotation", "schedule-expression"}
    assert told == {(item.check, str(item.data["urn"])) for item in expected}


def test_pulumis_config_file_has_preflights_settings(
    analyzer: analyzer_pb2_grpc.AnalyzerStub, reference: Target
) -> None:
    def told(**settings: Any) -> set[str]:
        given = analyzer_pb2.PolicyConfig(enforcementLevel=analyzer_pb2.MANDATORY)
        given.properties.update(settings)
        analyzer.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig={"required-tags": given}))
        answer = analyzer.AnalyzeStack(request(reference.graph, Path(reference.root)))
        return {item.policyName for item in answer.diagnostics}

    accepted = {"check": "required-tags", "reason": "tagged elsewhere", "until": "2099-01-01"}
    try:
        assert told(requiredTags=["CostCenter"]) == {"required-tags"}
        assert told(requiredTags=["CostCenter"], suppressions=[accepted]) == set()
        assert told(requiredTags=["Owner"], destroyable=False) == set()
    finally:
        analyzer.Configure(analyzer_pb2.ConfigureAnalyzerRequest())
