"""Types of CloudFormation's registry: listed and read through Cloud Control, all in the same way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.inventory.support import Edge, Refusal
from tests.inventory.test_types import WHERE, judged
from watchkeeper.aws import facts
from watchkeeper.inventory import READERS, Gap, read
from watchkeeper.inventory.registry import NATIVE
from watchkeeper.model import ComplianceType
from watchkeeper.rules import logic

REGISTRY = sorted(READERS.keys() - NATIVE.keys())


class Registry(Edge):
    """Cloud Control with resources of some types: type to identifier to properties; within a parent by its model."""

    def __init__(self, held: dict[str, dict[str, dict[str, Any]]]) -> None:
        super().__init__({"cloudcontrol:ListResources": self._list, "cloudcontrol:GetResource": self._get})
        self.held = held

    def _list(self, asked: dict[str, Any]) -> dict[str, Any]:
        model = json.loads(asked.get("ResourceModel", "{}"))
        found = [
            {"Identifier": id_, "Properties": json.dumps({"Id": id_})}
            for id_, properties in self.held.get(asked["TypeName"], {}).items()
            if model.items() <= properties.items()
        ]
        return {"TypeName": asked["TypeName"], "ResourceDescriptions": found}

    def _get(self, asked: dict[str, Any]) -> dict[str, Any]:
        found = self.held[asked["TypeName"]].get(asked["Identifier"])
        if found is None:
            raise Refusal("ResourceNotFoundException")
        description = {"Identifier": asked["Identifier"], "Properties": json.dumps(found)}
        return {"TypeName": asked["TypeName"], "ResourceDescription": description}


@pytest.mark.parametrize("name", REGISTRY)
def test_a_type_of_the_registry_is_read_as_it_is(name: str) -> None:
    kind = facts.registry_types()[name]
    parent = {kind.within: {"arn:x/parent": {}}} if kind.within else {}
    model = {kind.by: "arn:x/parent" if kind.by.endswith("Arn") else "parent"} if kind.within else {}
    good = {"Name": "n", kind.tags: [{"Key": "Owner", "Value": "me"}], **model}
    edge = Registry(parent | {name: {"good": good, "bad": {"Name": "n", **model}}})
    items = {item.resource_id: item for item in read(edge, [name], on_gap=pytest.fail, **WHERE)}
    assert items["good"].configuration == good
    assert items["good"].tags == {"Owner": "me"}
    assert items["bad"].tags == {}
    for rule in logic().values():
        if rule.identifier.endswith("_TAGGED") and rule.types == (name,):
            assert judged(rule.identifier, {}, items["good"]) is ComplianceType.COMPLIANT
            assert judged(rule.identifier, {}, items["bad"]) is ComplianceType.NON_COMPLIANT


def test_one_that_goes_while_it_is_read_is_not_there() -> None:
    edge = Registry({"AWS::Amplify::App": {"one": {"Name": "n"}}})
    edge.answers = {**edge.answers, "cloudcontrol:GetResource": lambda _: refuse("ResourceNotFoundException")}
    assert list(read(edge, ["AWS::Amplify::App"], on_gap=pytest.fail, **WHERE)) == []


@pytest.mark.parametrize("code", ["TypeNotFoundException", "UnsupportedActionException", "AccessDeniedException"])
def test_a_type_that_cannot_be_listed_is_a_gap(code: str) -> None:
    gaps: list[Gap] = []
    edge = Edge({"cloudcontrol:ListResources": lambda _: refuse(code)})
    assert list(read(edge, ["AWS::Amplify::App"], on_gap=gaps.append, **WHERE)) == []
    assert [(gap.operation, gap.code) for gap in gaps] == [("cloudcontrol:ListResources", code)]


def test_properties_that_are_no_json_are_a_gap() -> None:
    gaps: list[Gap] = []
    edge = Registry({"AWS::Amplify::App": {"one": {}}})
    broken = {"ResourceDescription": {"Identifier": "one", "Properties": "{"}}
    edge.answers = {**edge.answers, "cloudcontrol:GetResource": broken}
    assert list(read(edge, ["AWS::Amplify::App"], on_gap=gaps.append, **WHERE)) == []
    assert [(gap.code, gap.resource_id) for gap in gaps] == [("InvalidProperties", "one")]


def refuse(code: str) -> dict[str, Any]:
    raise Refusal(code)
