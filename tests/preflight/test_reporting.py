"""Formats, suppressions, the registry and the pages: each says the same, none of it is lost."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from watchkeeper.model import Finding, SourcePosition
from watchkeeper.preflight import CheckError, NotChecked, Options, Report, checks, inspect, run
from watchkeeper.preflight.check import SEVERITIES
from watchkeeper.preflight.code.explain_error import RESOURCE_OPTIONS, options_of_sdk
from watchkeeper.preflight.formats import FORMATS, render, sarif, terminal, to_json
from watchkeeper.preflight.inputs.wording import in_javascript
from watchkeeper.preflight.run import places
from watchkeeper.preflight.run.reference import pages
from watchkeeper.pulumi.graph import Graph, Resource

HOSTILE = "rule\x1b[31m|<script>%0A::error::\n`x`"


def wrong(name: str = HOSTILE, position: SourcePosition | None = None) -> Graph:
    rule = Resource(
        "urn:r",
        "aws:cloudwatch/eventRule:EventRule",
        name,
        {"scheduleExpression": f"every 6 hours {HOSTILE}"},
        position=position,
    )
    return Graph({"urn:r": rule}, stack="dev", region="eu-west-1")


@pytest.fixture(scope="module")
def report() -> Report:
    made = run(wrong())
    return Report(**{**{key: getattr(made, key) for key in made.__slots__}, "errors": (CheckError("x", "boom"),)})


def test_json_follows_its_schema(report: Report) -> None:
    document = json.loads(render(report, "json"))
    jsonschema.validate(document, to_json.schema())
    assert document["summary"]["error"] == 1
    assert {"check", "severity", "resource", "type", "message", "fix"} <= set(document["findings"][0])


def test_sarif_has_what_code_scanning_asks_for(report: Report) -> None:
    """https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support"""
    place = SourcePosition("templates/a b.yaml", 1)
    log = sarif.document(replace(report, place=place))["runs"][0]
    rules = [rule["id"] for rule in log["tool"]["driver"]["rules"]]
    assert rules == list(checks())
    assert {"schedule-expression"} <= {result["ruleId"] for result in log["results"]}
    assert log["invocations"][0]["executionSuccessful"] is False
    for result in log["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["partialFingerprints"]["primaryLocationLineHash"]
        where = result["locations"][0]["physicalLocation"]
        assert where["artifactLocation"] == {"uri": "templates/a%20b.yaml", "uriBaseId": "%SRCROOT%"}
        assert where["region"]["startLine"] >= 1


def test_sarif_says_why_a_finding_is_accepted(tmp_path: Path) -> None:
    wrong_template(tmp_path, "# watchkeeper: ignore[managed-rule-exists] being replaced")
    report = inspect(tmp_path / "template.yaml", {"select": ("managed-rule-exists",)})
    (result,) = sarif.document(report)["runs"][0]["results"]
    assert result["suppressions"] == [{"kind": "inSource", "justification": "being replaced"}]


def test_a_text_is_no_link_in_sarif() -> None:
    graph = wrong("rule")
    resource = replace(graph.resources["urn:r"], inputs={"scheduleExpression": "[here](https://example.com)"})
    report = run(replace(graph, resources={"urn:r": resource}), Options(select=("schedule-expression",)))
    (result,) = sarif.document(report)["runs"][0]["results"]
    assert "](" not in result["message"]["text"]


def test_junit_counts_what_ci_systems_show() -> None:
    made = Report(
        findings=(
            Finding("a", "error", "r", "t", "is wrong", position=SourcePosition("x.py", 3)),
            Finding("a", "warning", "s", "t", "is wrong too"),
            Finding("b", "unsure", "r", "t", "may be wrong"),
        ),
        not_checked=(NotChecked("c", "r", "known later"),),
        errors=(CheckError("d", "boom"),),
        checks_run=("a", "b", "c", "d", "e"),
        resources=2,
    )
    suite = ET.fromstring(render(made, "junit").encode())[0]
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "6",
        "failures": "2",
        "errors": "1",
        "skipped": "2",
    }
    passed = [case.get("classname") for case in suite if len(case) == 0]
    assert passed == ["e"]
    assert (suite[0].get("file"), suite[0].get("line")) == ("x.py", "3")


def test_junit_of_a_target_that_could_not_be_read_has_an_error() -> None:
    suite = ET.fromstring(render(Report(unread=("nothing fits",)), "junit").encode())[0]
    assert suite.get("errors") == "1"


def test_nothing_of_a_hostile_text_reaches_a_terminal_or_an_annotation(report: Report) -> None:
    assert "\x1b" not in render(report, "terminal")
    lines = render(report, "github").splitlines()
    assert not any(line.startswith("::error::") for line in lines)
    assert "<script>" not in render(report, "markdown")


def test_hostile_text_is_one_line_of_a_table_and_mentions_nobody() -> None:
    text = render(run(wrong("a|b\n@everyone <img src=x> `c` [d](e)")), "markdown")
    rows = [line for line in text.splitlines() if "schedule" in line]
    assert len(rows) == 1
    assert "@everyone" not in text
    assert not re.search(r"(?<!\\)<img", text)


@pytest.mark.parametrize("name", FORMATS)
def test_half_a_surrogate_pair_is_shown_somehow(name: str) -> None:
    """JSON may hold one; UTF-8, and so a terminal or a file, can't."""
    report = run(wrong("rule\ud800", SourcePosition("a\ud800.py", 3)))
    text = render(places.located(report, Path("/nowhere")), name)
    assert "rule" in text.encode(errors="backslashreplace").decode()


