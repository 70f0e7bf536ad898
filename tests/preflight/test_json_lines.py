"""JSON is read as the standard library reads it, with the lines of a template's resources beside it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.preflight.inputs.json_lines import load_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(st.text(max_size=8) | st.just("Resources"), VALUES, max_size=4)


@given(DOCUMENTS, st.none() | st.integers(0, 4))
def test_the_object_is_what_json_reads(document: dict[str, Any], indent: int | None) -> None:
    text = json.dumps(document, indent=indent)
    read, lines = load_json(f"\n {text}\n")
    assert read == document
    inner = document.get("Resources")
    assert set(lines) == (set(inner) if isinstance(inner, dict) else set())


@given(
    st.text(max_size=30)
    | DOCUMENTS.map(json.dumps).flatmap(lambda text: st.integers(0, len(text)).map(lambda end: text[:end]))
)
def test_what_json_refuses_is_refused(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(ValueError):
            load_json(text)
        return
    if isinstance(expected, dict):
        assert load_json(text)[0] == expected


def test_each_resource_has_its_line() -> None:
    text = '{\n  "Resources": {\n    "A": {"Type": "x"},\n\n    "B": {}\n  }\n}'
    assert load_json(text)[1] == {"A": 3, "B": 5}
