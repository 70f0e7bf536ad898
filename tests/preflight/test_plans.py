"""Terraform plans and states: the correct one is silent, each mistake is caught and named in Terraform's words."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.preflight import plans
from watchkeeper.preflight import Options, Report, TargetError, run
from watchkeeper.preflight.formats import FORMATS, render
from watchkeeper.preflight.inputs import read_document
from watchkeeper.preflight.inputs.terraform_config import Place, without_index
from watchkeeper.preflight.inputs.wording import WORDS
from watchkeeper.pulumi.graph import UNKNOWN, Graph, Reference, Secret


def graph(resources: dict[str, Any], modules: dict[str, Any] | None = None) -> Graph:
    return read_document(plans.plan(resources, modules), "plan.json").graph


def report(change: Any = None) -> Report:
    resources, modules = plans.correct()
    if change:
        change(resources)
    found = run(graph(resources, modules), Options())
    assert found.errors == ()
    return found


def test_the_correct_plan_is_silent_and_says_what_it_could_not_look_at() -> None:
    found = report()
    assert [f"{item.check} {item.resource} {item.message}" for item in found.findings] == []
    assert [item.check for item in found.not_checked] == ["config-bucket-policy"]
    assert found.unread == ()


@pytest.mark.parametrize(
    "check,named,change", plans.PLAN_MUTATIONS, ids=[f"{item[0]}-{item[1]}" for item in plans.PLAN_MUTATIONS]
)
def test_each_mistake_is_caught_in_a_plan(check: str, named: str, change: Any) -> None:
    found = report(change)
    assert {item.check for item in found.findings} == {check}
    assert any(named in f"{item.resource} {item.message}" for item in found.findings)


@pytest.mark.parametrize("change", [item[2] for item in plans.PLAN_MUTATIONS])
def test_findings_speak_terraforms_language(change: Any) -> None:
    for item in report(change).findings:
        said = re.sub(r'"[^"]*"', "", f"{item.message} {item.fix}")
        assert item.type.startswith("aws_")
        assert item.resource.rpartition(".")[0].endswith(item.type)
        assert not [word for word in WORDS if re.search(rf"\b{word}\b", said)]
        assert "ResourceOptions" not in said and "=True" not in said
        assert item.property_path == item.property_path.lower()


def test_references_are_followed_through_modules_variables_outputs_and_keys() -> None:
    ref = plans.Ref
    found = graph(
        {
            "module.a.aws_s3_bucket.b": {},
            "module.a.aws_s3_bucket_policy.p": {"bucket": ref("aws_s3_bucket.b.id"), "policy": ref("var.policy")},
            "aws_sns_topic.t": {},
            "aws_config_delivery_channel.c": {"s3_bucket_name": ref("module.a.bucket"), "depends_on": ["module.a"]},
        },
        {"a": {"policy": ref("aws_sns_topic.t.arn"), "outputs": {"bucket": ref("aws_s3_bucket.b.id")}}},
    )
    channel = found.resources["aws_config_delivery_channel.c"]
    assert channel.inputs["s3BucketName"] == Reference("module.a.aws_s3_bucket.b", "id")
    assert set(channel.dependencies) == {"module.a.aws_s3_bucket.b", "module.a.aws_s3_bucket_policy.p"}
    policy = found.resources["module.a.aws_s3_bucket_policy.p"]
    assert policy.inputs["policy"] == Reference("aws_sns_topic.t", "arn")
    assert policy.property_dependencies["bucket"] == ("module.a.aws_s3_bucket.b",)


def test_instances_of_one_key_belong_together() -> None:
    document = plans.plan(
        {
            "aws_s3_bucket.b": {},
            "aws_s3_bucket_versioning.v": {"bucket": plans.Ref("aws_s3_bucket.b")},
        }
    )
    planned = document["planned_values"]["root_module"]["resources"]
    changes = document["resource_changes"]
    for items in (planned, changes):
        items[:] = [
            {**item, "address": f'{item["address"]}["{key}"]', "index": key} for item in items for key in ("x", "y.z]")
        ]
    document["configuration"]["root_module"]["resources"][1]["expressions"]["bucket"]["references"] += ["each.key"]
    found = read_document(document, "plan.json").graph
    versioning = found.resources['aws_s3_bucket_versioning.v["y.z]"]']
    assert versioning.inputs["bucket"] is UNKNOWN
    assert versioning.property_dependencies["bucket"] == ('aws_s3_bucket.b["y.z]"]',)


def test_recorders_of_two_regions_are_not_two_of_one() -> None:
    resources, modules = plans.correct()
    resources["aws_config_configuration_recorder.west"] = {**resources[plans.RECORDER], "name": "recorder-west-dev"}
    document = plans.plan(resources, modules)
    for block in document["configuration"]["root_module"]["resources"]:
        if block["address"].endswith(".west"):
            block["provider_config_key"] = "aws.west"
    found = run(read_document(document, "plan.json").graph)
    assert "one-recorder-per-region" not in {item.check for item in found.findings}


def test_the_region_that_the_provider_writes_into_resources_is_not_one_by_hand() -> None:
    document = plans.plan(*plans.correct())
    del document["configuration"]["provider_config"]
    for item in document["planned_values"]["root_module"]["resources"]:
        item["values"]["region"] = "us-east-1"
    found = run(read_document(document, "plan.json").graph)
    assert {(item.check, item.resource) for item in found.findings} == {
        ("hardcoded-region", "aws_cloudwatch_dashboard.main")
    }


def test_a_state_has_values_and_dependencies_of_its_own() -> None:
    document = plans.plan(*plans.correct())
    blocks = {item["address"]: item for item in document["configuration"]["root_module"]["resources"]}
    state = {"format_version": "1.0", "terraform_version": "1.9.8", "values": document["planned_values"]}
    for item in state["values"]["root_module"]["resources"]:
        item["depends_on"] = blocks[item["address"]].get("depends_on", [])
    found = read_document(state, "state.json").graph
    assert found.source == "Terraform state state.json"
    channel = found.resources[plans.CHANNEL]
    assert set(channel.dependencies) == {plans.RECORDER, "aws_s3_bucket_policy.reports"}


def test_what_comes_through_a_local_value_is_said_not_to_be_known() -> None:
    found = graph({"aws_config_delivery_channel.c": {"s3_bucket_name": plans.Ref("local.bucket")}})
    assert found.resources["aws_config_delivery_channel.c"].inputs["s3BucketName"] is UNKNOWN
    assert found.unread == (
        "aws_config_delivery_channel.c: s3_bucket_name is made of local.bucket, which a plan does not spell out",
    )


def test_sensitive_values_are_never_shown() -> None:
    document = plans.plan({"aws_cloudwatch_event_rule.r": {"schedule_expression": "hunter2 hunter2"}})
    rule = document["planned_values"]["root_module"]["resources"][0]
    rule["sensitive_values"] = {"schedule_expression": True}
    read = read_document(document, "plan.json").graph
    assert isinstance(read.resources["aws_cloudwatch_event_rule.r"].inputs["scheduleExpression"], Secret)
    found = run(read)
    assert "schedule-expression" in {item.check for item in found.findings}
    assert all("hunter2" not in render(found, name) for name in FORMATS)


def test_a_plan_that_stopped_is_no_pass() -> None:
    document = {**plans.plan(*plans.correct()), "errored": True}
    assert read_document(document, "plan.json").graph.unread == (
        "the plan stopped at an error: what comes after it is not in it",
    )


@pytest.mark.parametrize(
    "change,said",
    [
        ({"format_version": "2.0"}, "format version 2.0"),
        ({"planned_values": {}}, "plans no resource"),
        (
            {"planned_values": {}, "resource_changes": [{"address": "a.b", "change": {"actions": ["delete"]}}]},
            "deletes 1",
        ),
    ],
)
def test_what_is_no_plan_to_check_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(TargetError, match=said):
        read_document({**plans.plan({"aws_s3_bucket.b": {}}), **change}, "plan.json")


def test_a_raw_state_file_is_refused_with_the_command_to_use() -> None:
    raw = {"version": 4, "terraform_version": "1.9.8", "serial": 3, "lineage": "x", "resources": []}
    with pytest.raises(TargetError, match="terraform show -json"):
        read_document(raw, "terraform.tfstate")


SLOW = settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@SLOW
@given(st.data())
def test_no_value_in_a_plan_makes_the_reader_crash(data: st.DataObject) -> None:
    document: Any = json.loads(json.dumps(plans.plan(*plans.correct())))
    inner = document
    for _ in range(data.draw(st.integers(1, 7))):
        keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if not isinstance(inner[key], dict | list) or data.draw(st.integers(0, 4)) == 0:
            inner[key] = data.draw(JSON)
            break
        inner = inner[key]
    with contextlib.suppress(TargetError):
        assert run(read_document(document, "plan.json").graph).errors == ()


@given(st.lists(st.sampled_from(['["a.b"]', "[0]", '["x]"]', '["q\\"]"]', ""]), min_size=2, max_size=2))
def test_instance_keys_are_taken_out_of_addresses_whatever_they_hold(keys: list[str]) -> None:
    address = f"module.m{keys[0]}.aws_s3_bucket.b{keys[1]}"
    assert without_index(address) == "module.m.aws_s3_bucket.b"
    inner = Place(f"module.m{keys[0]}").inside("n")
    assert inner.outside() == (Place(f"module.m{keys[0]}"), "n")


@pytest.mark.parametrize("address", ["[0]", "module.", "module.[0]", "a.module.b", '["x"].module.["y"]', "]["])
def test_leaving_modules_ends_whatever_their_address_says(address: str) -> None:
    place = Place(address)
    for _ in range(len(address)):
        place, _name = place.outside()
    assert place.module == ""


def test_data_sources_that_refer_to_each_other_end() -> None:
    names = [f"data.aws_x.d{number}" for number in range(40)]
    blocks = {
        name: {"a": plans.Ref(f"{names[i - 1]}.v"), "b": plans.Ref(f"{names[(i + 1) % 40]}.v")}
        for i, name in enumerate(names)
    }
    found = graph({**blocks, "aws_s3_bucket.b": {"bucket": plans.Ref(f"{names[0]}.v")}})
    assert found.resources["aws_s3_bucket.b"].property_dependencies == {}
