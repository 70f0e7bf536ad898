"""The real Pulumi CLI, for the tests that have ``real_cli`` in their names.

``PULUMI`` names it; else it is the one on the PATH; else the one that ``make pulumi`` built into the user's cache.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support.places import ROOT
from tests.support.user import WITHIN, Ran
from watchkeeper.local import server
from watchkeeper.pulumi import plugin

LANGUAGE_HOST = Path(__file__).parent / "language_python"


@cache
def find() -> Path | None:
    """Where it is, or None."""
    named = os.environ.get("PULUMI") or shutil.which("pulumi")
    if named:
        return Path(named).resolve()
    built = _cache() / "watchkeeper" / "pulumi" / version() / "pulumi"
    return built if os.access(built, os.X_OK) else None


def version() -> str:
    """The version that `make pulumi` builds."""
    found = re.search(r"^PULUMI_VERSION := (\S+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert found, "the Makefile names no PULUMI_VERSION"
    return found[1]


def required() -> Path:
    """Where it is; the test is skipped with the reason where there is none."""
    found = find()
    if found is None:
        pytest.skip("there is no Pulumi CLI here: `make pulumi` builds it where Go is installed")
    return found


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


@dataclass(frozen=True)
class PulumiUser:
    """Somebody who works with the Pulumi CLI in a project folder, with a file backend, on an embedded AWS."""

    folder: Path
    environment: Mapping[str, str]

    def __call__(self, *command: str, expect: int | None = 0, **more: str) -> Ran:
        """Run ``pulumi``; it has to end with ``expect`` (None: however)."""
        done = subprocess.run(
            [str(required()), *command, "--non-interactive"],
            cwd=self.folder,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        ran = Ran(done.returncode, done.stdout, done.stderr)
        assert expect is None or ran.code == expect, f"pulumi {' '.join(command)}: {ran.out}\n{ran.err}"
        return ran

    def steps(self, *command: str, **more: str) -> dict[str, int]:
        """Run ``preview``, ``up``, ``refresh`` or ``destroy``: how many resources each operation was for."""
        log = self.folder.parent / f"{self.folder.name}.events"
        log.unlink(missing_ok=True)
        words = command if command[0] == "preview" else (*command, "--yes", "--skip-preview")
        self(*words, "--event-log", str(log), **more)
        events = [json.loads(line) for line in log.read_text().splitlines()]
        (summary,) = (event["summaryEvent"] for event in events if "summaryEvent" in event)
        return dict(summary.get("resourceChanges") or {})

    def state(self) -> dict[str, Any]:
        """The stack's resources by URN, as the CLI exports them."""
        exported = json.loads(self("stack", "export").out)
        return {resource["urn"]: resource for resource in exported["deployment"].get("resources", ())}

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        found: dict[str, Any] = json.loads(self("stack", "output", "--json", "--show-secrets").out)
        return found


def pulumi_user(folder: Path, aws: server.Running, *, stack: str = "dev") -> PulumiUser:
    """A user whose PATH has the CLI, the stand-in for the Python language host, and our provider; with a stack."""
    cli, beside = required(), folder.parent / f"{folder.name}.pulumi"
    beside.mkdir()
    tools = plugin.install(beside / "bin", sys.executable).parent
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PULUMI_"))}
    path = [str(tools), str(LANGUAGE_HOST), str(cli.parent), str(Path(sys.executable).parent), "/usr/bin", "/bin"]
    user = PulumiUser(
        folder,
        {
            **kept,
            **aws.environment,
            "PATH": os.pathsep.join(path),
            "PULUMI_BACKEND_URL": beside.as_uri(),
            "PULUMI_HOME": str(beside / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "correct horse",
            "PULUMI_DEBUG_COMMANDS": "true",  # --event-log
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        },
    )
    user("stack", "init", stack)
    return user
