"""The functions' deployment package: complete, small, and importable where only boto3 is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pulumi
import pytest

from watchkeeper.monitoring.functions import manifest
from watchkeeper.monitoring.functions.bundle import bundle_files
from watchkeeper.monitoring.stack import package

UNZIPPED_LIMIT = 250 * 1024 * 1024
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
RUNTIME_PACKAGES = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six.py", "urllib3")
"""What the Lambda runtime's boto3 consists of."""

IMPORT_ALL = """
import importlib, sys
sys.path[:0] = sys.argv[1:3]
for handler in sys.argv[3:]:
    module, name = handler.rsplit(".", 1)
    assert callable(getattr(importlib.import_module(module), name)), handler
ours = sorted({module.split(".")[0] for module in sys.modules} - set(sys.stdlib_module_names))
print(" ".join(ours))
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Lambda would find in its task root."""
    root = tmp_path_factory.mktemp("task")
    for name, asset in package.archive({"rules.json": "{}"}).assets.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(asset, pulumi.StringAsset):
            path.write_text(asset.text)
            continue
        assert isinstance(asset, pulumi.FileAsset)
        path.write_bytes(Path(asset.path).read_bytes())
    return root


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """boto3 as the Lambda runtime has it, and nothing else of what is installed here."""
    import boto3

    site = Path(boto3.__file__).parents[1]
    root = tmp_path_factory.mktemp("runtime")
    for name in RUNTIME_PACKAGES:
        (root / name).symlink_to(site / name)
    return root


def test_every_handler_imports_where_only_boto3_is_installed(unpacked: Path, runtime: Path, tmp_path: Path) -> None:
    handlers = [spec.handler for spec in manifest.FUNCTIONS]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", IMPORT_ALL, str(unpacked), str(runtime), *handlers],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "watchkeeper" in done.stdout.split()
    assert not {"pulumi", "pydantic", "orjson", "watchkeeper.monitoring.stack"} & set(done.stdout.split())


def test_it_carries_no_compiled_code_and_stays_small(unpacked: Path) -> None:
    files = [path for path in unpacked.rglob("*") if path.is_file()]
    assert not [path for path in files if path.suffix in {".so", ".pyd", ".pyc", ".pyi"}]
    assert sum(path.stat().st_size for path in files) < UNZIPPED_LIMIT / 50


def test_it_carries_no_room_that_is_not_deployed() -> None:
    rooms = {name.split("/")[1].removesuffix(".py") for name in bundle_files() if name.startswith("watchkeeper/")}
    assert rooms <= {"__init__", "model", "monitoring", "reports"}
    parts = {name.split("/")[2].removesuffix(".py") for name in bundle_files() if "/monitoring/" in name}
    assert parts == {"__init__", "functions"}


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ("import watchkeeper.monitoring.stack", "watchkeeper.monitoring.stack"),
        ("from watchkeeper import rules", "watchkeeper.rules"),
        ("from watchkeeper.monitoring.settings import Settings", "watchkeeper.monitoring.settings"),
        ("from ..settings import Settings", "watchkeeper.monitoring.settings"),
        ("from ...aws.arn import partition_of", "watchkeeper.aws.arn"),
        ("def later():\n    import pydantic", "pydantic"),
        ("import orjson as json", "orjson"),
    ],
)
def test_an_import_that_could_not_be_followed_is_named(tmp_path: Path, source: str, missing: str) -> None:
    own = tmp_path / "bad.py"
    own.write_text(source)
    files = {**bundle_files(), "watchkeeper/monitoring/functions/bad.py": own}
    assert package.missing_imports(files) == [
        f"watchkeeper/monitoring/functions/bad.py imports {missing}, which is not in the package"
    ]


@pytest.mark.parametrize(
    "source",
    [
        "from __future__ import annotations\nimport json, boto3\nfrom botocore.exceptions import ClientError",
        "from watchkeeper.model import Severity\nfrom watchkeeper import model, __version__",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pydantic",
        "from .manifest import FUNCTIONS\nfrom . import manifest\nfrom ...reports import results",
        "import jinja2\nimport markupsafe",
    ],
)
def test_what_the_package_carries_may_be_imported(tmp_path: Path, source: str) -> None:
    own = tmp_path / "good.py"
    own.write_text(source)
    assert package.missing_imports({**bundle_files(), "watchkeeper/monitoring/functions/good.py": own}) == []


def test_a_package_that_would_not_work_is_not_deployed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = tmp_path / "bad.py"
    own.write_text("import pulumi")
    monkeypatch.setattr(
        package, "bundle_files", lambda: {**bundle_files(), "watchkeeper/monitoring/functions/bad.py": own}
    )
    with pytest.raises(package.PackageError, match=r"bad\.py imports pulumi"):
        package.archive()
