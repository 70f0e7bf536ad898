"""Nothing in a program may depend on our engine: under the SDK's own mocks it registers the same resources."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.places import ROOT
from watchkeeper.pulumi.engine.preview import preview
from watchkeeper.pulumi.engine.program import Project, load_project

UNDER_MOCKS = Path(__file__).with_name("under_mocks.py")
REGION = "us-east-1"
ANSWERS = {
    "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": "123456789012", "id": "x"},
    "aws:index/getRegion:getRegion": {"region": REGION, "name": REGION, "id": REGION},
    "aws:index/getPartition:getPartition": {"partition": "aws", "dnsSuffix": "amazonaws.com", "id": "aws"},
}


def under_stock_mocks(project: Project) -> list[list[str]]:
    """Type and name of everything that the program registers under the mocks of Pulumi's SDK."""
    settings = {
        "program": str(project.program),
        "project": project.name,
        "stack": project.stack,
        "config": dict(project.config),
        "answers": ANSWERS,
    }
    done = subprocess.run(
        [sys.executable, str(UNDER_MOCKS), json.dumps(settings)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    registered: list[list[str]] = json.loads(done.stdout.splitlines()[-1])
    return registered


def under_our_engine(project: Project) -> list[list[str]]:
    shown = preview(project)
    assert shown.error is None, shown.error
    return sorted([one.type, one.name] for one in shown.graph if one.type != "pulumi:pulumi:Stack")


@pytest.mark.parametrize(
    ("directory", "stack"),
    [(Path(__file__).parent / "programs" / "small", "dev"), (ROOT / "infra", "dev")],
    ids=["small", "infra"],
)
def test_the_same_resources_are_registered_under_the_sdks_mocks(directory: Path, stack: str) -> None:
    project = load_project(directory, stack)
    ours = under_our_engine(project)
    assert ours
    assert under_stock_mocks(project) == ours
