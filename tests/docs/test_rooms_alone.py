"""Each room that is worth having for itself works with what its page says that it needs, and with nothing else."""

from __future__ import annotations

import pkgutil
import re
import subprocess
import sys
from importlib import import_module

import pytest

from tests.docs.support import Shell
from tests.support.places import ROOT

ROOMS = {
    "rule-logic.md": ("watchkeeper.rules", "watchkeeper.evaluation.item"),
    "config-service.md": ("watchkeeper.awsconfig",),
    "pulumi-engine.md": (
        "watchkeeper.pulumi.engine",
        "watchkeeper.pulumi.provider",
        "watchkeeper.pulumi.graph",
        "watchkeeper.pulumi.schema",
    ),
}
RUN_APART = {"watchkeeper.pulumi.engine.runner", "watchkeeper.pulumi.schema.source"}
"""A script that runs in the program's own process, and the one that reads the SDK."""


def needs(page: str) -> str:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    found = re.search(r"^Needs beside Watchkeeper's own modules: ([\w, -]+)[.;]", text, re.M)
    assert found, f"{page} does not say what the room needs"
    return ",".join(part.strip() for part in found.group(1).split(","))


def modules(name: str) -> list[str]:
    """The module and every module in it."""
    module = import_module(name)
    inside = pkgutil.walk_packages(getattr(module, "__path__", ()), f"{name}.")
    return [name, *(found.name for found in inside if found.name not in RUN_APART)]


@pytest.mark.parametrize("page", ROOMS)
def test_every_module_of_the_room_loads(page: str) -> None:
    wanted = [name for room in ROOMS[page] for name in modules(room)]
    command = [sys.executable, "-m", "tests.support.bare", needs(page), *wanted]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("page", ROOMS)
def test_the_example_runs(page: str, shell: Shell) -> None:
    shell.forget()
    shell.run('eval "$(watchkeeper local env)"')
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    name = re.findall(r"^\$ python (\S+\.py)$", text, re.M)[0]
    for file, content in re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)^```$", text, re.M | re.S):
        (shell.folder / "bare" / file).parent.mkdir(parents=True, exist_ok=True)
        (shell.folder / "bare" / file).write_text(content)
    code, said = shell.run(f"cd bare && PYTHONPATH={ROOT} python -m tests.support.bare {needs(page)} {name}")
    assert code == 0, said


def test_something_that_is_not_named_is_refused() -> None:
    command = [sys.executable, "-m", "tests.support.bare", "orjson", "watchkeeper.awsconfig.service"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "No module named 'botocore'" in done.stderr
