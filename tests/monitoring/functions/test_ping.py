"""Every function says that it is there, and whether it is configured, without touching anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.monitoring.functions.support import RULES, World
from watchkeeper.monitoring.functions.manifest import FUNCTIONS, OPTIONAL_ENVIRONMENT, FunctionSpec
from watchkeeper.monitoring.functions.runtime import PING, SettingError

Run = Callable[..., dict[str, Any]]
each = pytest.mark.parametrize("spec", FUNCTIONS, ids=lambda spec: spec.name)


@each
def test_pong(run: Run, world: World, spec: FunctionSpec) -> None:
    assert run(spec.name, dict(PING)) == {"outcome": "pong", "function": spec.name, "rules": len(RULES)}
    assert world.config.calls == []
    assert "Contents" not in world.clients("s3").list_objects_v2(Bucket=world.bucket)


@each
def test_a_variable_that_is_not_set_is_named(run: Run, monkeypatch: pytest.MonkeyPatch, spec: FunctionSpec) -> None:
    for name in set(spec.environment) - OPTIONAL_ENVIRONMENT:
        with monkeypatch.context() as without:
            without.delenv(name)
            with pytest.raises(SettingError, match=f"environment variable {name} is not set"):
                run(spec.name, dict(PING))


@each
def test_what_only_looks_like_a_ping_is_not_answered(run: Run, spec: FunctionSpec) -> None:
    with pytest.raises(ValueError, match="has to be"):
        run(spec.name, dict(PING) | {"more": 1})
