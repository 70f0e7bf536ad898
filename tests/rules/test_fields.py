"""Rules read fields that AWS has: a name that no item holds would make a rule that never finds anything.

Config takes newer types from the CloudFormation registry, with its spelling of names; the others hold what the
service's API answers, with a small first letter. What a rule reads of a configuration is looked up there; what neither
has stands in :data:`OURS`, with its source.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import botocore.session
import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tests.rules import support
from watchkeeper.evaluation.item import configured, evaluate

SHAPES = {
    "AWS::ACM::Certificate": ("acm", "CertificateDetail"),
    "AWS::ApiGateway::RestApi": ("apigateway", "RestApi"),
    "AWS::ApiGateway::Stage": ("apigateway", "Stage"),
    "AWS::ApiGatewayV2::Stage": ("apigatewayv2", "Stage"),
    "AWS::AutoScaling::AutoScalingGroup": ("autoscaling", "AutoScalingGroup"),
    "AWS::AutoScaling::LaunchConfiguration": ("autoscaling", "LaunchConfiguration"),
    "AWS::Backup::RecoveryPoint": ("backup", "DescribeRecoveryPointOutput"),
    "AWS::CloudFormation::Stack": ("cloudformation", "Stack"),
    "AWS::CloudFront::Distribution": ("cloudfront", "Distribution"),
    "AWS::CloudTrail::Trail": ("cloudtrail", "Trail"),
    "AWS::CloudWatch::Alarm": ("cloudwatch", "MetricAlarm"),
    "AWS::CodeBuild::Project": ("codebuild", "Project"),
    "AWS::DynamoDB::Table": ("dynamodb", "TableDescription"),
    "AWS::EC2::EIP": ("ec2", "Address"),
    "AWS::EC2::Instance": ("ec2", "Instance"),
    "AWS::EC2::InternetGateway": ("ec2", "InternetGateway"),
    "AWS::EC2::NetworkAcl": ("ec2", "NetworkAcl"),
    "AWS::EC2::NetworkInterface": ("ec2", "NetworkInterface"),
    "AWS::EC2::RouteTable": ("ec2", "RouteTable"),
    "AWS::EC2::SecurityGroup": ("ec2", "SecurityGroup"),
    "AWS::EC2::Subnet": ("ec2", "Subnet"),
    "AWS::EC2::Volume": ("ec2", "Volume"),
    "AWS::ElastiCache::ReplicationGroup": ("elasticache", "ReplicationGroup"),
    "AWS::ElasticLoadBalancing::LoadBalancer": ("elb", "LoadBalancerDescription"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("elbv2", "LoadBalancer"),
    "AWS::Elasticsearch::Domain": ("es", "ElasticsearchDomainStatus"),
    "AWS::IAM::Group": ("iam", "GroupDetail"),
    "AWS::IAM::Policy": ("iam", "ManagedPolicyDetail"),
    "AWS::IAM::Role": ("iam", "RoleDetail"),
    "AWS::IAM::ServerCertificate": ("iam", "ServerCertificateMetadata"),
    "AWS::IAM::User": ("iam", "UserDetail"),
    "AWS::KMS::Key": ("kms", "KeyMetadata"),
    "AWS::Lambda::Function": ("lambda", "FunctionConfiguration"),
    "AWS::Logs::LogGroup": ("logs", "LogGroup"),
    "AWS::NetworkFirewall::Firewall": ("network-firewall", "DescribeFirewallResponse"),
    "AWS::OpenSearch::Domain": ("opensearch", "DomainStatus"),
    "AWS::RDS::DBCluster": ("rds", "DBCluster"),
    "AWS::RDS::DBClusterSnapshot": ("rds", "DBClusterSnapshot"),
    "AWS::RDS::DBInstance": ("rds", "DBInstance"),
    "AWS::RDS::DBSnapshot": ("rds", "DBSnapshot"),
    "AWS::RDS::GlobalCluster": ("rds", "GlobalCluster"),
    "AWS::Redshift::Cluster": ("redshift", "Cluster"),
    "AWS::S3::AccountPublicAccessBlock": ("s3control", "PublicAccessBlockConfiguration"),
    "AWS::SecretsManager::Secret": ("secretsmanager", "DescribeSecretResponse"),
}
"""Resource type to botocore's service and shape."""

WITHOUT_SCHEMA = (
    # The account as a whole.
    "AWS::::Account",
    # Rules read the supplementary configuration, or the name, and nothing of the configuration.
    "AWS::EC2::VPC",
    "AWS::RDS::DBSecurityGroup",
    "AWS::S3::Bucket",
    # Attributes: a map to the API.
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
)
"""What no schema describes."""

