"""Types that the embedded AWS lacks, or hardly has: made on moto, read, and judged by a rule, both ways."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

import boto3
import pytest
from moto import mock_aws

from tests.inventory.makers import CASES
from watchkeeper.clients import Clients, Profile
from watchkeeper.evaluation.item import configured, prepare
from watchkeeper.inventory import READERS, Gap, read, read_some
from watchkeeper.model import ComplianceType, ConfigurationItem
from watchkeeper.rules import Indexed, NoLookup

WHERE = {"account": "123456789012", "region": "us-east-1"}


@pytest.fixture
def moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield Clients(boto3.Session(region_name="us-east-1"), "us-east-1", profile=Profile(1))


@pytest.mark.parametrize("resource_type", CASES)
def test_a_type_is_read_and_judged_both_ways(resource_type: str, moto: Clients) -> None:
    case = CASES[resource_type]
    good, bad = case.make(moto)
    gaps: list[Gap] = []
    aspects = {resource_type: READERS[resource_type].aspects - case.without}
    found = list(read(moto, [resource_type], on_gap=gaps.append, aspects=aspects, **WHERE))
    items = {item.resource_id: item for item in found}
    assert gaps == []
    assert case.look(items[good]) == case.shows
    read_all = WhatWasRead(resource_type, found)
    verdicts = {id_: judged(case.rule, case.parameters, items[id_], read_all) for id_ in (good, bad)}
    assert verdicts == {good: ComplianceType.COMPLIANT, bad: ComplianceType.NON_COMPLIANT}
    for item in items.values():
        assert json.loads(json.dumps([item.configuration, item.supplementary])) == [
            item.configuration, item.supplementary,
        ]  # fmt: skip
        assert item.arn.startswith("arn:aws:")
    if not case.by_key or case.without:
        return
    key = READERS[resource_type].key(items[bad])
    again = read_some(moto, resource_type, [key], on_gap=gaps.append, **WHERE)
    assert gaps == []
    assert [(item.resource_id, item.configuration, item.tags) for item in again] == [
        (bad, items[bad].configuration, items[bad].tags)
    ]


class WhatWasRead(Indexed, NoLookup):
    """Knows the items of the one type that were read."""

    def __init__(self, resource_type: str, found: Sequence[ConfigurationItem]) -> None:
        Indexed.__init__(self)
        NoLookup.__init__(self)
        self._type, self._found = resource_type, found

    def items_of_type(self, resource_type: str) -> Iterable[ConfigurationItem]:
        return self._found if resource_type == self._type else NoLookup.items_of_type(self, resource_type)


def judged(rule: str, parameters: object, item: ConfigurationItem, lookup: NoLookup | None = None) -> ComplianceType:
    (prepared,) = prepare([configured(rule, parameters)]).rules
    assert not prepared.problem
    evaluation = prepared.evaluate(item, lookup or NoLookup())
    assert evaluation is not None
    return evaluation.compliance
