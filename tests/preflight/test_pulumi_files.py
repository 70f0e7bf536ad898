"""Files that the Pulumi CLI writes: what they leave out, hide or have from other providers is said and no finding."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.preflight import TargetError, inspect, run
from watchkeeper.preflight.inputs import read_document
from watchkeeper.preflight.inputs.pulumi_state import SECRET, SIGNATURE
from watchkeeper.pulumi.graph import UNKNOWN, Graph, Secret

ROLE = "aws:iam/role:Role"


def state(kind: str, name: str, **fields: Any) -> dict[str, Any]:
    return {"urn": f"urn:pulumi:dev::p::{kind}::{name}", "type": kind, "custom": True, "inputs": {}, **fields}


def preview(*states: dict[str, Any], **fields: Any) -> Graph:
    steps = [{"op": "create", "urn": item["urn"], "newState": item} for item in states]
    return read_document({"config": {}, "steps": steps, **fields}, "p.json").graph


def export(*states: dict[str, Any], **fields: Any) -> Graph:
    return read_document({"version": 3, "deployment": {"resources": list(states), **fields}}, "s.json").graph


def test_the_region_of_a_preview_is_the_configurations() -> None:
    assert preview(state(ROLE, "r"), config={"aws:region": "eu-west-1"}).region == "eu-west-1"


def test_what_a_preview_hides_is_no_value() -> None:
    read = preview(state(ROLE, "r", inputs={"assumeRolePolicy": "[secret]", "name": "r-dev"}))
    role = read.of_type(ROLE)[0]
    assert isinstance(role.inputs["assumeRolePolicy"], Secret)
    assert role.inputs["assumeRolePolicy"].value is UNKNOWN
    assert not [item for item in run(read).findings if item.check == "least-privilege"]


def test_an_encrypted_secret_of_an_export_is_no_value() -> None:
    hidden = {SIGNATURE: SECRET, "ciphertext": "v1:abc"}
    rule = state("aws:cloudwatch/eventRule:EventRule", "r", inputs={"scheduleExpression": hidden})
    report = run(export(rule))
    assert "schedule-expression" in {item.check for item in report.not_checked}
    assert "schedule-expression" not in {item.check for item in report.findings}


def test_pending_operations_and_replaced_resources_of_an_export_are_told_apart() -> None:
    old = state(ROLE, "r", delete=True)
    pending = {"resource": state("aws:s3/bucket:Bucket", "b"), "type": "creating"}
    read = export(old, state(ROLE, "r", id="r-1"), pending_operations=[pending])
    assert [item.id for item in read] == ["r-1"]
    assert read.unread == ("b is creating since an interrupted update: what became of it is not known",)


def test_a_checkpoint_file_is_read_as_an_export() -> None:
    document = {"version": 3, "checkpoint": {"stack": "dev", "latest": {"resources": [state(ROLE, "r")]}}}
    assert len(read_document(document, "dev.json").graph) == 1


def test_other_providers_are_neither_findings_nor_counted() -> None:
    read = export(
        state("aws-native:s3:Bucket", "a"),
        state("kubernetes:core/v1:Secret", "k", inputs={"metadata": {"name": "x"}}),
        state("random:index/randomPet:RandomPet", "p"),
        state("pulumi:providers:aws", "default", inputs={"region": "eu-west-1"}),
    )
    report = run(read)
    assert report.findings == ()
    assert report.resources == 0
    assert read.unread == ("1 of aws-native were not read: the checks know the types of the aws provider",)
    assert report.exit_code == 3


def test_a_stream_of_events_is_refused_with_what_to_give_instead(tmp_path: Path) -> None:
    events = [{"sequence": n, "timestamp": 1, "resourcePreEvent": {"metadata": {}}} for n in range(3)]
    file = tmp_path / "events.json"
    file.write_text("\n".join(json.dumps(event) for event in events))
    with pytest.raises(TargetError, match="PULUMI_ENABLE_STREAMING_JSON_PREVIEW"):
        inspect(file)
