"""Each resource type keeps the engine's contract: made, read back, compared, changed, removed, removed again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.pulumi.provider import examples
from watchkeeper.pulumi.engine.provider import Change, State
from watchkeeper.pulumi.provider import AwsProvider


class Stage:
    """Makes what an example needs and takes it away again."""

    def __init__(self, provider: AwsProvider) -> None:
        self.provider = provider
        self.made: list[tuple[str, State, Mapping[str, Any]]] = []

    def need(self, needs: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        for name, needed in needs.items():
            inputs = needed.inputs(found) if callable(needed.inputs) else needed.inputs
            state = self.provider.create(needed.type, f"needed-{name}", inputs)
            self.made.append((needed.type, state, inputs))
            found[name] = {**state.outputs, "id": state.id}
        return found

    def clear(self) -> None:
        for type_, state, inputs in reversed(self.made):
            self.provider.delete(type_, state, inputs)


@pytest.mark.parametrize("example", examples.EXAMPLES, ids=lambda example: example.id)
def test_a_resource_is_made_compared_changed_and_removed(example: Any, request: pytest.FixtureRequest) -> None:
    # MiniStack's own AWS Config only stores rules: ours stands behind the gateway.
    where = "embedded" if example.type.startswith("aws:cfg/") else "provider"
    provider: AwsProvider = request.getfixturevalue(where)
    stage = Stage(provider)
    request.addfinalizer(stage.clear)
    needed = stage.need(example.needs)
    inputs = example.inputs(needed) if callable(example.inputs) else example.inputs
    assert provider.check(example.type, "Example", inputs) == []

    state = provider.create(example.type, "Example", inputs)
    try:
        for name in example.outputs:
            assert state.outputs.get(name) not in (None, ""), name
        read = provider.read(example.type, state.id, {**inputs, **_name(provider, example.type, state)})
        assert read is not None
        for name, value in inputs.items():
            assert read.outputs.get(name, value) == value, name
        assert provider.diff(example.type, state, inputs, inputs).change is Change.NONE
        assert provider.diff(example.type, read, inputs, inputs).properties == ()
        if example.changed is not None:
            state, inputs = _change(provider, example, needed, state, inputs)
    finally:
        provider.delete(example.type, state, inputs)
    provider.delete(example.type, state, inputs)
    if example.type not in _NEVER_GONE:
        assert provider.read(example.type, state.id, {**inputs, **_name(provider, example.type, state)}) is None


_NEVER_GONE = frozenset(
    {
        # What is left is AWS's default, not nothing.
        "aws:kms/keyPolicy:KeyPolicy",
        "aws:s3/bucketAcl:BucketAcl",
        "aws:s3/bucketAclV2:BucketAclV2",
        "aws:s3/bucketNotification:BucketNotification",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
        "aws:s3/bucketVersioning:BucketVersioning",
        "aws:s3/bucketVersioningV2:BucketVersioningV2",
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:cfg/recorderStatus:RecorderStatus",
        # A value goes with its secret.
        "aws:secretsmanager/secretVersion:SecretVersion",
    }
)


def _change(
    provider: AwsProvider, example: Any, needed: Mapping[str, Any], state: State, inputs: Mapping[str, Any]
) -> tuple[State, Mapping[str, Any]]:
    changed = example.changed(needed) if callable(example.changed) else example.changed
    assert provider.check(example.type, "Example", changed) == []
    difference = provider.diff(example.type, state, inputs, changed)
    assert difference.change is Change.UPDATE, difference
    after = provider.update(example.type, state, inputs, changed)
    assert after.id == state.id
    assert provider.diff(example.type, after, changed, changed).change is Change.NONE
    again = provider.read(example.type, state.id, {**changed, **_name(provider, example.type, after)})
    assert again is not None
    assert provider.diff(example.type, again, changed, changed).properties == ()
    assert provider.update(example.type, again, changed, changed).id == state.id
    return after, changed


def _name(provider: AwsProvider, type_: str, state: State) -> dict[str, Any]:
    """The physical name, as an engine gives it that refreshes with the inputs it completed."""
    completed = provider.complete(type_, "Example", {})
    return {name: state.outputs[name] for name in completed if name in state.outputs}


def test_every_type_has_an_example(provider: AwsProvider) -> None:
    assert {example.type for example in examples.EXAMPLES} == set(provider.types)
