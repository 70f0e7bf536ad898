"""What the executive summary says, and what it does not claim."""

from __future__ import annotations

from dataclasses import replace

from tests.reports import support as samples
from watchkeeper.model import ComplianceType
from watchkeeper.reports.results import Counts, Outcome, RuleState
from watchkeeper.reports.summary import Handled, executive_summary, headline
from watchkeeper.reports.trend import trend


def test_worse_and_fixed_are_differences_to_the_baseline() -> None:
    summary = samples.summary()
    assert [item.resource_id for item in summary.worse] == ["prod-data-web"]
    assert [(item.resource_id, item.note) for item in summary.fixed] == [
        ("prod-data-billing", "fixed automatically"),
        ("prod-data-exports", ""),
        ("prod-data-old", "resource gone"),
    ]


def test_without_a_baseline_nothing_is_called_worse_or_fixed() -> None:
    summary = executive_summary(samples.report(), trend(samples.NOW.date(), 75.0, {}), {}, None)
    assert (summary.baseline, summary.worse, summary.fixed) == (None, (), ())


def test_without_a_baseline_fixed_is_what_remediation_fixed() -> None:
    handled = (
        Handled(samples.KMS.name, "AWS::S3::Bucket", "prod-data-billing", Outcome.APPLIED),
        Handled(samples.KMS.name, "AWS::S3::Bucket", "prod-data-raw", Outcome.APPLIED),
        Handled(samples.KMS.name, "AWS::S3::Bucket", "prod-data-logs", Outcome.ALREADY_COMPLIANT),
    )
    summary = executive_summary(samples.report(), trend(samples.NOW.date(), 75.0, {}), {}, None, handled)
    assert [(item.resource_id, item.note) for item in summary.fixed] == [("prod-data-billing", "fixed automatically")]


def test_what_is_missing_because_its_rule_failed_is_not_fixed() -> None:
    report = samples.report()
    blind = tuple(
        replace(row, state=RuleState.ERROR, counts=Counts(not_evaluated=1)) if row.rule is samples.KMS else row
        for row in report.rules
    )
    left = tuple(item for item in report.results if item.rule != samples.KMS.name)
    summary = executive_summary(
        replace(report, rules=blind, results=left), trend(samples.NOW.date(), None, {}), {}, samples.baseline()
    )
    assert summary.fixed == ()
    assert f"Have {samples.KMS.name} evaluated again" in [decision.title for decision in summary.decisions]


def test_decisions_name_the_resources_worst_first() -> None:
    decisions = {decision.title: decision for decision in samples.summary().decisions}
    assert next(iter(decisions)) == f"Approve the automatic fix of {samples.PUBLIC.name}"
    assert decisions[f"Confirm the exemptions from {samples.KMS.name}"].resources == ("prod-data-raw",)
    assert len(decisions[f"Assign the violations of {samples.TYPES.name}"].resources) == 3


def test_the_latest_remediation_decision_counts() -> None:
    raw = ("AWS::S3::Bucket", "prod-data-raw")
    handled = (
        Handled(samples.KMS.name, *raw, Outcome.EXEMPT),
        Handled(samples.KMS.name, *raw, Outcome.FAILED),
    )
    summary = executive_summary(
        samples.report(), trend(samples.NOW.date(), 75.0, {}), {}, None, handled, {samples.KMS.identifier}
    )
    titles = [decision.title for decision in summary.decisions]
    assert f"Find out why {samples.KMS.name} could not be fixed" in titles
    assert f"Confirm the exemptions from {samples.KMS.name}" not in titles


def test_headlines() -> None:
    report = samples.report()
    flat = trend(samples.NOW.date(), None, {})
    assert headline(report, flat) == (
        "75 % of 28 checks comply; 7 violations on 7 resources remain. 1 rule could not be evaluated."
    )
    fine = tuple(item for item in report.results if item.compliance is ComplianceType.COMPLIANT)
    good = replace(report, results=fine, rules=(replace(report.rules[1], counts=Counts(compliant=1)),))
    assert headline(good, flat) == "Everything that was checked complies: 1 check, no violation."
    nothing = replace(report, results=(), rules=())
    assert headline(nothing, flat) == "Nothing has been evaluated, so there is no score yet."
