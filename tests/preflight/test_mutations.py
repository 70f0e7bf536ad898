"""Each mistake, made in a correct stack, is caught by exactly the check of its name; the correct stack is silent."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.preflight import mutations
from watchkeeper.preflight import Options, Report, Target, checks, run
from watchkeeper.preflight.inputs import read_document, read_target
from watchkeeper.pulumi.engine.program import ProgramError


def found(report: Report) -> set[str]:
    assert report.errors == ()
    return {finding.check for finding in report.findings}


def test_the_correct_program_is_silent(reference: Target) -> None:
    report = run(reference.graph, Options(root=reference.root))
    assert reference.error is None
    assert [finding.message for finding in report.findings] == []
    assert report.errors == ()
    assert report.not_checked == ()


def test_the_correct_template_is_silent(program_fixtures: Path) -> None:
    target = read_target(program_fixtures / "reference.yaml")
    report = run(target.graph, Options())
    assert [f"{finding.check} {finding.resource} {finding.message}" for finding in report.findings] == []
    assert report.errors == ()


@pytest.mark.parametrize(
    "mutation", mutations.MUTATIONS, ids=lambda item: f"{item.check}-{item.what}".replace(" ", "-")
)
def test_each_mistake_is_caught_by_its_check(reference: Target, mutation: mutations.Mutation) -> None:
    graph = mutation.change(reference.graph)
    assert found(run(graph, Options(root=reference.root))) == {mutation.check}


@pytest.mark.parametrize(
    "mutation", mutations.REGION_MUTATIONS, ids=lambda item: f"{item.check}-{item.what}".replace(" ", "-")
)
def test_each_mistake_is_caught_in_its_region(regions: Target, mutation: mutations.Mutation) -> None:
    graph = mutation.change(regions.graph)
    assert found(run(graph, Options(root=regions.root))) == {mutation.check}


@pytest.mark.parametrize(
    "mutation", mutations.EVENT_MUTATIONS, ids=lambda item: f"{item.check}-{item.what}".replace(" ", "-")
)
def test_each_mistake_is_caught_around_events(events: Target, mutation: mutations.Mutation) -> None:
    graph = mutation.change(events.graph)
    assert found(run(graph, Options(root=events.root))) == {mutation.check}


@pytest.mark.parametrize(
    "check,change", mutations.TEMPLATE_MUTATIONS, ids=[item[0] for item in mutations.TEMPLATE_MUTATIONS]
)
def test_each_mistake_is_caught_in_a_template_too(template: str, check: str, change: mutations.TemplateChange) -> None:
    document = json.loads(template)
    change(document)
    assert found(run(read_document(document, "template.json").graph, Options())) == {check}


def test_a_program_that_stops_is_a_finding(reference: Target) -> None:
    error = ProgramError(
        kind="AttributeError",
        message="module 'pulumi_aws.cfg' has no attribute 'ConfigurationRecorder'",
        file="__main__.py",
        line=3,
        name="ConfigurationRecorder",
        owner="pulumi_aws.cfg",
        valid=("ConfigurationAggregator", "Recorder", "RecorderStatus", "DeliveryChannel"),
    )
    report = run(replace(reference.graph), Options(root=reference.root, program_error=error))
    assert found(report) == {"program-error"}
    assert "aws.cfg.Recorder" in report.findings[0].fix


def test_what_a_program_that_stopped_had_not_made_yet_is_not_checked(reference: Target) -> None:
    graph = mutations.without("reports-versioning")(reference.graph)
    error = ProgramError(kind="ValueError", message="stopped")
    report = run(graph, Options(root=reference.root, program_error=error))
    assert found(report) == {"program-error"}
    assert [(item.check, item.resource) for item in report.not_checked] == [("bucket-versioning", "reports")]


def test_every_check_has_a_mutation_of_its_name() -> None:
    covered = {mutation.check for mutation in mutations.MUTATIONS} | {
        check for check, _ in mutations.TEMPLATE_MUTATIONS
    }
    elsewhere = {"program-error", "account-state", "suppression-expired", "suppression-invalid"}
    assert set(checks()) - covered - elsewhere == set()
