"""The border of the project: AWS's spellings of a configuration item."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import rdk
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.items import ItemError, fingerprint, from_aws, to_api, to_base_api, to_event
from watchkeeper.model import ConfigurationItem, ItemStatus, Relationship

EXAMPLE_FOLDER = Path(rdk.__file__).parent / "template" / "example_ci"
# Not JSON, or not configuration items, as rdk ships them.
BROKEN = {"AWS_LAMBDA_FUNCTION", "AWS_EC2_NetworkInterface"}
EXAMPLES = sorted(p for p in EXAMPLE_FOLDER.glob("*.json") if p.stem not in BROKEN and "ManagedInstance" not in p.stem)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)
TIMES = st.datetimes(datetime(2014, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(
    lambda t: t.replace(microsecond=t.microsecond // 1000 * 1000)
)
NAMES = st.text(min_size=1, max_size=12)
ITEMS = st.builds(
    ConfigurationItem,
    resource_type=st.sampled_from(["AWS::S3::Bucket", "AWS::EC2::Instance"]),
    resource_id=NAMES,
    account_id=st.just("123456789012"),
    region=st.just("eu-west-1"),
    resource_name=st.none() | NAMES,
    arn=NAMES,
    status=st.sampled_from([ItemStatus.OK, ItemStatus.DISCOVERED]),
    capture_time=TIMES,
    state_id=st.integers(min_value=1).map(str),
    creation_time=st.none() | TIMES,
    tags=st.dictionaries(NAMES, st.text(max_size=5), max_size=3),
    relationships=st.lists(st.builds(Relationship, NAMES, NAMES, NAMES, st.none() | NAMES), max_size=2).map(tuple),
    configuration=st.dictionaries(NAMES, JSON, max_size=4),
    supplementary=st.fixed_dictionaries(
        {"BucketPolicy": st.fixed_dictionaries({"policyText": st.text(max_size=9)})},
        optional={"AccessControlList": st.dictionaries(NAMES, JSON, max_size=2)},
    ),
)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_real_items_are_read(path: Path) -> None:
    loaded = json.loads(path.read_text())
    raw = loaded[0] if isinstance(loaded, list) else loaded
    # Some of rdk's files were printed from boto3 objects: their times are Python's repr, which AWS never writes.
    printed = [key for key, value in raw.items() if str(value).startswith("datetime.datetime(")]
    item = from_aws({key: value for key, value in raw.items() if key not in printed})
    assert item.resource_type.startswith("AWS::")
    assert item.configuration or item.supplementary or item.status.deleted


@given(ITEMS)
def test_every_spelling_gives_the_same_item(item: ConfigurationItem) -> None:
    assert from_aws(json.loads(json.dumps(to_event(item)))) == item
    assert from_aws(json.loads(json.dumps(to_api(item)))) == item


def test_the_api_holds_json_in_strings_and_the_acl_twice() -> None:
    item = ConfigurationItem(
        "AWS::S3::Bucket", "b", configuration={"name": "b"}, supplementary={"AccessControlList": {"a": 1}}
    )
    shape = to_base_api(item)
    assert shape["configuration"] == '{"name":"b"}'
    assert json.loads(json.loads(shape["supplementaryConfiguration"]["AccessControlList"])) == {"a": 1}
    assert to_event(item)["supplementaryConfiguration"]["AccessControlList"] == '{"a":1}'


def test_a_deleted_item_has_no_configuration() -> None:
    item = ConfigurationItem("AWS::S3::Bucket", "b", status=ItemStatus.DELETED)
    assert to_event(item)["configuration"] is None
    assert "configuration" not in to_api(item)
    assert from_aws(to_event(item)) == item


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ([], "a list"),
        ({}, "resourceType: missing"),
        ({"resourceType": "AWS::S3::Bucket", "resourceId": 4}, "resourceId: a number"),
        ({"resourceType": "A", "resourceId": "b", "configuration": "{"}, "configuration: text that is not JSON"),
        ({"resourceType": "A", "resourceId": "b", "configuration": [1]}, "configuration: a list"),
        ({"resourceType": "A", "resourceId": "b", "configurationItemStatus": "fine"}, "'fine' is none of OK"),
        ({"resourceType": "A", "resourceId": "b", "configurationItemCaptureTime": "noon"}, "'noon' is not a time"),
        ({"resourceType": "A", "resourceId": "b", "relationships": 3}, "relationships: a number"),
        ({"resourceType": "A", "resourceId": "b", "tags": "x"}, "tags: text"),
    ],
)
def test_what_is_no_item_is_named(raw: object, says: str) -> None:
    with pytest.raises(ItemError, match=says.replace("(", r"\(")):
        from_aws(raw)  # type: ignore[arg-type]


@given(st.dictionaries(st.sampled_from([*to_event(ConfigurationItem("A", "b")), "accountId", "version"]), JSON))
def test_nothing_but_an_item_error_comes_out(raw: dict[str, object]) -> None:
    try:
        from_aws(raw)
    except ItemError as error:
        assert str(error)


def test_a_fingerprint_ignores_the_capture_and_sees_the_state() -> None:
    first = ConfigurationItem("AWS::S3::Bucket", "b", state_id="1", configuration={"a": 1, "b": 2})
    again = ConfigurationItem("AWS::S3::Bucket", "b", state_id="2", configuration={"b": 2, "a": 1})
    other = ConfigurationItem("AWS::S3::Bucket", "b", state_id="2", configuration={"b": 3, "a": 1})
    assert fingerprint(first) == fingerprint(again) != fingerprint(other)
