"""What nobody can know is no mistake: an account, a region, an answer of AWS, another language's component, a macro."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.preflight import Options, Report, inspect, run
from watchkeeper.preflight.inputs import read_document
from watchkeeper.preflight.meaning.identity import ACCOUNT, REGION
from watchkeeper.preflight.meaning.policy import any_matches
from watchkeeper.pulumi.engine.offline import OfflineProvider
from watchkeeper.pulumi.graph import STAND_IN

WRONG_RULE = 'aws.cfg.Rule("r", name="r-dev", source={"owner": "AWS", "source_identifier": "NO_SUCH_RULE"})\n'


def report_of(folder: Path, program: str, region: str = "eu-west-1") -> Report:
    (folder / "Pulumi.yaml").write_text(f"name: stops\nruntime: python\nconfig: {{'aws:region': {region}}}\n")
    (folder / "__main__.py").write_text(f"import pulumi\nimport pulumi_aws as aws\n{program}")
    return inspect(folder)


def severities(report: Report) -> dict[str, str]:
    return {item.check: item.severity for item in report.findings}


@pytest.mark.parametrize(
    ("pattern", "answer"),
    [
        (f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q", True),
        ("arn:aws:sqs:eu-west-1:111122223333:q", None),
        ("arn:aws:sqs:us-east-1:111122223333:q", False),
        ("arn:aws:sqs:eu-west-1:111122223333:other", False),
        ("arn:aws:sqs:eu-west-1:1111:q", False),
    ],
)
def test_an_account_that_nobody_said_may_be_any(pattern: str, answer: bool | None) -> None:
    assert any_matches([pattern], f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q") is answer


@given(region=st.sampled_from(["eu-west-1", "us-gov-west-1", "ap-southeast-7", "il-central-1"]))
def test_a_region_that_nobody_said_may_be_any(region: str) -> None:
    text = f"arn:aws:sns:{REGION}:111122223333:t"
    assert any_matches([f"arn:aws:sns:{region}:111122223333:t"], text) is None
    assert any_matches([f"arn:aws:sns:{region}:111122223333:u"], text) is False
    assert any_matches([f"arn:aws:sns:{region}:111122223333:t"], text.replace(REGION, region)) is True


def test_a_preview_shows_no_component_outputs_and_names_what_pulumi_made_up() -> None:
    project = "urn:pulumi:dev::p"
    states = [
        {"urn": f"{project}::shop:index:Worker::worker", "custom": False, "type": "shop:index:Worker"},
        {
            "urn": f"{project}::aws:sns/topic:Topic::made",
            "custom": True,
            "type": "aws:sns/topic:Topic",
            "inputs": {"__defaults": ["name"], "name": "made-1234567"},
        },
        {
            "urn": f"{project}::aws:sns/topic:Topic::chosen",
            "custom": True,
            "type": "aws:sns/topic:Topic",
            "inputs": {"__defaults": [], "name": "chosen"},
        },
    ]
    document = {"config": {}, "steps": [{"op": "create", "urn": state["urn"], "newState": state} for state in states]}
    report = run(read_document(document, "preview.json").graph, Options())
    assert "component-outputs" not in severities(report)
    assert [item.resource for item in report.not_checked if item.check == "component-outputs"] == ["worker"]
    assert [item.resource for item in report.findings if item.check == "environment-suffix"] == ["chosen"]


@pytest.mark.parametrize("transform", ["Ours", ["AWS::Serverless-2016-10-31", {"Name": "Ours", "Parameters": {}}]])
def test_what_a_macro_rewrites_is_never_certain(transform: object) -> None:
    rule = {"Type": "AWS::Config::ConfigRule", "Properties": {"Source": {"Owner": "AWS", "SourceIdentifier": "NONE"}}}
    document = {"Transform": transform, "Resources": {"Rule": rule}}
    report = run(read_document(document, "t.json").graph, Options())
    assert severities(report)["managed-rule-exists"] == "unsure"
    assert "error" not in severities(report).values()
    assert "the transform Ours was not applied" in report.unread
    del document["Transform"]
    assert severities(run(read_document(document, "t.json").graph, Options()))["managed-rule-exists"] == "error"


def test_each_missing_configuration_value_is_a_finding_and_the_program_goes_on(tmp_path: Path) -> None:
    program = (
        "config = pulumi.Config()\n"
        'text, secret = config.require("name"), config.require_secret("password")\n'
        'size, wide = config.require_int("size"), config.require_bool("wide")\n'
        'more = config.require_object("more"), config.require_float("rate"), config.require("name")\n'
        'aws.sns.Topic("t", name=text)\n'
    )
    report = report_of(tmp_path, program + WRONG_RULE)
    missing = [item for item in report.findings if item.check == "program-error"]
    assert [item.data["key"] for item in sorted(missing, key=lambda item: item.data["key"])] == [
        f"stops:{key}" for key in ("more", "name", "password", "rate", "size", "wide")
    ]
    lines = {item.data["key"]: item.position.line for item in missing if item.position}
    assert (lines["stops:name"], lines["stops:size"], lines["stops:rate"]) == (4, 5, 6)
    assert severities(report)["managed-rule-exists"] == "error"
    # The made-up name says nothing of the environment.
    assert "environment-suffix" not in severities(report)
    assert report.exit_code == 1


def test_an_error_that_follows_from_a_made_up_value_is_unsure(tmp_path: Path) -> None:
    report = report_of(tmp_path, 'zones = pulumi.Config().require_object("zones")["first"]\n')
    found = [item.severity for item in report.findings if item.check == "program-error"]
    assert sorted(found) == ["error", "unsure"]


@pytest.mark.parametrize(
    "declared",
    [
        "    vpc_id: pulumi.Output[str]\n",
        '    @property\n    @pulumi.getter(name="vpcId")\n    def vpc_id(self): return pulumi.get(self, "vpc_id")\n',
    ],
    ids=["annotation", "getter"],
)
def test_a_component_of_another_language_is_opaque(tmp_path: Path, declared: str) -> None:
    program = (
        f"class Vpc(pulumi.ComponentResource):\n{declared}"
        "    def __init__(self, name, opts=None):\n"
        '        super().__init__("awsx:ec2:Vpc", name, {"zones": 2, "vpc_id": None}, opts, remote=True)\n'
        'network = Vpc("network")\n'
        'aws.ec2.SecurityGroup("web", vpc_id=network.vpc_id, description="web")\n'
    )
    report = report_of(tmp_path, program + WRONG_RULE)
    found = severities(report)
    assert found["managed-rule-exists"] == "error"
    assert not {"program-error", "component-parent", "component-outputs"} & set(found)
    assert any("awsx:ec2:Vpc 'network'" in sentence for sentence in report.unread)


def test_what_a_component_of_another_language_declares_and_does_not_set_is_said(tmp_path: Path) -> None:
    program = (
        "class Vpc(pulumi.ComponentResource):\n    vpc_id: pulumi.Output[str]\n"
        "    def __init__(self, name, opts=None):\n"
        '        super().__init__("awsx:ec2:Vpc", name, {"vpcId": None}, opts, remote=True)\n'
        'aws.ec2.SecurityGroup("web", vpc_id=Vpc("network").vpc_id, description="web")\n'
    )
    report = report_of(tmp_path, program)
    assert any("does not set Vpc.vpc_id" in sentence for sentence in report.unread)
    report = report_of(tmp_path, program.replace(").vpc_id", ").subnets"))
    assert severities(report)["program-error"] == "error"


def test_a_look_ups_lists_have_an_element_that_says_nothing(tmp_path: Path) -> None:
    answer = OfflineProvider("eu-west-1").invoke("aws:organizations/getOrganization:getOrganization", {})
    assert list(answer["roots"][0]) == ["arn", "id", "name", "policyTypes"]
    assert answer["roots"][0]["id"].startswith(STAND_IN)
    program = (
        "root = aws.organizations.get_organization().roots[0].id\n"
        'aws.organizations.OrganizationalUnit("unit", name="unit", parent_id=root)\n'
    )
    report = report_of(tmp_path, program)
    assert "program-error" not in severities(report)
    assert STAND_IN not in json.dumps(report.guessed)
    report = report_of(tmp_path, "aws.organizations.get_organization().roots[1].id\n")
    assert severities(report)["program-error"] == "unsure"


@pytest.mark.parametrize("engine", ['"aurora-mysql"', "aws.rds.EngineType.AURORA_MYSQL"])
def test_an_enum_takes_its_values(tmp_path: Path, engine: str) -> None:
    program = f'aws.rds.ClusterInstance("i", cluster_identifier="c", instance_class="db.r6g.large", engine={engine})\n'
    assert "argument-names" not in severities(report_of(tmp_path, program))


def test_a_name_of_the_package_pulumi_is_said_with_the_package(tmp_path: Path) -> None:
    report = report_of(tmp_path, 'aws.sns.Topic("t", opts=ResourceOptions(protect=True))\n')
    assert [item.fix for item in report.findings if item.check == "program-error"] == [
        "Write pulumi.ResourceOptions: ResourceOptions is not imported."
    ]


def test_a_recorder_and_a_channel_that_wait_for_each_other_in_a_template_are_refused(template: str) -> None:
    document = json.loads(template)
    document["Resources"]["Channel"]["DependsOn"] = ["ReportsPolicy", "Recorder"]
    assert severities(run(read_document(document, "t.json").graph, Options())) == {"channel-needs-recorder": "error"}
