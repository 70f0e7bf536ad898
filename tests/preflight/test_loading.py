"""What is not needed is not loaded: to judge a template or explain a check takes little more than to start Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.preflight import run
from watchkeeper.preflight.inputs import read_document, wording
from watchkeeper.preflight.meaning.identity import stand_ins
from watchkeeper.pulumi.graph import Resource

HEAVY = ("botocore.loaders", "grpc", "pulumi", "pulumi_aws", "pydantic", "watchkeeper.pulumi.engine.preview")


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


def test_many_findings_about_made_up_names_take_linear_time(monkeypatch: pytest.MonkeyPatch) -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": []}}}
    publish = "import boto3\ndef handler(event, context):\n    boto3.client('sns').publish(TopicArn='x', Message='y')\n"
    function = {"Runtime": "python3.12", "Handler": "index.handler", "Code": {"ZipFile": publish}}
    resources: dict[str, Any] = {}
    for number in range(10):
        properties = function | {"Role": {"Fn::GetAtt": [f"Role{number}", "Arn"]}}
        resources |= {f"Role{number}": role, f"F{number}": {"Type": "AWS::Lambda::Function", "Properties": properties}}
    asked: list[str] = []

    def counted(resource: Resource) -> tuple[str, str]:
        asked.append(resource.urn)
        return stand_ins(resource)

    monkeypatch.setattr(wording, "stand_ins", counted)
    graph = read_document({"Resources": resources}, "many.json").graph
    report = run(graph)
    assert len([item for item in report.findings if "<F" in item.message]) >= 10
    assert sorted(asked) == sorted(graph.resources)
