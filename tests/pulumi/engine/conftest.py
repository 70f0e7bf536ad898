"""What the tests of the engine share: a cloud on disk, and programs written into a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from tests.pulumi.engine.support import DiskCloud
from watchkeeper.pulumi.engine.program import Project, load_project

PROGRAMS = Path(__file__).parent / "programs"
Writer = Callable[..., Project]


@pytest.fixture
def cloud(tmp_path: Path) -> DiskCloud:
    return DiskCloud(tmp_path / "cloud")


@pytest.fixture
def small() -> Project:
    return load_project(PROGRAMS / "small", "dev")


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """Writes a Python program and gives its project."""

    def write_program(text: str, config: dict[str, str] | None = None) -> Project:
        folder = tmp_path / "program"
        folder.mkdir(exist_ok=True)
        (folder / "Pulumi.yaml").write_text("name: written\nruntime: python\n")
        lines = [f"  {key}: {value}" for key, value in (config or {}).items()]
        (folder / "Pulumi.dev.yaml").write_text("config:\n" + "\n".join(lines) + "\n" if lines else "{}\n")
        (folder / "__main__.py").write_text(dedent(text))
        return load_project(folder, "dev")

    return write_program