def wrong_template(folder: Path, comment: str = "#") -> None:
    (folder / "template.yaml").write_text(
        f"Resources:\n  {comment}\n  Rule:\n    Type: AWS::Config::ConfigRule\n"
        "    Properties:\n      Source: {Owner: AWS, SourceIdentifier: DB_BACKUP_RETENTION_PERIOD}\n"
    )


@pytest.mark.parametrize("spelling", ["relative", "absolute", "from elsewhere"])
def test_paths_start_at_the_top_of_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    folder = tmp_path / "repository" / "deep" / "down"
    folder.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "repository")], check=True)
    wrong_template(folder)
    target = folder / "template.yaml"
    monkeypatch.chdir(tmp_path / "elsewhere" if spelling == "from elsewhere" else folder)
    if spelling != "absolute":
        target = Path(os.path.relpath(target))
    report = inspect(target, {"select": ("managed-rule-exists",)})
    shown = places.located(report, places.highest(Path(report.root)))
    assert "::error file=deep/down/template.yaml,line=3," in render(shown, "github")
    assert json.loads(render(shown, "json"))["findings"][0]["position"]["file"] == "deep/down/template.yaml"


def test_without_a_repository_paths_start_at_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path)
    assert places.relative("a.yaml", "deep", places.highest(Path("deep"))) == "deep/a.yaml"
    assert places.relative("/etc/a.yaml", "deep", places.highest(Path("deep"))) == "/etc/a.yaml"


def test_a_terminal_of_80_columns_is_not_overrun() -> None:
    shown = [line.text for line in terminal.lines(run(wrong("nightly")), 80)]
    assert max(map(len, shown)) <= 80


def test_a_finding_in_the_terminal_says_where_what_and_how() -> None:
    text = render(run(wrong("nightly", SourcePosition("__main__.py", 7))), "terminal")
    assert "aws:cloudwatch/eventRule:EventRule  nightly  __main__.py:7" in text
    assert "error    schedule-expression:" in text
    assert "rate(6 hours)" in text


def test_exit_codes() -> None:
    clean = Graph({}, stack="dev", region="eu-west-1")
    assert run(clean).exit_code == 0
    assert run(wrong()).exit_code == 1
    assert Report(errors=(CheckError("x", "y"),)).exit_code == 3
    assert Report(unread=("all",)).exit_code == 3


