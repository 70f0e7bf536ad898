"""Formats, suppressions, the registry and the pages: each says the same, none of it is lost."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from watchkeeper.graph import Graph, Resource
from watchkeeper.model import SourcePosition
from watchkeeper.preflight import CheckError, Options, Report, Suppression, checks, run
from watchkeeper.preflight.check import SEVERITIES
from watchkeeper.preflight.explain_error import RESOURCE_OPTIONS, options_of_sdk
from watchkeeper.preflight.formats import render, sarif, to_json
from watchkeeper.preflight.reference import pages
from watchkeeper.preflight.suppress import (
    SuppressionError,
    from_mapping,
    parse_comment,
    read_baseline,
    write_baseline,
)

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


def test_sarif_names_every_check_and_the_finding(report: Report) -> None:
    log = sarif.document(report)["runs"][0]
    assert {rule["id"] for rule in log["tool"]["driver"]["rules"]} == set(checks())
    assert "schedule-expression" in {result["ruleId"] for result in log["results"]}
    assert log["invocations"][0]["executionSuccessful"] is False


def test_junit_is_xml(report: Report) -> None:
    suite = ET.fromstring(render(report, "junit").encode())
    failed = [case.get("name") for case in suite if case.find("failure") is not None]
    assert "schedule-expression" in failed


def test_nothing_of_a_hostile_text_reaches_a_terminal_or_an_annotation(report: Report) -> None:
    assert "\x1b" not in render(report, "terminal")
    lines = render(report, "github").splitlines()
    assert not any(line.startswith("::error::") for line in lines)
    assert "<script>" not in render(report, "markdown")


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


def test_a_comment_suppresses_until_its_day(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(
        "x = 1\n# watchkeeper: ignore[schedule-expression] being replaced until 2027-01-01\nrule = 1\n"
    )
    graph = wrong("rule", SourcePosition("main.py", 3))
    before = run(graph, Options(root=str(tmp_path), today=date(2026, 12, 31), select=("schedule-expression",)))
    after = run(graph, Options(root=str(tmp_path), today=date(2027, 1, 2), select=("schedule-expression",)))
    assert (before.findings, len(before.suppressed)) == ((), 1)
    assert {item.check for item in after.findings} == {"schedule-expression", "suppression-expired"}


def test_a_suppression_without_a_reason_is_refused() -> None:
    with pytest.raises(SuppressionError, match="needs a reason"):
        parse_comment("# watchkeeper: ignore[key-rotation]")
    with pytest.raises(SuppressionError, match="reason"):
        from_mapping({"check": "key-rotation"})
    with pytest.raises(SuppressionError, match="not a date"):
        from_mapping({"check": "key-rotation", "reason": "x", "until": "soon"})


def test_settings_suppress_one_resource() -> None:
    item = from_mapping({"check": "schedule-expression", "reason": "x", "resource": "a"})
    assert isinstance(item, Suppression)
    assert run(wrong("a"), Options(suppressions=(item,), select=("schedule-expression",))).findings == ()
    assert run(wrong("b"), Options(suppressions=(item,), select=("schedule-expression",))).findings


def test_a_baseline_hides_what_was_there_before(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    write_baseline(run(wrong("a")).findings, file)
    assert run(wrong("a"), Options(baseline=read_baseline(file))).findings == ()
    file.write_text("{}")
    with pytest.raises(SuppressionError, match="not a baseline"):
        read_baseline(file)


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
    made = pages()
    assert set(made) == {"README.md", *(f"{check}.md" for check in checks())}
    assert all(check.source in made[f"{check.id}.md"] for check in checks().values())
