"""Whatever is asked, in whatever order: a reply that fits the model, or an AWS error. Never a crash."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchkeeper.awsconfig import ConfigError
from watchkeeper.awsconfig.api_model import reply_problems, service_model
from watchkeeper.awsconfig.registry import OPERATIONS
from watchkeeper.awsconfig.store import Store, StoreError

_WORDS = [
    "v", "default", "config", "all", "base", "q", "AWS::S3::Bucket", "bad", "123456789012", "210987654321", "eu-west-1",
    "S3_BUCKET_VERSIONING_ENABLED", "{}", '{"a": 1}', "[", "x" * 300, "", " ", "\u00e9", "\ud800", "SELECT resourceId",
    "Resources: {A: {Type: 'AWS::Config::ConfigRule'}}", "arn:aws:iam::123456789012:role/config", "One_Hour", "key",
    "observabilityadmin.amazonaws.com", "AWS-Document", "SSM_DOCUMENT", "00000001", "Acme::App::Server",
]  # fmt: skip


def requests(shape, depth=0):
    """Requests that nearly fit a shape."""
    if shape is None:
        return st.just({})
    kind = shape.type_name
    if kind == "structure":
        required = {name: requests(shape.members[name], depth + 1) for name in shape.required_members}
        rest = [name for name in shape.members if name not in required]
        optional = {name: st.none() | requests(shape.members[name], depth + 1) for name in rest if depth < 4}
        return st.fixed_dictionaries(required, optional=optional)
    if kind == "list":
        return st.lists(requests(shape.member, depth + 1), max_size=2)
    if kind == "map":
        return st.dictionaries(st.sampled_from(_WORDS), requests(shape.value, depth + 1), max_size=2)
    if kind == "boolean":
        return st.booleans()
    if kind in ("integer", "long"):
        return st.sampled_from([0, 1, 30, 100, -1, 2**70])
    if kind == "timestamp":
        return st.sampled_from([0, 1790000000.5, "2026-09-27T08:00:00Z", "soon", 1e300])
    values = getattr(shape, "enum", None)
    return st.sampled_from([*values, "NONSENSE"]) if values else st.sampled_from(_WORDS)


@pytest.fixture
def populated(running, service, make):
    running.put_managed("v", "S3_BUCKET_VERSIONING_ENABLED")
    service.record([make.bucket("good"), make.bucket("bad", "Off")])
    source = {"AccountIds": [running.account], "AllAwsRegions": True}
    running("PutConfigurationAggregator", ConfigurationAggregatorName="all", AccountAggregationSources=[source])
    return running


_ANY = st.sampled_from(sorted(OPERATIONS)).flatmap(
    lambda name: st.tuples(st.just(name), requests(service_model().operation_model(name).input_shape))
)


@settings(max_examples=200, suppress_health_check=list(HealthCheck), deadline=None)
@given(asked=_ANY)
def test_any_request_is_answered_in_awss_terms(populated, asked):
    operation, request = asked
    try:
        reply = populated.service.handle(operation, request, populated.account, populated.region)
    except ConfigError as error:
        assert error.code
        assert error.message
    else:
        assert reply_problems(operation, orjson.loads(orjson.dumps(reply))) == []


@pytest.mark.parametrize("content", [b"not a database, but long enough to be taken for one" * 40])
def test_a_file_that_is_no_store_says_what_to_do(tmp_path, content):
    path = tmp_path / "config.sqlite"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="move it away"):
        Store(path)


def test_a_store_of_another_version_says_what_to_do(tmp_path):
    path = tmp_path / "config.sqlite"
    store = Store(path)
    store._writer.execute("PRAGMA user_version=99")
    store.close()
    with pytest.raises(StoreError, match="version 99"):
        Store(path)
