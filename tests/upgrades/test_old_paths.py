"""Import paths that 0.1's documentation and scaffold named go on working, with a warning that names the new one."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

OLD = {
    "watchkeeper.stack": ("watchkeeper.monitoring.stack", ("TapStack", "TapStackArgs")),
    "watchkeeper.preflight.policy_pack": ("watchkeeper.preflight.run.policy_pack", ("pack",)),
    "watchkeeper.embedded.testing": ("watchkeeper.local.testing", ("aws", "aws_server")),
    "watchkeeper.embedded.server": ("watchkeeper.local.server", ("running", "start", "stop", "find", "EmbeddedError")),
}


@pytest.mark.parametrize("old", OLD)
def test_the_same_things_are_there(old: str) -> None:
    new, names = OLD[old]
    for name in names:
        assert getattr(importlib.import_module(old), name) is getattr(importlib.import_module(new), name)


@pytest.mark.parametrize("old", OLD)
def test_the_importer_is_warned(old: str) -> None:
    command = [sys.executable, "-W", "error::DeprecationWarning:__main__", "-c", f"import {old}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert f"DeprecationWarning: {old} has moved to {OLD[old][0]}" in done.stderr
