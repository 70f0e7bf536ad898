"""TypeScript programs: a correct one is silent, each known mistake in another is caught, one that stops is explained.

Needs Node.js and an installed ``@pulumi/pulumi`` (``make node``, or ``WATCHKEEPER_NODE_MODULES``). Where
``@pulumi/aws`` is installed beside it, it is used; elsewhere ``aws-stand-in.ts`` registers the same resources.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.places import TYPESCRIPT as INSTALLED
from watchkeeper.preflight import Report, inspect

PROGRAM = Path(__file__).parent / "fixtures" / "typescript"
Place = Callable[[str], Path]

WRONG = {
    "aggregator-regions": "twice",
    "aggregator-source": "empty",
    "bucket-lifecycle": "reports",
    "bucket-public-access-block": "reports",
    "bucket-secure-transport": "reports",
    "bucket-versioning": "reports",
    "channel-needs-recorder": "channel",
    "channel-topic-encryption": "channel",
    "component-parent": "orphan",
    "config-bucket-policy": "reports",
    "config-kms-access": "key",
    "dashboard-body": "no-json",
    "dashboard-metrics": "no-data",
    "environment-suffix": "reports",
    "function-environment": "processor",
    "function-log-retention": "processor",
    "function-permissions": "processor",
    "function-runtime": "processor",
    "hardcoded-region": "no-data",
    "key-rotation": "key",
    "key-service-principals": "key",
    "least-privilege": "function-rights",
    "managed-policy-exists": "config-policy",
    "managed-rule-exists": "backup",
    "managed-rule-frequency": "type",
    "managed-rule-parameters": "type",
    "recorder-needs-channel": "status",
    "recorder-recording-group": "recorder",
    "recorder-role": "config-role",
    "remediation-parameters": "remediation",
    "required-tags": "alerts",
    "rule-needs-recorder": "encryption",
    "schedule-expression": "seconds",
    "snapshot-frequency": "channel",
    "target-after-permission": "early",
    "target-permission": "silent",
    "topic-service-principals": "alerts",
}
"""Check by check, a resource of ``wrong.ts`` on which it has to speak."""


def modules() -> Path | None:
    """The folder that has ``node_modules/@pulumi/pulumi``."""
    named = os.environ.get("WATCHKEEPER_NODE_MODULES")
    folders = [Path(named)] if named else [INSTALLED, *INSTALLED.parents]
    return next((folder for folder in folders if (folder / "node_modules" / "@pulumi" / "pulumi").exists()), None)


pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or modules() is None,
    reason="Node.js or node_modules/@pulumi/pulumi is not installed: run `make node`",
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Puts the program into a folder of its own, with this file as what runs."""

    def make(main: str) -> Path:
        found = modules()
        assert found is not None
        folder = tmp_path / "program"
        shutil.copytree(PROGRAM, folder)
        (folder / "node_modules").symlink_to(found / "node_modules")
        if not (found / "node_modules" / "@pulumi" / "aws").exists():
            for file in folder.glob("*.ts"):
                file.write_text(file.read_text().replace('from "@pulumi/aws"', 'from "./aws-stand-in"'))
        project = folder / "Pulumi.yaml"
        project.write_text(project.read_text().replace("main: index.ts", f"main: {main}"))
        return folder

    return make


def said(report: Report) -> list[str]:
    return [f"{finding.check} {finding.resource} {finding.message}" for finding in report.findings]


def test_the_correct_program_is_silent(place: Place) -> None:
    report = inspect(place("index.ts"))
    assert said(report) == []
    assert report.not_checked == ()
    assert report.errors == ()
    assert report.resources > 25


def test_each_known_mistake_is_caught(place: Place) -> None:
    report = inspect(place("wrong.ts"), stack="wrong")
    found = {(finding.check, finding.resource) for finding in report.findings}
    assert set(WRONG.items()) - found == set()
    assert {check for check, _ in found} - set(WRONG) == {"destroyable"}, said(report)
    assert report.errors == ()
    places = {finding.position.file for finding in report.findings if finding.position}
    assert {Path(file).name for file in places} == {"wrong.ts"}


@pytest.mark.parametrize(
    ("statement", "fix"),
    [
        ('new (aws.cfg as any).ConfigurationRecorder("again", {});', "aws.cfg.Recorder"),
        ('new (aws.s3 as any).BucketVersionin("again", {});', "aws.s3.BucketVersioning"),
        ("(undefined as any).arn;", ""),
    ],
)
def test_a_program_that_stops_is_explained(place: Place, statement: str, fix: str) -> None:
    folder = place("index.ts")
    program = folder / "index.ts"
    lines = [*program.read_text().splitlines(), 'new aws.sns.Topic("unnamed", { name: "unnamed" });', statement]
    program.write_text("\n".join(lines) + "\n")
    report = inspect(folder)
    stopped = [finding for finding in report.findings if finding.check == "program-error"]
    assert len(stopped) == 1, said(report)
    position = stopped[0].position
    assert position is not None and (Path(position.file).name, position.line) == ("index.ts", len(lines))
    if (folder / "node_modules" / "@pulumi" / "aws").exists():
        assert fix in stopped[0].fix
    assert ("environment-suffix", "unnamed") in {(item.check, item.resource) for item in report.findings}


def test_missing_configuration_values_do_not_stop_a_program(place: Place) -> None:
    folder = place("index.ts")
    program = folder / "index.ts"
    asked = 'const asked = new pulumi.Config("asked");'
    first = len(program.read_text().splitlines()) + 2
    lines = [
        asked,
        'const named = asked.require("name");',
        'asked.requireSecret("password"); asked.requireNumber("size"); asked.requireObject("more");',
        'new aws.sns.Topic("made-up", { name: named });',
        'new aws.sns.Topic("after", { name: "after" });',
    ]
    program.write_text("\n".join([*program.read_text().splitlines(), *lines]) + "\n")
    report = inspect(folder)
    missing = {
        finding.data["key"]: finding.position.line
        for finding in report.findings
        if finding.check == "program-error" and finding.position
    }
    expected = {"name": first, "password": first + 1, "size": first + 1, "more": first + 1}
    assert missing == {f"asked:{key}": line for key, line in expected.items()}, said(report)
    named = {item.resource for item in report.findings if item.check == "environment-suffix"}
    assert named == {"after"}
