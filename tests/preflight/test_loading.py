"""What is not needed is not loaded: to judge a template or explain a check takes little more than to start Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("botocore.loaders", "grpc", "pulumi", "pulumi_aws", "pydantic", "watchkeeper.engine.preview")


@pytest.mark.parametrize(
    "statement",
    [
        "from watchkeeper.preflight import checks; checks()",
        "from watchkeeper.preflight import inspect; assert inspect(sys.argv[1]).resources",
    ],
)
def test_nothing_heavy_is_loaded_for_a_template(statement: str, tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text("Resources:\n  Logs:\n    Type: AWS::S3::Bucket\n")
    code = f"import sys\n{statement}\nprint(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code, str(template)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
