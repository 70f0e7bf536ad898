"""Programs and templates in other styles: what is right stays silent, and only what is true is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from watchkeeper.preflight import Options, Target, inspect, run
from watchkeeper.preflight.check import UNSURE
from watchkeeper.pulumi.graph import Archive, Asset, Graph, Reference, Resource

STYLES = Path(__file__).parent / "fixtures" / "styles"


def test_inline_settings_data_sources_and_the_services_own_role_are_understood() -> None:
    report = inspect(STYLES / "inline")
    assert [f"{item.check} {item.resource} {item.message}" for item in report.findings] == []
    assert report.not_checked == ()
    assert report.unread == ()


def test_regions_adopted_recorders_policy_objects_and_parents_are_understood(regions: Target) -> None:
    report = run(regions.graph, Options(root=regions.root))
    assert regions.error is None
    assert [f"{item.check} {item.resource} {item.message}" for item in report.findings] == []
    assert report.not_checked == ()


def test_own_rules_queues_schedules_and_every_place_of_code_are_understood(events: Target) -> None:
    report = run(events.graph, Options(root=events.root))
    assert events.error is None
    assert [f"{item.check} {item.resource} {item.message}" for item in report.findings] == []
    assert report.not_checked == ()


def test_a_template_as_aws_publishes_it_has_no_error() -> None:
    report = inspect(STYLES / "enable-config.yaml")
    assert report.errors == ()
    assert [item.check for item in report.findings if item.severity == "error"] == []
    unsure = {item.check for item in report.findings if item.severity == UNSURE}
    assert unsure == {"config-bucket-policy", "required-tags"}
    assert {item.check for item in report.findings} - unsure == {
        "bucket-encryption",
        "bucket-lifecycle",
        "bucket-public-access-block",
        "bucket-versioning",
        "destroyable",
    }


def test_code_that_the_program_uploads_to_s3_is_read(reference: Target) -> None:
    function = next(item for item in reference.graph if item.name == "alerts-function")
    package = Resource(
        urn="urn:package",
        type="aws:s3/bucketObjectv2:BucketObjectv2",
        name="package",
        inputs={
            "bucket": "packages",
            "source": Archive(parts={"index.py": Asset(text="import os\nhandler = lambda *_: os.environ['X']\n")}),
        },
        parent=function.parent,
    )
    inputs = {key: value for key, value in function.inputs.items() if key != "code"}
    changed = replace(
        function,
        inputs={**inputs, "s3Bucket": "packages", "s3Key": "package.zip"},
        property_dependencies={**function.property_dependencies, "s3Key": (package.urn,)},
    )
    graph = replace(
        reference.graph, resources={**reference.graph.resources, package.urn: package, changed.urn: changed}
    )
    report = run(graph, Options(root=reference.root))
    assert [(item.check, item.data.get("variable")) for item in report.findings] == [("function-environment", "X")]


def test_a_target_that_is_an_alias_is_not_passed_over() -> None:
    alias = Resource("urn:alias", "aws:lambda/alias:Alias", "live", {"name": "live", "functionName": "f"})
    target = Resource(
        "urn:target", "aws:cloudwatch/eventTarget:EventTarget", "target", {"arn": Reference(alias.urn, "arn")}
    )
    report = run(Graph({item.urn: item for item in (alias, target)}), Options(select=("target-permission",)))
    assert report.findings == ()
    assert [(item.resource, "alias" in item.reason) for item in report.not_checked] == [("target", True)]


def test_rules_of_a_program_without_recorder_are_told_in_one_finding() -> None:
    rules = [Resource(f"urn:{name}", "aws:cfg/rule:Rule", name, {"name": name}) for name in ("a", "b", "c")]
    graph = Graph({item.urn: item for item in rules}, region="eu-west-1")
    (found,) = run(graph, Options(select=("rule-needs-recorder",))).findings
    assert (found.severity, found.resource) == ("unsure", "a")
    assert "2 more are refused" in found.message
