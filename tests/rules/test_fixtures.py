"""Every rule on real-shaped items, on both sides of every boundary: tests/rules/fixtures/<IDENTIFIER>.json."""

from __future__ import annotations

import copy
import dataclasses
import functools
import json
import operator
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.rules import support
from watchkeeper.aws.facts import managed_rules
from watchkeeper.evaluation.item import configured, evaluate, prepare
from watchkeeper.items import ItemError, from_aws
from watchkeeper.model import ANNOTATION_LIMIT, UNAVAILABLE_KEY, ComplianceType, ItemStatus
from watchkeeper.rules import ACCOUNT, logic
from watchkeeper.rules.tags import tagged

CASES = list(support.cases())
SEVERITIES = Path(__file__).parent / "severities.json"
TAGGED = [i for i, known in logic().items() if known.function is tagged]


def run(identifier: str, case: dict[str, Any], **changes: Any) -> Any:
    item = dataclasses.replace(support.item(case["item"], case.get("set")), **changes)
    rule = configured(identifier, case.get("parameters"))
    return evaluate(rule, item, support.GivenLookup(case.get("lookup", {})))


@pytest.mark.parametrize(("identifier", "case"), CASES, ids=[f"{i}-{c['name']}" for i, c in CASES])
def test_case(identifier: str, case: dict[str, Any]) -> None:
    found = run(identifier, case)
    assert found is not None, "the rule does not cover the item's type"
    assert (found.compliance, found.annotation and True) == (
        ComplianceType(case["expect"]),
        (case["expect"] != "COMPLIANT") or "",
    ), found.annotation
    assert "crashed" not in found.annotation
    assert len(found.annotation) <= ANNOTATION_LIMIT


def test_every_rule_has_both_sides() -> None:
    sides = Counter((identifier, case["expect"]) for identifier, case in CASES)
    lacking = [
        f"{identifier} has no {side} case"
        for identifier in logic()
        if identifier not in TAGGED
        for side in ("COMPLIANT", "NON_COMPLIANT")
        if not sides[identifier, side]
    ]
    assert lacking == []


def test_every_fixture_is_of_a_rule() -> None:
    assert {identifier for identifier, _ in CASES} <= set(logic())


@pytest.mark.parametrize("identifier", TAGGED)
def test_tagged_family(identifier: str) -> None:
    base = dataclasses.replace(support.item("bucket"), resource_type=logic()[identifier].types[0], tags={})
    tagged = dataclasses.replace(base, tags={"Owner": "me", "aws:x": "1"})
    plain, wanted = configured(identifier), configured(identifier, {"requiredKeyTags": "Owner,Team"})
    assert evaluate(plain, base).compliance == "NON_COMPLIANT"
    assert evaluate(plain, dataclasses.replace(base, tags={"aws:x": "1"})).compliance == "NON_COMPLIANT"
    assert evaluate(plain, tagged).compliance == "COMPLIANT"
    assert evaluate(wanted, tagged).compliance == "NON_COMPLIANT"
    assert evaluate(wanted, dataclasses.replace(base, tags={"Owner": "", "Team": "a"})).compliance == "COMPLIANT"


@pytest.mark.parametrize(("identifier", "case"), CASES, ids=[f"{i}-{c['name']}" for i, c in CASES])
def test_a_rule_looks_at_the_aspects_it_declares_only(identifier: str, case: dict[str, Any]) -> None:
    item = support.item(case["item"], case.get("set"))
    declared = {k: v for k, v in item.supplementary.items() if k in logic()[identifier].aspects}
    assert run(identifier, case, supplementary=declared) == run(identifier, case)


@pytest.mark.parametrize("identifier", sorted({i for i, _ in CASES}))
def test_a_deleted_resource_is_not_applicable(identifier: str) -> None:
    case = next(case for i, case in CASES if i == identifier)
    assert run(identifier, case, status=ItemStatus.DELETED).compliance == "NOT_APPLICABLE"


@pytest.mark.parametrize("identifier", sorted({i for i, _ in CASES if logic()[i].aspects}))
def test_what_could_not_be_read_is_not_evaluated(identifier: str) -> None:
    case = next(case for i, case in CASES if i == identifier and case["expect"] == "COMPLIANT")
    unread = dict.fromkeys(logic()[identifier].aspects, "AccessDenied")
    found = run(identifier, case, supplementary={UNAVAILABLE_KEY: unread})
    assert found.compliance == "NOT_EVALUATED"
    assert "AccessDenied" in found.annotation


BY_NAME = {"RDS_DB_SECURITY_GROUP_NOT_ALLOWED"}
"""Rules that judge by the resource's name, which every item has."""


@pytest.mark.parametrize("identifier", sorted({i for i, _ in CASES if not logic()[i].needs} - BY_NAME))
def test_an_item_that_holds_nothing_is_never_compliant(identifier: str) -> None:
    case = next(case for i, case in CASES if i == identifier and case["expect"] == "COMPLIANT")
    found = run(identifier, case, configuration={}, supplementary={}, tags={})
    assert found.compliance != "COMPLIANT"
    assert "crashed" not in found.annotation


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a JSON value, as keys and indexes; of a list the first element stands for all."""
    inner = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for step, held in inner:
        yield (*path, step)
        yield from places(held, (*path, step))


@pytest.mark.parametrize("identifier", sorted({i for i, _ in CASES}))
def test_a_wrong_type_anywhere_does_not_crash_a_rule(identifier: str) -> None:
    case = next(case for i, case in CASES if i == identifier)
    raw, lookup = support.raw_item(case["item"], case.get("set")), support.GivenLookup(case.get("lookup", {}))
    rule = configured(identifier, case.get("parameters"))
    held = {part: raw[part] for part in ("configuration", "supplementaryConfiguration")}
    for *way, last in places(held):
        for wrong in (1, "x", [], [None], {"a": 1}):
            changed = copy.deepcopy(raw)
            functools.reduce(operator.getitem, way, changed)[last] = wrong
            try:
                item = from_aws(changed)
            except ItemError:
                continue
            found = evaluate(rule, item, lookup)
            assert "crashed" not in found.annotation, (way, last, wrong)


def test_logic_is_of_managed_rules_and_their_types() -> None:
    for identifier, known in logic().items():
        managed = managed_rules()[identifier]
        assert set(known.types) <= set(managed.resource_types) | {ACCOUNT}, identifier
        assert known.summary.endswith((".", ")")), identifier
        assert known.category, identifier


def test_severities_are_security_hubs_where_it_has_a_control() -> None:
    held = json.loads(SEVERITIES.read_text(encoding="utf-8"))["controls"]
    assert {i: logic()[i].severity.value for i in held} == {i: control.split()[1] for i, control in held.items()}


def test_at_least_120_rules_besides_the_family_of_tags() -> None:
    assert len(set(logic()) - set(TAGGED)) >= 120


def test_prepared_rules_answer_as_single_ones() -> None:
    prepared = prepare([configured(i, c.get("parameters"), name=str(n)) for n, (i, c) in enumerate(CASES)])
    for number, (identifier, case) in enumerate(CASES[::7]):
        item = support.item(case["item"], case.get("set"))
        lookup = support.GivenLookup(case.get("lookup", {}))
        by_name = {e.rule: e for e in prepared.evaluate(item, lookup)}
        single = run(identifier, case)
        assert by_name[str(number * 7)].compliance == single.compliance
