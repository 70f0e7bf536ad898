"""Accepted findings: beside the resource, in settings, in a baseline; what is wrong with one is a finding itself."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.model import Finding, SourcePosition
from watchkeeper.preflight import Options, Report, Suppression, inspect, run
from watchkeeper.preflight.run.suppress import (
    BaselineError,
    read_baseline,
    speaks_of,
    write_baseline,
)
from watchkeeper.preflight.suppressions import entry, parse_comment
from watchkeeper.pulumi.graph import Graph, Resource

HERE = SourcePosition("main.py", 1)
ONLY = ("schedule-expression", "suppressions")


def schedule(name: str, position: SourcePosition | None = None) -> Graph:
    """A rule with a schedule that is none."""
    rule = Resource(
        f"urn:{name}",
        "aws:cloudwatch/eventRule:EventRule",
        name,
        {"scheduleExpression": "every 6 hours"},
        position=position,
    )
    return Graph({rule.urn: rule}, stack="dev", region="eu-west-1")


def beside(tmp_path: Path, comment: str, today: date = date(2026, 12, 31)) -> Report:
    """The report on a program with a comment above its only resource."""
    (tmp_path / "main.py").write_text(f"x = 1\n{comment}\nrule = 1\n")
    options = Options(root=str(tmp_path), today=today, select=ONLY)
    return run(schedule("rule", SourcePosition("main.py", 3)), options)


def checks_of(report: Report) -> set[str]:
    return {item.check for item in report.findings}


def test_a_comment_suppresses_until_its_day(tmp_path: Path) -> None:
    comment = "# watchkeeper: ignore[schedule-expression] being replaced until 2027-01-01"
    on_the_day = beside(tmp_path, comment, date(2027, 1, 1))
    after = beside(tmp_path, comment, date(2027, 1, 2))
    assert (on_the_day.findings, len(on_the_day.suppressed)) == ((), 1)
    assert on_the_day.suppressed[0].data["accepted_because"] == "being replaced"
    assert checks_of(after) == {"schedule-expression", "suppression-expired"}


@pytest.mark.parametrize(
    ("comment", "says"),
    [
        ("# watchkeeper: ignore[schedule-expression]", "no reason"),
        ("# watchkeeper: ignore[schedule-expression] until 2027-01-01", "no reason"),
        ("// watchkeeper: ignore[schedule-expressions] a slip", "did you mean schedule-expression?"),
        ("# watchkeeper: ignore[schedule-expression] x until 2027-13-01", "not a date"),
        ("# watchkeeper: ignore[] everything", "no check is named"),
        ("# watchkeeper: ignore[*] everything", "no check is named"),
    ],
)
def test_a_comment_that_is_wrong_is_a_finding_and_accepts_nothing(tmp_path: Path, comment: str, says: str) -> None:
    report = beside(tmp_path, comment)
    assert checks_of(report) == {"schedule-expression", "suppression-invalid"}
    (wrong,) = (item for item in report.findings if item.check == "suppression-invalid")
    assert says in wrong.message
    assert wrong.position == SourcePosition("main.py", 2)


def test_a_comment_that_accepts_nothing_is_said(tmp_path: Path) -> None:
    comment = "# watchkeeper: ignore[event-pattern, schedule-expression] being replaced"
    (tmp_path / "main.py").write_text(f"{comment}\nrule = 1\n")
    graph = schedule("rule", SourcePosition("main.py", 2))
    assert [item.check for item in run(graph, Options(root=str(tmp_path))).unused] == ["event-pattern"]
    only = Options(root=str(tmp_path), select=("schedule-expression",))
    assert run(graph, only).unused == (), "a check that did not run can't say so"


def test_a_suppression_can_not_silence_what_is_wrong_with_suppressions(tmp_path: Path) -> None:
    report = beside(tmp_path, "# watchkeeper: ignore[schedule-expression, suppression-invalid]")
    assert "suppression-invalid" in checks_of(report)


@pytest.mark.parametrize(
    ("resource", "accepted"),
    [("a", True), ("*", True), ("a*", True), ("urn:a", True), ("b", False), ("urn:b*", False)],
)
def test_a_setting_names_its_resources(resource: str, accepted: bool) -> None:
    item = entry("schedule-expression", "x", resource)
    report = run(schedule("a"), Options(suppressions=(item,), select=("schedule-expression",)))
    assert (report.findings == ()) is accepted


def test_brackets_in_a_name_are_the_name() -> None:
    item = entry("schedule-expression", "x", 'module.a["b"].r')
    finding = Finding("schedule-expression", "error", "r", "t", "m", data={"urn": 'module.a["b"].r'})
    assert speaks_of(item, finding)


def test_pulumis_spelling_of_a_date_is_read() -> None:
    assert entry("key-rotation", "x", until="2027-01-01T00:00:00Z").until == date(2027, 1, 1)


@given(st.text(max_size=200))
def test_no_comment_crashes(text: str) -> None:
    for line in (text, f"# watchkeeper: ignore[{text}] {text}", f"// watchkeeper: ignore[key-rotation] x until {text}"):
        assert all(isinstance(item, Suppression) for item in parse_comment(line, HERE))


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_a_template_accepts_in_its_metadata(tmp_path: Path, suffix: str) -> None:
    accepted = [
        {"check": "managed-rule-exists", "reason": "ours", "until": "2099-01-01"},
        {"check": "key-rotation"},
        "nonsense",
    ]
    rule = {
        "Type": "AWS::Config::ConfigRule",
        "Metadata": {"watchkeeper": {"suppressions": accepted}},
        "Properties": {"Source": {"Owner": "AWS", "SourceIdentifier": "DB_BACKUP_RETENTION_PERIOD"}},
    }
    target = tmp_path / f"template.{suffix}"
    target.write_text(json.dumps({"Resources": {"Rule": rule}}, indent=None if suffix == "yaml" else 2))
    report = inspect(target, {"select": ("managed-rule-exists", "suppressions")})
    assert [item.check for item in report.suppressed] == ["managed-rule-exists"]
    assert [item.check for item in report.findings] == ["suppression-invalid"] * 2
    assert all(item.resource == "Rule" and item.position is not None for item in report.findings)


def test_a_comment_beside_a_resource_that_is_there_under_a_condition_counts(tmp_path: Path) -> None:
    target = tmp_path / "template.yaml"
    target.write_text(
        "Parameters: {Old: {Type: String}}\n"
        "Conditions: {IsOld: !Equals [!Ref Old, 'yes']}\n"
        "Resources:\n"
        "  # watchkeeper: ignore[managed-rule-exists] being replaced\n"
        "  Rule:\n"
        "    Type: AWS::Config::ConfigRule\n"
        "    Condition: IsOld\n"
        "    Properties: {Source: {Owner: AWS, SourceIdentifier: DB_BACKUP_RETENTION_PERIOD}}\n"
    )
    report = inspect(target, {"select": ("managed-rule-exists",)})
    assert report.findings == ()
    assert len(report.suppressed) == 1


def test_a_baseline_hides_what_was_there_before(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    assert write_baseline(run(schedule("a")).findings, file) > 0
    assert run(schedule("a"), Options(baseline=read_baseline(file))).findings == ()
    file.write_text("{}")
    with pytest.raises(BaselineError, match="not a baseline"):
        read_baseline(file)
    with pytest.raises(BaselineError, match="not there"):
        read_baseline(tmp_path / "none.json")


def test_a_baseline_never_accepts_a_program_that_stops(tmp_path: Path) -> None:
    findings = [Finding(check, "error", "", "", "m") for check in ("program-error", "suppression-invalid")]
    assert write_baseline(findings, tmp_path / "baseline.json") == 0
