"""On a terminal of 80 columns: nothing is cut that somebody has to copy, and a resource's name is text."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from watchkeeper.cli import demo, output, status
from watchkeeper.model import ComplianceType, Severity
from watchkeeper.reports.results import Counts

HOSTILE = "\x1b]0;owned\x07[bold red]bucket[/]\u202egpj.exe"
LONG = "a-bucket-with-a-long-name-123456789012-eu-central-1-production-x"


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What a terminal of 80 columns would show, without its colours."""
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=80, color_system=None, highlight=False)
    for module in (output, status, demo):
        monkeypatch.setattr(module, "out", console)
    return text


def test_a_table_cleans_every_cell(screen: io.StringIO) -> None:
    output.table(HOSTILE, ("what", HOSTILE), [(HOSTILE, 1)])
    shown = screen.getvalue()
    assert "[bold red]bucket[/]" in shown
    assert not {"\x07", "\u202e"} & set(shown)
    assert "\x1b]0" not in shown


def test_a_violation_keeps_its_resources_name_whole(screen: io.StringIO) -> None:
    report = _Report((LONG, HOSTILE))
    status._show_violations(report, 20)
    shown = screen.getvalue()
    assert LONG in shown
    assert "[bold red]bucket[/]" in shown
    assert not {"\x07", "\u202e", "\x1b"} & set(shown)
    annotation = [line for line in shown.splitlines() if line.startswith(" " * 9)]
    assert annotation
    assert all(len(line) <= 80 for line in annotation)


def test_only_so_many_violations_as_asked_for(screen: io.StringIO) -> None:
    status._show_violations(_Report(tuple(f"bucket-{number}" for number in range(9))), 3)
    assert "Violations: 3 of 9" in screen.getvalue()
    assert screen.getvalue().count("CRITICAL") == 3


def test_the_demos_tables_fit(screen: io.StringIO) -> None:
    rule = {"name": "s3-bucket-level-public-access-prohibited-dev"}
    alert = {"level": "CRITICAL", "kind": "violation", "rule": rule, "resource_id": HOSTILE, "annotation": HOSTILE}
    record = {
        "outcome": "applied",
        "action": "block-public-access",
        "before": {"blockPublicAcls": "False"},
        "after": {"blockPublicAcls": "True"},
        "resource_id": LONG,
        "reason": HOSTILE,
    }
    demo._show_alerts([alert] * 3)
    demo._show_remediations([record] * 2)
    shown = screen.getvalue()
    assert rule["name"] in shown
    assert "block-public-access" in shown
    assert not {"\x07", "\u202e", "\x1b"} & set(shown)
    assert all(len(line) <= 80 for line in shown.splitlines())


class _Rule:
    name, severity = "s3-bucket-level-public-access-prohibited-dev", Severity.CRITICAL


class _Result:
    rule, counts = _Rule(), Counts(compliant=0, non_compliant=1)


class _Violation:
    rule, compliance = _Rule.name, ComplianceType.NON_COMPLIANT
    recorded_at = datetime(2026, 1, 1, tzinfo=UTC)

    def __init__(self, resource_id: str) -> None:
        self.resource_id = resource_id
        self.annotation = f"Public access is not blocked for {resource_id}; turn on all four settings of its block."


class _Report:
    """As much of a report as the violations' table reads."""

    rules = (_Result(),)

    def __init__(self, names: tuple[str, ...]) -> None:
        self.violations = tuple(_Violation(name) for name in names)
