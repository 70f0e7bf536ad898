"""Values are compared by meaning; the schema is the installed SDK's; archives are the same wherever they are made."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.pulumi.graph import UNKNOWN, Archive, Asset, Secret
from watchkeeper.pulumi.provider import archives
from watchkeeper.pulumi.provider.registry import handlers
from watchkeeper.pulumi.provider.values import canonical, clean, covers, has_unknown, request, same
from watchkeeper.pulumi.schema import TABLE, problems, schema_of, source

scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8))
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=6), inner, max_size=4)),
    max_leaves=20,
)
wild = st.recursive(
    st.one_of(
        scalars, st.just(UNKNOWN), st.builds(Secret, scalars), st.just(Asset(text="x")), st.just(Archive(parts={}))
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=6), inner, max_size=4)),
    max_leaves=20,
)


def test_the_table_is_that_of_the_installed_sdk() -> None:
    stored = json.loads(gzip.decompress(TABLE.read_bytes()))
    assert stored == source.generate(), "run python -m watchkeeper.pulumi.schema.source"
    assert stored["types"].keys() >= handlers().keys()


@pytest.mark.parametrize("token", sorted(handlers()))
def test_a_handler_s_tables_name_properties_that_exist(token: str) -> None:
    handler = handlers()[token]
    inputs = schema_of(token).inputs.keys()
    tables = {*handler.replace, *handler.defaults, *handler.documents, *handler.ordered, *handler.unsupported}
    named = {name for group in handler.one_of for name in group}
    # Aliases (V2 types, older names) may lack what the canonical type has.
    known = {*inputs, *schema_of(handler.token).inputs}
    assert tables | named <= known
    if handler.auto_name:
        assert handler.auto_name.property in known


@given(trees)
def test_a_value_is_the_same_as_itself_and_as_its_json(value: Any) -> None:
    assert same(value, value)
    assert covers(clean(value), clean(value))
    if isinstance(value, (dict, list)):
        assert same(json.loads(json.dumps(value)), value)


@given(st.lists(trees, max_size=5), st.randoms())
def test_lists_are_sets_unless_their_order_means_something(items: list[Any], random: Any) -> None:
    shuffled = list(items)
    random.shuffle(shuffled)
    assert same(items, shuffled)
    assert same([1, 2], [2, 1])
    assert not same([1, 2], [2, 1], ordered=True)


@given(wild)
def test_no_input_makes_a_check_crash(value: Any) -> None:
    for token in ("aws:s3/bucket:Bucket", "aws:cfg/recorder:Recorder", "aws:cloudwatch/metricAlarm:MetricAlarm"):
        schema = schema_of(token)
        assert isinstance(list(problems(schema, dict.fromkeys(schema.inputs, value))), list)
    assert isinstance(has_unknown(value), bool)


def test_policy_documents_may_spell_one_as_a_list() -> None:
    one = {"Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*"}]}
    two = {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["*"]}}
    assert same(json.dumps(one), json.dumps(two))
    assert canonical({"a": ["x"]}) != canonical({"a": "x"})


def test_aws_may_add_members_and_nothing_else() -> None:
    assert covers({"a": "1", "b": "2"}, {"a": 1})
    assert covers([{"a": 1, "b": 2}, {"a": 3}], [{"a": 3}, {"a": 1}])
    assert not covers([{"a": 1}, {"a": 2}], [{"a": 1}])
    assert not covers({"a": "2"}, {"a": "1"})


def test_botocore_s_shapes_lead_the_spelling() -> None:
    client = boto3.client("config", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    values = {
        "configurationRecorder": {
            "name": "r",
            "roleArn": "arn",
            "recordingGroup": {
                "allSupported": "false",
                "recordingStrategies": [{"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"}],
                "exclusionByResourceTypes": [{"resourceTypes": ["AWS::EC2::Volume"]}],
            },
            "recordingMode": {
                "recordingFrequency": "DAILY",
                "recordingModeOverride": {"recordingFrequency": "CONTINUOUS", "resourceTypes": ["AWS::S3::Bucket"]},
            },
        }
    }
    body = request(client, "PutConfigurationRecorder", values)["ConfigurationRecorder"]
    assert body["roleARN"] == "arn"
    assert body["recordingGroup"] == {
        "allSupported": False,
        "exclusionByResourceTypes": {"resourceTypes": ["AWS::EC2::Volume"]},
        "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
    }
    assert body["recordingMode"]["recordingModeOverrides"][0]["resourceTypes"] == ["AWS::S3::Bucket"]


def test_folders_zips_and_parts_give_the_same_archive(tmp_path: Path) -> None:
    folder = tmp_path / "code"
    (folder / "pkg").mkdir(parents=True)
    (folder / "pkg" / "b.py").write_text("b")
    (folder / "a.py").write_text("a")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "a.pyc").write_bytes(b"x")
    parts = Archive(parts={"pkg/b.py": Asset(path=str(folder / "pkg" / "b.py")), "a.py": Asset(text="a")})
    nested = Archive(parts={".": Archive(path=str(folder))})
    data = archives.zip_bytes(Archive(path=str(folder)))
    assert data == archives.zip_bytes(parts) == archives.zip_bytes(nested)
    zipped = tmp_path / "code.zip"
    zipped.write_bytes(data)
    assert archives.zip_bytes(Archive(path=str(zipped))) == data
    assert archives.zip_bytes(Archive(parts={"": Archive(path=str(zipped))})) == data
    assert zipfile.ZipFile(io.BytesIO(data)).namelist() == ["a.py", "pkg/b.py"]


@pytest.mark.parametrize(
    "archive",
    [
        Archive(path="/no/such/folder"),
        Archive(uri="https://example.com/x.zip"),
        Archive(parts={"../x": Asset(text="x")}),
    ],
)
def test_what_can_t_be_shipped_is_said(archive: Archive) -> None:
    with pytest.raises(archives.ArchiveError):
        archives.zip_bytes(archive)
