"""The items of the fixtures hold fields that exist: a rule that reads one that doesn't would be worse than none.

AWS Config takes newer types from the CloudFormation registry, with its spelling of names; the others hold what the
service's API answers, in Config's own lower case. What neither has stands in :data:`EXTRAS`, with its source.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

HERE = Path(__file__).parent

API = {
    "alarm": ("cloudwatch", "MetricAlarm"),
    "alb": ("elbv2", "LoadBalancer"),
    "api": ("apigateway", "RestApi"),
    "asg": ("autoscaling", "AutoScalingGroup"),
    "cert": ("acm", "CertificateDetail"),
    "clb": ("elb", "LoadBalancerDescription"),
    "distribution": ("cloudfront", "Distribution"),
    "elasticsearch": ("es", "ElasticsearchDomainStatus"),
    "firewall": ("network-firewall", "DescribeFirewallResponse"),
    "function": ("lambda", "FunctionConfiguration"),
    "kmskey": ("kms", "KeyMetadata"),
    "launch": ("autoscaling", "LaunchConfiguration"),
    "loggroup": ("logs", "LogGroup"),
    "opensearch": ("opensearch", "DomainStatus"),
    "project": ("codebuild", "Project"),
    "recovery": ("backup", "DescribeRecoveryPointOutput"),
    "redshift": ("redshift", "Cluster"),
    "secret": ("secretsmanager", "DescribeSecretResponse"),
    "stack": ("cloudformation", "Stack"),
    "stage": ("apigateway", "Stage"),
    "stage2": ("apigatewayv2", "Stage"),
    "table": ("dynamodb", "TableDescription"),
    "trail": ("cloudtrail", "Trail"),
}
"""Base item to the shape of the API's answer that Config keeps."""

REGISTRY = ("accesspoint", "batch", "dms", "ecr", "ecs", "efs", "eks", "globaldb", "kinesis", "listener",
            "model", "notebook", "task", "tgw")  # fmt: skip
"""Base items whose types Config takes from the CloudFormation registry."""

EXTRAS = {
    # awslabs/aws-config-resource-schema, AWS::SecretsManager::Secret
    "secret": {"rotationoccurringasscheduled", "rotationrules.automaticallyafterhours"},
}


def configurations(base: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The base item's configuration and what each case changes of it."""
    yield base, json.loads((HERE / "items" / f"{base}.json").read_text())["configuration"]
    for path in sorted((HERE / "fixtures").glob("*.json")):
        for case in json.loads(path.read_text())["cases"]:
            if case["item"] == base:
                yield from ((f"{path.stem} {case['name']}", c) for c in _changes(case.get("set", {})))


def _changes(changes: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path, value in changes.items():
        first, *steps = path.split(".")
        if first == "configuration":
            yield functools.reduce(lambda held, step: {step: held}, reversed(steps), value)


def unknown_to_api(value: Any, shape: Any, path: str = "") -> Iterator[str]:
    """The fields that the shape lacks, in lower case."""
    if isinstance(value, dict) and shape.type_name == "structure":
        members = {name.lower(): member for name, member in shape.members.items()}
        for key, held in value.items():
            name = f"{path}.{key.lower()}".lstrip(".")
            if key.lower() in members:
                yield from unknown_to_api(held, members[key.lower()], name)
            else:
                yield name
    elif isinstance(value, dict) and shape.type_name == "map":
        for held in value.values():
            yield from unknown_to_api(held, shape.value, path)
    elif isinstance(value, list):
        for held in value:
            yield from unknown_to_api(held, shape.member, path)


def unknown_to_registry(value: Any, node: dict[str, Any], root: dict[str, Any], path: str = "") -> Iterator[str]:
    """The properties that the registry's schema lacks."""
    while "$ref" in node:
        node = functools.reduce(lambda held, step: held[step], node["$ref"].split("/")[1:], root)
    if isinstance(value, dict) and "properties" in node:
        for key, held in value.items():
            if key in node["properties"]:
                yield from unknown_to_registry(held, node["properties"][key], root, f"{path}.{key}")
            else:
                yield f"{path}.{key}".lstrip(".")
    elif isinstance(value, list):
        for held in value:
            yield from unknown_to_registry(held, node.get("items", {}), root, path)


@pytest.mark.parametrize("base", API)
def test_native_types_hold_what_their_api_answers(base: str) -> None:
    service, name = API[base]
    shape = botocore.session.get_session().get_service_model(service).shape_for(name)
    for where, configuration in configurations(base):
        assert set(unknown_to_api(configuration, shape)) <= EXTRAS.get(base, set()), where


@pytest.mark.parametrize("base", REGISTRY)
def test_registry_types_hold_their_properties(base: str) -> None:
    resource_type = json.loads((HERE / "items" / f"{base}.json").read_text())["resourceType"]
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource_type).schema
    for where, configuration in configurations(base):
        assert list(unknown_to_registry(configuration, schema, schema)) == [], where


def test_a_field_that_does_not_exist_is_noticed() -> None:
    shape = botocore.session.get_session().get_service_model("kms").shape_for("KeyMetadata")
    assert list(unknown_to_api({"keyId": "a", "rotates": True}, shape)) == ["rotates"]
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", "AWS::EKS::Cluster").schema
    wrong = {"Logging": {"ClusterLogging": {"EnabledTypes": [{"Kind": "api"}]}}}
    assert list(unknown_to_registry(wrong, schema, schema)) == ["Logging.ClusterLogging.EnabledTypes.Kind"]
