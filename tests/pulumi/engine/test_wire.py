"""Values survive the way over the wire and into the state file, and mean to Pulumi's SDK what they mean to us."""

from __future__ import annotations

import json

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime import rpc

from watchkeeper.pulumi.engine import wire
from watchkeeper.pulumi.graph import UNKNOWN, Archive, Asset, Reference, Secret

names = st.text(min_size=1, max_size=8)
texts = st.text(max_size=12).filter(lambda text: text != wire.UNKNOWN_TEXT)
keys = st.text(max_size=8).filter(lambda text: text != wire.SIGNATURE_KEY)
numbers = st.integers(-(2**52), 2**52) | st.floats(allow_nan=False, allow_infinity=False).filter(
    lambda number: not number.is_integer()
)
assets = st.builds(Asset, path=names) | st.builds(Asset, text=texts) | st.builds(Asset, uri=names)
archives = st.recursive(
    st.builds(Archive, path=names) | st.builds(Archive, uri=names),
    lambda inner: st.builds(Archive, parts=st.dictionaries(keys, inner | assets, max_size=3)),
    max_leaves=4,
)
urns = st.builds("urn:pulumi:dev::p::t:t/t:T::{}".format, names)
references = st.builds(Reference, urn=urns, property=texts)
resources = st.builds(wire.ResourceRef, urn=urns, id=st.none() | names | st.just(UNKNOWN), version=texts)
leaves = st.none() | st.booleans() | numbers | texts | st.just(UNKNOWN) | assets | archives | references | resources
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(keys, inner, max_size=3)
        | st.builds(Secret, inner)
        | st.builds(wire.OutputValue, inner, st.booleans(), st.lists(urns, max_size=2).map(tuple))
    ),
    max_leaves=12,
)
objects = st.dictionaries(keys, values, max_size=4)


@given(objects)
def test_what_goes_into_the_state_file_comes_out_again(value: dict[str, object]) -> None:
    assert wire.from_plain(json.loads(json.dumps(wire.to_plain(value)))) == value


@given(objects)
def test_what_goes_over_the_wire_comes_out_again_with_references_unknown(value: dict[str, object]) -> None:
    expected = wire.map_values(value, lambda item: UNKNOWN if isinstance(item, Reference) else item)
    assert wire.decode(wire.encode(value)) == expected


@given(objects)
def test_simplified_values_hold_nothing_of_the_wire(value: dict[str, object]) -> None:
    for item in wire.walk(wire.simplify(value)):
        assert not isinstance(item, (wire.OutputValue, wire.ResourceRef))


@given(objects)
def test_a_value_without_secrets_has_none(value: dict[str, object]) -> None:
    assert not wire.has_secret(wire.without_secrets(value))


@given(st.recursive(st.none() | st.text(max_size=5), lambda i: st.lists(i) | st.dictionaries(st.text(max_size=5), i)))
def test_any_json_is_read_or_refused_by_name(value: object) -> None:
    try:
        wire.from_plain({"top": {wire.SIGNATURE_KEY: value}})
    except wire.WireError as error:
        assert str(error).startswith("top")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": {wire.SIGNATURE_KEY: "nonsense"}}, "a: 'nonsense' is not a signature"),
        ({"a": [{wire.SIGNATURE_KEY: wire.ARCHIVE}]}, r"a\[0\]: an archive needs one of"),
        ({"a": {wire.SIGNATURE_KEY: wire.ARCHIVE, "assets": {"x": 1}}}, "'x' in an archive is neither"),
        ({"a": {wire.SIGNATURE_KEY: wire.RESOURCE}}, "a resource reference needs its urn"),
    ],
)
def test_a_broken_value_is_refused_with_its_place(value: dict[str, object], message: str) -> None:
    with pytest.raises(wire.WireError, match=message):
        wire.from_plain(value)


def test_a_python_object_is_refused() -> None:
    with pytest.raises(wire.WireError, match="set is not a property value"):
        wire.to_plain({"a": {1, 2}})


def test_the_sdk_reads_what_we_write() -> None:
    ours = {
        "number": 3,
        "list": [1.5, None, "x"],
        "asset": Asset(text="hello"),
        "archive": Archive(parts={"a.py": Asset(path="/a.py")}),
        "secret": Secret({"password": "hush"}),
    }
    theirs = rpc.deserialize_properties(wire.encode(ours), keep_unknowns=True)
    assert theirs["number"] == 3
    assert theirs["list"] == [1.5, None, "x"]
    assert isinstance(theirs["asset"], pulumi.StringAsset)
    assert theirs["asset"].text == "hello"
    assert isinstance(theirs["archive"], pulumi.AssetArchive)
    assert theirs["archive"].assets["a.py"].path == "/a.py"
    assert rpc.is_rpc_secret(theirs["secret"])
    assert rpc.unwrap_rpc_secret(theirs["secret"]) == {"password": "hush"}


def test_the_signatures_are_the_sdks() -> None:
    assert rpc._special_sig_key == wire.SIGNATURE_KEY
    assert (rpc._special_asset_sig, rpc._special_archive_sig) == (wire.ASSET, wire.ARCHIVE)
    assert (rpc._special_secret_sig, rpc._special_resource_sig) == (wire.SECRET, wire.RESOURCE)
    assert (rpc._special_output_value_sig, rpc.UNKNOWN) == (wire.OUTPUT, wire.UNKNOWN_TEXT)


def test_dependencies_are_found_wherever_they_stand() -> None:
    value = {
        "a": [wire.OutputValue("x", dependencies=("urn:1", "urn:2"))],
        "b": Secret(wire.ResourceRef("urn:3", "id")),
    }
    assert set(wire.dependencies(value)) == {"urn:1", "urn:2", "urn:3"}
