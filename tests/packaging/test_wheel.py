"""The wheel in an empty environment: every command gives a result or one sentence, never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.places import ROOT

pytestmark = pytest.mark.full

UV = str(Path(sys.executable).with_name("uv"))
BASE_LIMIT = 120 * 2**20
"""Bytes that the base install may take, bytecode apart."""
TEMPLATE = str(ROOT / "tests" / "preflight" / "fixtures" / "reference.yaml")
ITEM = str(ROOT / "tests" / "rules" / "items" / "bucket.json")
RULE = ("--rule", "S3_BUCKET_VERSIONING_ENABLED")
WITH_THE_BASE = (
    ("--help",),
    ("--version",),
    ("rules", "list", "s3"),
    ("rules", "show", "S3_BUCKET_VERSIONING_ENABLED"),
    ("rules", "frameworks"),
    ("preflight", "--list"),
    ("preflight", "--explain", "key-rotation"),
    ("preflight", TEMPLATE),
    ("evaluate", ITEM, *RULE),
    ("whatif", ITEM, *RULE),
    ("init", "infra"),
)
NEED_AN_EXTRA = {
    ("demo",): "local",
    ("local", "start"): "local",
    ("up", "--project", "infra"): "local",
    ("preflight", "infra"): "pulumi",
    ("status", "--project", "infra", "--target", "aws"): "pulumi",
    ("preview", "--project", "infra", "--target", "aws"): "pulumi",
    ("destroy", "--project", "infra", "--target", "aws", "--yes"): "pulumi",
}
ONE_SENTENCE = (
    ("scan", "--endpoint-url", "http://127.0.0.1:9", "--region", "eu-west-1", *RULE),
    ("status", "--project", "infra"),
    ("verify", "--project", "infra"),
    ("report", "list", "--project", "infra"),
    ("preview", "--project", "infra"),
    ("destroy", "--project", "infra", "--yes"),
    ("local", "status"),
    ("local", "stop"),
    ("local", "env"),
    ("local", "reset", "--yes"),
    ("local", "settle", "urn", "--project", "infra"),
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([UV, "build", "--quiet", "--wheel", "--out-dir", str(folder), str(ROOT)], check=True)
    (file,) = folder.glob("*.whl")
    return file


class Installed:
    """An environment of its own, with the wheel and some extras."""

    def __init__(self, folder: Path, wheel: Path, extra: str = "") -> None:
        self.folder = folder
        python = folder / "venv" / "bin" / "python"
        self.site = folder / "venv" / "lib"
        subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, str(folder / "venv")], check=True)
        constraints = ("--constraint", str(ROOT / "requirements" / "lock.txt"))
        install = [UV, "pip", "install", "--quiet", "--python", str(python), *constraints, f"{wheel}{extra}"]
        subprocess.run(install, check=True)
        self.command = folder / "venv" / "bin" / "watchkeeper"

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PULUMI_", "WATCHKEEPER_"))
        }
        environment = {**kept, "HOME": str(self.folder), "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "eu-west-1"}
        return subprocess.run(
            [str(self.command), *words],
            cwd=self.folder,
            env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )


@pytest.fixture(scope="module")
def base(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    made = Installed(tmp_path_factory.mktemp("base"), wheel)
    assert made("init", "infra").returncode == 0
    return made


def test_the_wheel_is_complete(wheel: Path) -> None:
    """Every file of the package is in it, and nothing else."""
    source = ROOT / "src"
    wanted = {
        str(file.relative_to(source))
        for file in (source / "watchkeeper").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if not name.startswith("watchkeeper-")}
    assert held == wanted


def test_the_base_is_small(base: Installed) -> None:
    size = sum(file.stat().st_size for file in base.site.rglob("*") if file.is_file() and file.suffix != ".pyc")
    assert size < BASE_LIMIT, f"{size / 2**20:.0f} MB"


@pytest.mark.parametrize("words", WITH_THE_BASE, ids=" ".join)
def test_a_command_of_the_base_gives_its_result(base: Installed, words: tuple[str, ...]) -> None:
    ran = base(*(words if words[0] != "init" else ("init", "another")))
    assert ran.returncode in (0, 1), ran.stderr
    assert ran.stdout
    assert "Traceback" not in ran.stderr
    assert "internal error" not in ran.stderr


@pytest.mark.parametrize("words", NEED_AN_EXTRA, ids=" ".join)
def test_a_command_that_needs_an_extra_names_it(base: Installed, words: tuple[str, ...]) -> None:
    ran = base(*words)
    assert ran.returncode == 3, ran.stderr
    assert f"pip install 'watchkeeper[{NEED_AN_EXTRA[words]}]'" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("words", ONE_SENTENCE, ids=" ".join)
def test_a_command_that_cannot_run_says_why(base: Installed, words: tuple[str, ...]) -> None:
    ran = base(*words)
    assert ran.returncode in (0, 2, 3), ran.stderr
    assert "Traceback" not in ran.stderr
    assert "internal error" not in ran.stderr


def test_with_local_everything_runs(wheel: Path, tmp_path: Path) -> None:
    everything = Installed(tmp_path, wheel, "[local]")
    shown = everything("demo", "--json")
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout)["remediations"]


def test_with_pulumi_a_program_is_looked_at(wheel: Path, tmp_path: Path) -> None:
    some = Installed(tmp_path, wheel, "[pulumi]")
    assert some("init", "infra").returncode == 0
    looked = some("preflight", "infra")
    assert looked.returncode == 0, looked.stdout + looked.stderr
    assert some("local", "start").returncode == 3
