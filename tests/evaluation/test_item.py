"""The evaluation: scope, parameters, no logic, crashes; whatever an item holds, an answer and never an exception."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.places import ITEMS
from watchkeeper.evaluation.item import (
    ConfiguredRule,
    NoLookup,
    Scope,
    account_item,
    configured,
    evaluate,
    prepare,
)
from watchkeeper.model import ANNOTATION_LIMIT, ComplianceType, ConfigurationItem, ItemStatus
from watchkeeper.rules import REGISTRY, RuleLogic, logic

BUCKET = "AWS::S3::Bucket"


def bucket(**fields: Any) -> ConfigurationItem:
    supplementary = {"BucketVersioningConfiguration": {"status": "Enabled"}}
    return ConfigurationItem(BUCKET, "reports", "1", "eu-central-1", **({"supplementary": supplementary} | fields))


VERSIONING = configured("S3_BUCKET_VERSIONING_ENABLED")


def test_the_console_name_severity_and_category_come_from_the_catalog() -> None:
    assert (VERSIONING.name, VERSIONING.severity, VERSIONING.category) == (
        "s3-bucket-versioning-enabled",
        "LOW",
        "Backup and recovery",
    )


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        (Scope(), True),
        (Scope(types=(BUCKET,)), True),
        (Scope(types=("AWS::EC2::Instance",)), False),
        (Scope(types=(BUCKET,), resource_id="reports"), True),
        (Scope(types=(BUCKET,), resource_id="other"), False),
        (Scope(tag_key="Owner"), True),
        (Scope(tag_key="Owner", tag_value="me"), True),
        (Scope(tag_key="Owner", tag_value="you"), False),
        (Scope(tag_key="owner"), False),
    ],
)
def test_only_what_is_in_scope_is_evaluated(scope: Scope, covered: bool) -> None:
    rule = configured("S3_BUCKET_VERSIONING_ENABLED", scope=scope)
    assert (evaluate(rule, bucket(tags={"Owner": "me"})) is not None) is covered


def test_another_type_is_no_evaluation() -> None:
    assert evaluate(VERSIONING, ConfigurationItem("AWS::EC2::Instance", "i-1")) is None


def test_a_rule_without_logic_is_not_evaluated() -> None:
    rule = configured("S3_BUCKET_POLICY_NOT_MORE_PERMISSIVE", {"controlPolicy": "{}"})
    found = evaluate(rule, bucket())
    assert found and found.compliance is ComplianceType.NOT_EVALUATED
    assert "no logic" in found.annotation


def test_a_rule_that_is_none_says_what_was_meant() -> None:
    rule = ConfiguredRule("mine", "DB_BACKUP_RETENTION_PERIOD", scope=Scope(types=("AWS::RDS::DBInstance",)))
    assert "DB_INSTANCE_BACKUP_ENABLED" in prepare([rule]).rules[0].problem


def test_wrong_parameters_are_not_evaluated_and_all_named() -> None:
    rule = configured("DESIRED_INSTANCE_TYPE", {"instanceTypes": "t3.micro"})
    found = evaluate(rule, ConfigurationItem("AWS::EC2::Instance", "i-1"))
    assert found and found.compliance is ComplianceType.NOT_EVALUATED
    assert "instanceType is required" in found.annotation
    assert '"instanceTypes" is unknown; did you mean instanceType?' in found.annotation


def test_a_crash_is_neither_a_finding_nor_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> Any:
        raise ZeroDivisionError("boom")

    known = logic()["S3_BUCKET_VERSIONING_ENABLED"]
    broken = RuleLogic(known.identifier, crash, known.types, known.severity, known.category, (), (), "")
    ready = prepare([VERSIONING]).rules[0]
    from dataclasses import replace

    found = replace(ready, logic=broken).evaluate(bucket(), NoLookup())
    assert found and found.compliance is ComplianceType.NOT_EVALUATED
    assert "ZeroDivisionError" in found.annotation
    assert REGISTRY["S3_BUCKET_VERSIONING_ENABLED"] is known


def test_a_deleted_resource_is_not_applicable_even_without_logic() -> None:
    for identifier in ("S3_BUCKET_VERSIONING_ENABLED", "S3_BUCKET_POLICY_NOT_MORE_PERMISSIVE"):
        found = evaluate(ConfiguredRule("r", identifier), bucket(status=ItemStatus.DELETED))
        assert found and found.compliance is ComplianceType.NOT_APPLICABLE


def test_an_account_rule_is_evaluated_on_the_account() -> None:
    found = evaluate(configured("IAM_ROOT_ACCESS_KEY_CHECK"), account_item("123456789012", "us-east-1"))
    assert found and (found.resource_type, found.resource_id) == ("AWS::::Account", "123456789012")
    assert found.compliance is ComplianceType.NOT_EVALUATED


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=12,
)
ALL = prepare([configured(identifier) for identifier in logic()], fill_defaults=True)
NAMES = ["Enabled", "true", "*", "Allow", "all", "-1", "2026-01-01T00:00:00Z", "Statement", "Policy", "items"]


def _mutated(value: Any, choices: Any) -> Any:
    """The value with some leaves replaced by anything."""
    if isinstance(value, dict):
        return {key: _mutated(inner, choices) for key, inner in value.items()}
    if isinstance(value, list):
        return [_mutated(inner, choices) for inner in value]
    return choices(value)


@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from(sorted(ALL.by_type)), configuration=JSON, supplementary=JSON, tags=JSON)
def test_no_item_whatever_it_holds_raises(kind: str, configuration: Any, supplementary: Any, tags: Any) -> None:
    item = ConfigurationItem(
        kind,
        "id",
        configuration=configuration if isinstance(configuration, dict) else {"x": configuration},
        supplementary=supplementary if isinstance(supplementary, dict) else {"Policy": supplementary},
        tags=tags if isinstance(tags, dict) else {},
    )
    for found in ALL.evaluate(item, NoLookup()):
        assert len(found.annotation) <= ANNOTATION_LIMIT


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_wrong_type_anywhere_never_raises(data: st.DataObject) -> None:
    import json

    from watchkeeper.items import ItemError, from_aws

    names = sorted(ITEMS.glob("*.json"))
    raw = json.loads(data.draw(st.sampled_from(names)).read_text())
    junk = st.sampled_from(NAMES) | JSON
    for part in ("configuration", "supplementaryConfiguration"):
        raw[part] = _mutated(raw[part], lambda v: data.draw(junk) if data.draw(st.integers(0, 4)) == 0 else v)
    try:
        item = from_aws(raw)
    except ItemError:
        return
    for found in ALL.evaluate(item, NoLookup()):
        assert found.compliance in ComplianceType
