"""The same engine runs TypeScript programs. Needs Node.js and an installed ``@pulumi/pulumi``.

``make node`` installs it beside the program; ``WATCHKEEPER_NODE_MODULES`` names another folder with ``node_modules``.
Without either, these tests are skipped and say so.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.pulumi.engine.support import DiskCloud
from watchkeeper.pulumi.engine.deployment import destroy, up
from watchkeeper.pulumi.engine.preview import preview
from watchkeeper.pulumi.engine.program import Project, ProjectError, load_project
from watchkeeper.pulumi.graph import UNKNOWN, Secret

PROGRAM = Path(__file__).parent / "typescript"


def modules() -> Path | None:
    named = os.environ.get("WATCHKEEPER_NODE_MODULES")
    folders = [Path(named)] if named else [PROGRAM, *PROGRAM.parents]
    return next((folder for folder in folders if (folder / "node_modules" / "@pulumi" / "pulumi").exists()), None)


needs_node = pytest.mark.skipif(
    shutil.which("node") is None or modules() is None,
    reason="Node.js or node_modules/@pulumi/pulumi is not installed: run `make node`",
)


@pytest.fixture
def typed(tmp_path: Path) -> Project:
    folder = tmp_path / "program"
    shutil.copytree(PROGRAM, folder, ignore=shutil.ignore_patterns("node_modules"))
    found = modules()
    assert found is not None
    (folder / "node_modules").symlink_to(found / "node_modules")
    return load_project(folder, "dev")


@needs_node
def test_a_typescript_program_is_previewed(typed: Project) -> None:
    shown = preview(typed)
    assert shown.error is None, shown.log
    by_name = {resource.name: resource for resource in shown.graph}
    bucket, topic = by_name["reports-dev"], by_name["alerts-dev"]
    assert bucket.parent == by_name["storage"].urn
    assert by_name["storage"].outputs == {"bucketName": "reports-dev"}
    assert by_name["email"].inputs["topic"] is UNKNOWN
    assert by_name["email"].property_dependencies["topic"] == (topic.urn,)
    assert by_name["queue"].inputs["secret"] == Secret("hush")
    assert bucket.urn in by_name["queue"].dependencies
    assert shown.graph.stack_outputs == {"bucket": "reports-dev", "arn": UNKNOWN}
    position = topic.position
    assert position is not None
    assert position.file.endswith("index.ts")
    assert "planning dev" in shown.log


@needs_node
def test_a_typescript_program_is_deployed(typed: Project, cloud: DiskCloud, tmp_path: Path) -> None:
    result = up(typed, cloud, tmp_path / "dev.json", on_event=lambda event: None)
    assert result.ok, result.errors
    assert result.counts == {"create": 4}
    assert result.outputs == {"bucket": "reports-dev", "arn": "arn:aws:sns:::alerts-dev"}
    assert up(typed, cloud, tmp_path / "dev.json", on_event=lambda event: None).counts == {"same": 4}
    assert destroy("typed", "dev", cloud, tmp_path / "dev.json", on_event=lambda event: None).ok


@needs_node
@pytest.mark.parametrize(
    ("statement", "kind", "name"),
    [
        ("const x: any = {}; new x.cfg.ConfigurationRecorder('r');", "TypeError", "ConfigurationRecorder"),
        ("const x: any = {}; new x.Recorder('r');", "TypeError", "Recorder"),
        ("(undefinedName as any).x;", "ReferenceError", "undefinedName"),
        ("throw new Error('stop');", "Error", ""),
    ],
)
def test_a_typescript_program_that_stops_is_explained(typed: Project, statement: str, kind: str, name: str) -> None:
    program = typed.directory / "index.ts"
    lines = [*program.read_text().splitlines(), "declare const undefinedName: any;", statement]
    program.write_text("\n".join(lines) + "\n")
    shown = preview(typed)
    assert shown.error is not None
    assert (shown.error.kind, shown.error.file, shown.error.line) == (kind, str(program), len(lines)), shown.error
    assert shown.error.name == name or name == "ConfigurationRecorder"
    assert "alerts-dev" in {resource.name for resource in shown.graph}


def test_without_the_sdk_the_remedy_is_said(tmp_path: Path) -> None:
    shutil.copytree(PROGRAM, tmp_path / "program", ignore=shutil.ignore_patterns("node_modules"))
    if shutil.which("node") is None:
        pytest.skip("Node.js is not installed")
    with pytest.raises(ProjectError, match="npm install"):
        preview(load_project(tmp_path / "program", "dev"))
