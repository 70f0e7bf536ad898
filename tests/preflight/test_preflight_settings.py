"""Preflight's settings: one meaning in watchkeeper.yaml, a stack's configuration, the policy pack, the command line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.monitoring.settings import from_pulumi_config
from watchkeeper.preflight import SettingsError, inspect
from watchkeeper.preflight.run.settings import FILE, KEY, find, load, options_of

EVERYTHING = """
preflight:
  environment: test
  requiredTags: [Owner, CostCenter]
  destroyable: false
  sharedRoles: [worker]
  select: [s3]
  ignore: [bucket-lifecycle]
  suppressions:
    - check: bucket-versioning
      resource: scratch-*
      reason: made again each night
      until: 2099-01-01
"""
BUCKET = "Resources: {Reports: {Type: 'AWS::S3::Bucket', Properties: {BucketName: reports-test}}}\n"


def test_every_setting_is_read(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(EVERYTHING)
    found = load(tmp_path / FILE, {})
    (suppression,) = found.pop("suppressions")
    assert found == {
        "environment": "test",
        "required_tags": ("Owner", "CostCenter"),
        "destroyable": False,
        "shared_roles": ("worker",),
        "select": ("s3",),
        "ignore": ("bucket-lifecycle",),
    }
    assert (suppression.check, suppression.resource, str(suppression.until)) == (
        "bucket-versioning",
        "scratch-*",
        "2099-01-01",
    )
    assert suppression.problem == ""


def test_the_stack_says_the_same_and_wins(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(EVERYTHING)
    in_stack = yaml.load(EVERYTHING, yaml.BaseLoader)["preflight"] | {"destroyable": True}
    found = load(tmp_path / FILE, {KEY: json.dumps(in_stack | {"requiredTags": ["Team"]})})
    assert found["required_tags"] == ("Team",)
    assert found["destroyable"] is True
    assert len(found["suppressions"]) == 2


def test_all_problems_of_both_places_are_said_at_once(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(
        "preflight:\n  requiredTag: [Owner]\n  destroyable: perhaps\n  ignore: [required-tag]\n"
        "  suppressions:\n    - {checks: key-rotation}\n"
    )
    with pytest.raises(SettingsError) as caught:
        load(tmp_path / FILE, {KEY: json.dumps({"sharedRoles": "worker"})})
    text = str(caught.value)
    for part in (
        "requiredTag is not a setting. Did you mean requiredTags?",
        'destroyable "perhaps" is not true or false.',
        '"required-tag" is no check and no tag. Did you mean required-tags?',
        "suppressions[0].checks is not a setting. Did you mean check?",
        'watchkeeper:preflight.sharedRoles "worker" is not a list.',
    ):
        assert part in text


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[1]", "no mapping"),
        ("preflights: {}", "Did you mean preflight?"),
        ("preflight: [", "can't be read"),
        ("preflight: \xff", "can't be read"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / FILE).write_text(content, encoding="latin-1")
    with pytest.raises(SettingsError, match=says):
        load(tmp_path / FILE, {})


@pytest.mark.parametrize("content", ["", "preflight:", "preflight: {}"])
def test_an_empty_file_says_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    assert load(tmp_path / FILE, {}) == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["environment", "requiredTags", "destroyable", "sharedRoles", "select", "ignore", "suppressions"]
)


@given(st.dictionaries(KEYS, JSON, max_size=4) | JSON)
def test_whatever_is_written_is_settings_or_an_error(value: Any) -> None:
    try:
        assert isinstance(options_of(value, "x"), dict)
    except SettingsError as error:
        assert error.problems


def test_the_nearest_file_up_to_the_repositorys_top_counts(tmp_path: Path) -> None:
    folder = tmp_path / "repository" / "templates"
    folder.mkdir(parents=True)
    (tmp_path / FILE).write_text("")
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "repository")], check=True)
    assert find(folder / "a.yaml") is None
    (tmp_path / "repository" / FILE).write_text("")
    assert find(folder / "a.yaml") == (tmp_path / "repository" / FILE).resolve()
    (folder / FILE).write_text("")
    assert find(folder / "a.yaml") == (folder / FILE).resolve()


def test_a_template_is_checked_under_the_settings_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "template.yaml"
    target.write_text(BUCKET)
    (tmp_path / FILE).write_text(
        "preflight:\n  environment: test\n  requiredTags: [CostCenter]\n  select: [environment-suffix, required-tags]\n"
    )
    report = inspect(target)
    (finding,) = report.findings
    assert finding.message.startswith("the resource has no tag CostCenter")
    given_ = {"required_tags": (), "select": ("required-tags", "environment-suffix")}
    assert inspect(target, given_ | {"environment": "prod"}).findings[0].check == "environment-suffix"
    assert inspect(target, given_, stack="prod").findings[0].check == "environment-suffix"
    other = tmp_path / "other.yaml"
    other.write_text("preflight: {select: [key-rotation]}")
    assert inspect(target, settings_file=other).findings == ()


def test_the_deployments_settings_leave_preflights_alone() -> None:
    given_ = {"watchkeeper:environmentSuffix": "dev", "watchkeeper:owner": "x", KEY: "{}"}
    assert from_pulumi_config(given_).owner == "x"
