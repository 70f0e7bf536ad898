"""Rules read fields that AWS has: a name that no item holds would make a rule that never finds anything.

Config writes the API's shapes with a small first letter; what a rule reads of a configuration is looked up in botocore.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
import rules_support as support
from botocore.model import ListShape, Shape, StructureShape

from watchkeeper.evaluation import configured, evaluate
from watchkeeper.rules import logic

SHAPES = {
    "AWS::EC2::EIP": ("ec2", "Address"),
    "AWS::EC2::FlowLog": ("ec2", "FlowLog"),
    "AWS::EC2::Instance": ("ec2", "Instance"),
    "AWS::EC2::InternetGateway": ("ec2", "InternetGateway"),
    "AWS::EC2::NetworkAcl": ("ec2", "NetworkAcl"),
    "AWS::EC2::NetworkInterface": ("ec2", "NetworkInterface"),
    "AWS::EC2::RouteTable": ("ec2", "RouteTable"),
    "AWS::EC2::SecurityGroup": ("ec2", "SecurityGroup"),
    "AWS::EC2::Subnet": ("ec2", "Subnet"),
    "AWS::EC2::VPC": ("ec2", "Vpc"),
    "AWS::EC2::Volume": ("ec2", "Volume"),
    "AWS::IAM::Group": ("iam", "GroupDetail"),
    "AWS::IAM::Policy": ("iam", "ManagedPolicyDetail"),
    "AWS::IAM::Role": ("iam", "RoleDetail"),
    "AWS::IAM::User": ("iam", "UserDetail"),
    "AWS::RDS::DBCluster": ("rds", "DBCluster"),
    "AWS::RDS::DBClusterSnapshot": ("rds", "DBClusterSnapshot"),
    "AWS::RDS::DBInstance": ("rds", "DBInstance"),
    "AWS::RDS::DBSecurityGroup": ("rds", "DBSecurityGroup"),
    "AWS::RDS::DBSnapshot": ("rds", "DBSnapshot"),
    "AWS::RDS::GlobalCluster": ("rds", "GlobalCluster"),
    "AWS::S3::AccountPublicAccessBlock": ("s3control", "PublicAccessBlockConfiguration"),
}
"""Resource type to botocore's service and shape."""


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


def _paths(shape: Shape, prefix: str = "", depth: int = 4) -> Iterator[str]:
    while isinstance(shape, ListShape):
        shape = shape.member
    if not isinstance(shape, StructureShape) or not depth:
        return
    for name, member in shape.members.items():
        yield f"{prefix}{name}".lower()
        yield from _paths(member, f"{prefix}{name}.".lower(), depth - 1)


def _known(resource_type: str) -> set[str]:
    service, shape = SHAPES[resource_type]
    return set(_paths(botocore.session.get_session().get_service_model(service).shape_for(shape)))


# Config's own: what the older API calls these, and what it writes as lists of texts.
OURS = {"ippermissions.ipranges", "ippermissions.ipv4ranges", "ippermissions.ipv4ranges.cidrip"}


@pytest.mark.parametrize("resource_type", SHAPES)
def test_rules_read_fields_that_aws_has(resource_type: str) -> None:
    asked: set[str] = set()
    for identifier, case in support.cases():
        judged = support.item(case["item"], case.get("set"))
        if judged.resource_type != resource_type or identifier not in logic():
            continue
        watched = dataclasses.replace(judged, configuration=Watched(dict(judged.configuration), "", asked))
        evaluate(configured(identifier, case.get("parameters")), watched, support.GivenLookup(case.get("lookup", {})))
    # A policy document is one text to the API.
    fields = {path for path in asked if "document." not in path.lower()}
    assert {path for path in fields if path.lower() not in _known(resource_type) | OURS} == set()