def test_select_and_ignore_take_ids_and_tags() -> None:
    assert run(wrong(), Options(select=("s3",))).findings == ()
    assert run(wrong(), Options(ignore=("eventbridge", "tags"))).findings == ()
    assert len(run(wrong(), Options(select=("schedule-expression",))).checks_run) == 1


@pytest.mark.parametrize("check", checks().values(), ids=lambda check: check.id)
def test_every_check_says_what_why_and_where_from(check: object) -> None:
    assert check.id == check.look.__module__.rpartition(".")[2].replace("_", "-")  # type: ignore[attr-defined]
    assert check.severity in SEVERITIES  # type: ignore[attr-defined]
    for text in ("title", "explanation", "aws_does", "fix"):
        assert len(getattr(check, text)) > 10
    assert check.source.startswith("https://")  # type: ignore[attr-defined]
    assert check.tags  # type: ignore[attr-defined]


def test_every_mistake_of_the_list_has_a_check() -> None:
    listed = [
        "aggregator-regions",
        "aggregator-source",
        "managed-policy-exists",
        "managed-rule-exists",
        "managed-rule-parameters",
        "managed-rule-frequency",
        "managed-rule-region",
        "rule-needs-recorder",
        "bucket-public-access-block",
        "config-bucket-policy",
        "config-kms-access",
        "argument-shape",
        "bucket-encryption",
        "bucket-versioning",
        "bucket-secure-transport",
        "bucket-lifecycle",
        "hardcoded-region",
        "environment-suffix",
        "required-tags",
        "key-rotation",
        "key-service-principals",
        "topic-service-principals",
        "channel-topic-encryption",
        "topic-delivery-policy",
        "subscription-delivery-policy",
        "channel-needs-recorder",
        "channel-needs-bucket-policy",
        "recorder-never-started",
        "recorder-needs-channel",
        "one-recorder-per-region",
        "recorder-recording-group",
        "snapshot-frequency",
        "recorder-role",
        "function-environment",
        "function-dependencies",
        "function-permissions",
        "role-per-function",
        "least-privilege",
        "function-runtime",
        "function-log-retention",
        "schedule-expression",
        "target-permission",
        "target-after-permission",
        "event-pattern",
        "alarm-metrics",
        "program-error",
        "dashboard-body",
        "dashboard-metrics",
        "remediation-parameters",
        "unresolved-output",
        "component-parent",
        "component-outputs",
        "destroyable",
    ]
    assert set(listed) - set(checks()) == set()


def test_the_table_of_resource_options_is_complete() -> None:
    assert options_of_sdk() - RESOURCE_OPTIONS - {"id", "urn"} == set()


def test_every_check_has_a_page() -> None:
    made = pages({"key-rotation": "-wrong\n+right\n"})
    assert "```diff\n-wrong\n+right\n```" in made["key-rotation.md"]
    assert set(made) == {"README.md", *(f"{check}.md" for check in checks())}
    assert all(check.source in made[f"{check.id}.md"] for check in checks().values())


@pytest.mark.parametrize(
    ("python", "javascript"),
    [
        ("Give enable_key_rotation=True.", "Give enableKeyRotation: true."),
        ("Give ResourceOptions(parent=self).", "Give the options { parent: this }."),
        ("Add depends_on=[<my_bucket-dev>] to it.", "Add dependsOn: [<my_bucket-dev>] to it."),
        (
            'Give sse_algorithm="aws:kms_x" with a kms_master_key_id.',
            'Give sseAlgorithm: "aws:kms_x" with a kmsMasterKeyId.',
        ),
        ("Write json.dumps(…).", "Write JSON.stringify(…)."),
        ("Did you mean DESIRED_INSTANCE_TYPE?", "Did you mean DESIRED_INSTANCE_TYPE?"),
        ("Use python3.14, or cron(0 8 * * ? *).", "Use python3.14, or cron(0 8 * * ? *)."),
    ],
)
def test_a_fix_is_written_in_the_programs_language(python: str, javascript: str) -> None:
    assert in_javascript(python) == javascript
