"""Each kind of input becomes the same graph; what cannot be read is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.preflight import Options, Target, TargetError, inspect, read_target, run
from watchkeeper.preflight.inputs import cloudformation, load, read_document
from watchkeeper.preflight.inputs.pulumi_state import ASSET, SECRET, SIGNATURE
from watchkeeper.preflight.meaning.identity import is_stand_in
from watchkeeper.pulumi.graph import UNKNOWN, Archive, Asset, Reference, Secret

UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def _state(value: Any) -> Any:
    """A graph's value as Pulumi's state writes it."""
    if value is UNKNOWN or isinstance(value, Reference):
        return UNKNOWN_TEXT
    if isinstance(value, Secret):
        return {SIGNATURE: SECRET, "plaintext": json.dumps(_state(value.value))}
    if isinstance(value, Asset):
        return {SIGNATURE: ASSET, "path": value.path, "text": value.text}
    if isinstance(value, Archive):
        return {SIGNATURE: "0def7320c3a5731c473e5ecbe6d01bc7", "path": value.path}
    if isinstance(value, dict):
        return {key: _state(item) for key, item in value.items()}
    return [_state(item) for item in value] if isinstance(value, list | tuple) else value


def _states(target: Target) -> list[dict[str, Any]]:
    return [
        {
            "urn": item.urn,
            "type": item.type,
            "custom": item.custom,
            "inputs": _state(dict(item.inputs)),
            "outputs": _state(dict(item.outputs)),
            "parent": item.parent,
            "dependencies": list(item.dependencies),
            "propertyDependencies": {key: list(urns) for key, urns in item.property_dependencies.items()},
            "provider": item.provider,
        }
        for item in target.graph
    ]


def _checks(target: Target, root: str) -> list[str]:
    report = run(target.graph, Options(root=root))
    assert report.errors == ()
    return [f"{item.check} {item.resource} {item.message}" for item in report.findings]


def test_a_preview_file_says_what_the_program_says(reference: Target, tmp_path: Path) -> None:
    file = tmp_path / "preview.json"
    file.write_text(json.dumps({"steps": [{"op": "create", "newState": state} for state in _states(reference)]}))
    target = read_target(file, region="eu-west-1")
    assert target.graph.stack == "dev"
    assert _checks(target, reference.root) == []


def test_an_export_says_what_the_program_says(reference: Target, tmp_path: Path) -> None:
    file = tmp_path / "stack.json"
    file.write_text(json.dumps({"version": 3, "deployment": {"resources": _states(reference)}}))
    assert _checks(read_target(file, region="eu-west-1"), reference.root) == []


def test_an_unknown_policy_is_not_checked_and_no_finding() -> None:
    resources = [
        {
            "urn": "urn:pulumi:dev::p::aws:s3/bucket:Bucket::b",
            "type": "aws:s3/bucket:Bucket",
            "custom": True,
            "inputs": {},
        },
        {
            "urn": "urn:pulumi:dev::p::aws:s3/bucketPolicy:BucketPolicy::p",
            "type": "aws:s3/bucketPolicy:BucketPolicy",
            "custom": True,
            "inputs": {"bucket": UNKNOWN_TEXT, "policy": UNKNOWN_TEXT},
            "propertyDependencies": {"bucket": ["urn:pulumi:dev::p::aws:s3/bucket:Bucket::b"]},
        },
    ]
    target = read_document({"steps": [{"op": "create", "newState": item} for item in resources]}, "p.json")
    report = run(target.graph)
    assert "bucket-secure-transport" not in {item.check for item in report.findings}
    assert "bucket-secure-transport" in {item.check for item in report.not_checked}


SERVICE_LINKED = "arn:aws:iam::1:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
PLAN: dict[str, Any] = {
    "format_version": "1.2",
    "variables": {"environment": {"value": "dev"}},
    "planned_values": {
        "root_module": {
            "resources": [
                {
                    "address": "aws_s3_bucket.b",
                    "mode": "managed",
                    "type": "aws_s3_bucket",
                    "name": "b",
                    "values": {"bucket": "reports-dev"},
                },
                {
                    "address": "aws_s3_bucket_versioning.v",
                    "mode": "managed",
                    "type": "aws_s3_bucket_versioning",
                    "name": "v",
                    "values": {"versioning_configuration": [{"status": "Enabled"}]},
                },
                {
                    "address": "aws_s3_bucket_policy.p",
                    "mode": "managed",
                    "type": "aws_s3_bucket_policy",
                    "name": "p",
                    "values": {},
                },
                {
                    "address": "aws_config_configuration_recorder.r",
                    "mode": "managed",
                    "type": "aws_config_configuration_recorder",
                    "name": "r",
                    "values": {
                        "name": "recorder-dev",
                        "role_arn": SERVICE_LINKED,
                    },
                },
                {
                    "address": "aws_config_delivery_channel.c",
                    "mode": "managed",
                    "type": "aws_config_delivery_channel",
                    "name": "c",
                    "values": {
                        "name": "channel-dev",
                        "snapshot_delivery_properties": [{"delivery_frequency": "Every_Hour"}],
                    },
                },
            ]
        }
    },
    "resource_changes": [
        {"address": "aws_s3_bucket_versioning.v", "change": {"after_unknown": {"bucket": True}}},
        {"address": "aws_s3_bucket_policy.p", "change": {"after_unknown": {"bucket": True, "policy": True}}},
        {"address": "aws_config_delivery_channel.c", "change": {"after_unknown": {"s3_bucket_name": True}}},
    ],
    "configuration": {
        "provider_config": {"aws": {"expressions": {"region": {"constant_value": "eu-west-1"}}}},
        "root_module": {
            "resources": [
                {
                    "address": "aws_s3_bucket_versioning.v",
                    "expressions": {"bucket": {"references": ["aws_s3_bucket.b.id", "aws_s3_bucket.b"]}},
                },
                {
                    "address": "aws_s3_bucket_policy.p",
                    "expressions": {
                        "bucket": {"references": ["aws_s3_bucket.b.id", "aws_s3_bucket.b"]},
                        "policy": {
                            "references": ["data.aws_iam_policy_document.d.json", "data.aws_iam_policy_document.d"]
                        },
                    },
                },
                {
                    "address": "data.aws_iam_policy_document.d",
                    "mode": "data",
                    "expressions": {
                        "statement": [
                            {
                                "effect": {"constant_value": "Deny"},
                                "actions": {"constant_value": ["s3:*"]},
                                "resources": {"references": ["aws_s3_bucket.b.arn", "aws_s3_bucket.b"]},
                                "principals": [
                                    {"type": {"constant_value": "*"}, "identifiers": {"constant_value": ["*"]}}
                                ],
                                "condition": [
                                    {
                                        "test": {"constant_value": "Bool"},
                                        "variable": {"constant_value": "aws:SecureTransport"},
                                        "values": {"constant_value": ["false"]},
                                    }
                                ],
                            }
                        ]
                    },
                },
                {
                    "address": "aws_config_delivery_channel.c",
                    "expressions": {"s3_bucket_name": {"references": ["aws_s3_bucket.b.bucket", "aws_s3_bucket.b"]}},
                },
            ]
        },
    },
}


def test_a_terraform_plan_is_read_for_its_meaning() -> None:
    target = read_document(PLAN, "plan.json")
    assert target.graph.region == "eu-west-1"
    found = {item.check for item in run(target.graph).findings}
    assert {"channel-needs-recorder", "snapshot-frequency", "config-bucket-policy", "recorder-never-started"} <= found
    assert not {"bucket-versioning", "bucket-secure-transport"} & found


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "a: 1", "x: [", '{"steps": []}', "Resources: 3", '{"Resources": {"a": 1}}']
)
def test_what_is_no_target_is_refused_with_what_can_be_given(tmp_path: Path, text: str) -> None:
    file = tmp_path / "target"
    file.write_text(text)
    with pytest.raises(TargetError):
        read_target(file)


def test_a_missing_target_is_named(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="is not there"):
        read_target(tmp_path / "nothing.yaml")


def test_intrinsic_functions_resolve() -> None:
    text = """
