"""The GitHub Action's own steps, run as GitHub runs them: by bash, with the inputs in the environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.places import ROOT

WRONG = "Resources: {Rule: {Type: 'AWS::Config::ConfigRule', Properties: {Source: {Owner: AWS, SourceIdentifier: X}}}}"
RIGHT = "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}"
ONLY = "--select managed-rule-exists"


@pytest.fixture
def runner(tmp_path: Path) -> Path:
    """A runner's temporary folder, in which the step before installed Watchkeeper."""
    installed = tmp_path / "runner" / "watchkeeper"
    installed.mkdir(parents=True)
    (installed / "bin").symlink_to(Path(sys.executable).parent)
    (tmp_path / "right.yaml").write_text(RIGHT)
    (tmp_path / "wrong.yaml").write_text(WRONG)
    return tmp_path


def step(name: str) -> dict[str, Any]:
    steps = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["runs"]["steps"]
    (found,) = (item for item in steps if item.get("name") == name)
    return dict(found)


def run(runner: Path, name: str, **inputs: str) -> tuple[int, str, dict[str, str]]:
    """The step's exit code, what it prints, and its outputs. GitHub's ``shell: bash`` stops at the first failure."""
    outputs, script = runner / "outputs", runner / "script.sh"
    outputs.write_text("")
    script.write_text(step(name)["run"])
    environment = {
        **os.environ,
        "RUNNER_TEMP": str(runner / "runner"),
        "GITHUB_OUTPUT": str(outputs),
        "GITHUB_STEP_SUMMARY": str(runner / "summary.md"),
        **dict.fromkeys(step(name)["env"], ""),
        **inputs,
    }
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
    done = subprocess.run(command, cwd=runner, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr, dict(line.split("=", 1) for line in outputs.read_text().split())


def test_findings_are_reported_and_fail_the_job_in_the_last_step(runner: Path) -> None:
    code, printed, outputs = run(runner, "Preflight", TARGET="wrong.yaml", ARGUMENTS=ONLY, UPLOAD="true")
    assert (code, outputs["code"], printed) == (0, "1", "")
    (result,) = json.loads(Path(outputs["sarif"]).read_text())["runs"][0]["results"]
    assert result["ruleId"] == "managed-rule-exists"
    assert "managed-rule-exists" in (runner / "summary.md").read_text()
    assert run(runner, "Result", CODE=outputs["code"])[0] == 1


def test_without_code_scanning_findings_are_annotations(runner: Path) -> None:
    code, printed, _ = run(runner, "Preflight", TARGET="wrong.yaml", ARGUMENTS=ONLY, UPLOAD="false")
    assert code == 0
    assert "::error file=wrong.yaml,line=1,title=managed-rule-exists" in printed


def test_a_correct_template_passes(runner: Path) -> None:
    code, _, outputs = run(runner, "Preflight", TARGET="right.yaml", STACK="dev", ARGUMENTS=ONLY, UPLOAD="true")
    assert (code, outputs["code"]) == (0, "0")
    assert run(runner, "Result", CODE="0")[0] == 0


def test_a_target_that_is_not_there_stops_the_job_at_once(runner: Path) -> None:
    code, printed, _ = run(runner, "Preflight", TARGET="none.yaml", UPLOAD="true")
    assert code == 2
    assert "none.yaml is not there" in printed