REGISTRY = tuple(
    sorted({support.item(case["item"]).resource_type for _, case in support.cases()} - {*SHAPES, *WITHOUT_SCHEMA})
)
"""All other resource types with logic: Config takes them from the CloudFormation registry."""

OURS = {
    # What the older API calls these, and what Config writes as lists of texts.
    "AWS::EC2::SecurityGroup": {
        "ippermissions.ipranges",
        "ippermissions.ipv4ranges",
        "ippermissions.ipv4ranges.cidrip",
    },
    # github.com/awslabs/aws-config-resource-schema
    "AWS::SecretsManager::Secret": {"rotationoccurringasscheduled", "rotationrules.automaticallyafterhours"},
}
"""What only Config's items hold, by resource type, in lower case."""


BESIDE_THE_REGISTRY = {"AWS::ECS::TaskDefinition": {"status"}}
"""The same, of types that Config takes from the registry (github.com/awslabs/aws-config-resource-schema)."""


class Watched(dict[str, Any]):
    """An object that notes the path of each key it is asked for."""

    def __init__(self, held: dict[str, Any], path: str, asked: set[str]) -> None:
        super().__init__({key: _watched(value, f"{path}{key}.", asked) for key, value in held.items()})
        self._path, self._asked = path, asked

    def __getitem__(self, key: str) -> Any:
        self._asked.add(f"{self._path}{key}")
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._asked.add(f"{self._path}{key}")
        return super().__contains__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._asked.add(f"{self._path}{key}")
        return super().get(key, default)


def _watched(value: Any, path: str, asked: set[str]) -> Any:
    if isinstance(value, dict):
        return Watched(value, path, asked)
    return [_watched(entry, path, asked) for entry in value] if isinstance(value, list) else value


def _asked_of(resource_type: str) -> set[str]:
    asked: set[str] = set()
    for identifier, case in support.cases():
        judged = support.item(case["item"], case.get("set"))
        if judged.resource_type == resource_type:
            watched = dataclasses.replace(judged, configuration=Watched(dict(judged.configuration), "", asked))
            evaluate(
                configured(identifier, case.get("parameters")), watched, support.GivenLookup(case.get("lookup", {}))
            )
    # A policy document is one text to the API.
    return {path for path in asked if "document." not in path.lower()}


def in_api(shape: Shape, steps: Sequence[str]) -> bool:
    """Whether the shape has what stands at the path, in any case; the keys of a map are anybody's."""
    if isinstance(shape, ListShape):
        return in_api(shape.member, steps)
    if not steps:
        return True
    if isinstance(shape, MapShape):
        return in_api(shape.value, steps[1:])
    members = shape.members if isinstance(shape, StructureShape) else {}
    found = next((member for name, member in members.items() if name.lower() == steps[0].lower()), None)
    return found is not None and in_api(found, steps[1:])


def in_registry(node: dict[str, Any], root: dict[str, Any], steps: Sequence[str]) -> bool:
    """Whether the registry's schema has the property at the path."""
    while "$ref" in node:
        node = functools.reduce(lambda held, step: held[step], node["$ref"].split("/")[1:], root)
    if "items" in node:
        return in_registry(node["items"], root, steps)
    if not steps:
        return True
    if "properties" not in node:
        return node.get("type") == "object"
    return steps[0] in node["properties"] and in_registry(node["properties"][steps[0]], root, steps[1:])


@functools.cache
def _shape(resource_type: str) -> Shape:
    service, name = SHAPES[resource_type]
    return botocore.session.get_session().get_service_model(service).shape_for(name)


@pytest.mark.parametrize("resource_type", SHAPES)
def test_rules_read_fields_that_the_api_answers(resource_type: str) -> None:
    shape, ours = _shape(resource_type), OURS.get(resource_type, set())
    asked = _asked_of(resource_type)
    assert asked
    assert {path for path in asked if path.lower() not in ours and not in_api(shape, path.split("."))} == set()


@pytest.mark.parametrize("resource_type", REGISTRY)
def test_rules_read_properties_that_the_registry_has(resource_type: str) -> None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource_type).schema
    asked = _asked_of(resource_type)
    assert asked
    strange = {path for path in asked if not in_registry(schema, schema, path.split("."))}
    assert {path.lower() for path in strange} <= BESIDE_THE_REGISTRY.get(resource_type, set())


def test_a_field_that_does_not_exist_is_noticed() -> None:
    assert in_api(_shape("AWS::OpenSearch::Domain"), ["LogPublishingOptions", "AUDIT_LOGS", "enabled"])
    assert not in_api(_shape("AWS::KMS::Key"), ["rotates"])
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", "AWS::EKS::Cluster").schema
    assert in_registry(schema, schema, ["Logging", "ClusterLogging", "EnabledTypes", "Type"])
    assert not in_registry(schema, schema, ["Logging", "ClusterLogging", "EnabledTypes", "Kind"])