Parameters: {Env: {Type: String, Default: dev}, Secret: {Type: String}}
Conditions: {IsDev: !Equals [!Ref Env, dev], Never: !Not [!Condition IsDev]}
Mappings: {M: {dev: {days: 7}}}
Resources:
  T: {Type: AWS::SNS::Topic, Properties: {TopicName: !Join ["-", [alerts, !Ref Env]]}}
  L: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: !FindInMap [M, dev, days]}}
  N: {Type: AWS::SNS::Topic, Condition: Never}
  S: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Secret, KmsMasterKeyId: !If [IsDev, !Ref "AWS::NoValue", k]}}
"""
    loaded = load(text, "t.yaml")
    graph = cloudformation.read(loaded.document, "t.yaml", loaded.lines)
    by_name = {item.name: item for item in graph}
    assert set(by_name) == {"T", "L", "S"}
    assert by_name["T"].inputs["name"] == "alerts-dev"
    assert by_name["L"].inputs["retentionInDays"] == 7
    assert set(by_name["S"].inputs) == {"name"} and is_stand_in(by_name["S"].inputs["name"])
    assert by_name["T"].position is not None and by_name["T"].position.line == 6


def test_aliases_that_explode_are_refused() -> None:
    levels = "\n".join(f"  a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9) if i else 'x'}]" for i in range(9))
    text = f"X:\n{levels}\nResources:\n  B: {{Type: AWS::S3::Bucket, Properties: {{BucketName: *a8}}}}\n"
    document = load(text, "t.yaml").document
    with pytest.raises(TargetError, match="more than"):
        cloudformation.read(document, "t.yaml")


def test_a_program_that_stops_is_explained_and_what_it_registered_is_checked(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: wrong\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(
        "import pulumi_aws as aws\n"
        'aws.cloudwatch.EventRule("rule", schedule_expression="every 6 hours")\n'
        'aws.cfg.ConfigurationRecorder("recorder")\n'
    )
    report = inspect(tmp_path)
    by_check = {item.check: item for item in report.findings}
    assert {"program-error", "schedule-expression"} <= set(by_check)
    assert "aws.cfg.Recorder" in by_check["program-error"].fix
    assert by_check["program-error"].position is not None and by_check["program-error"].position.line == 3
