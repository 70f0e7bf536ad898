"""CloudFormation templates in the forms that people write them in: what they mean is read, what is not is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchkeeper.model import Finding
from watchkeeper.preflight import AccountState, Options, Report, TargetError, inspect, run
from watchkeeper.preflight.inputs import load, read_document
from watchkeeper.preflight.inputs.cloudformation_types import TYPES
from watchkeeper.preflight.inputs.spelling import lower_camel
from watchkeeper.preflight.inputs.terraform_types import TYPES as TERRAFORM_TYPES
from watchkeeper.preflight.inputs.wording import CLOUDFORMATION, TABLES, TERRAFORM, spelled_path
from watchkeeper.preflight.meaning.views import CONFORMANCE_PACK, Views
from watchkeeper.pulumi.graph import UNKNOWN, Graph, Resource

STYLES = Path(__file__).parent / "fixtures" / "styles"


def graph(text: str) -> Graph:
    loaded = load(text, "t.yaml")
    return read_document(loaded.document, "t.yaml", loaded.lines, notes=loaded.notes).graph


def checked(text: str, options: Options | None = None) -> Report:
    report = run(graph(text), options)
    assert report.errors == ()
    return report


def said(report: Report, check: str) -> list[Finding]:
    return [item for item in report.findings if item.check == check]


def test_a_serverless_template_is_written_out_as_its_transform_does() -> None:
    report = inspect(STYLES / "serverless.yaml")
    assert [f"{item.check} {item.resource} {item.message}" for item in report.findings] == []
    assert report.unread == ()
    assert {item.check for item in report.not_checked} == {"config-bucket-policy", "managed-rule-region"}


@pytest.mark.parametrize(
    "old,new,check,resource,words",
    [
        ("rate(6 hours)", "every 6 hours", "schedule-expression", "NotifyEvery", "every 6 hours"),
        ("source: [aws.config]", "source: aws.config", "event-pattern", "NotifyChange", "source"),
        ("S3_BUCKET_VERSIONING_ENABLED,", "S3_VERSIONED,", "managed-rule-exists", "RuleS3VERSIONED", "S3_VERSIONED"),
        ("Variables: {TOPIC: !Ref Topic}", "Variables: {}", "function-environment", "Notify", "TOPIC"),
        ("AWSXRayDaemonWriteAccess", "AWSXRayWriter", "managed-policy-exists", "NotifyRole", "AWSXRayWriter"),
        ('"sns:Publish"', '"sns:Subscribe"', "function-permissions", "Notify", "sns:Publish"),
        ("python3.13", "python3.8", "function-runtime", "Notify", "python3.8"),
    ],
)
def test_mistakes_in_a_serverless_template_are_found(old: str, new: str, check: str, resource: str, words: str) -> None:
    text = (STYLES / "serverless.yaml").read_text()
    assert old in text
    found = said(checked(text.replace(old, new)), check)
    assert [item.resource for item in found] == [resource]
    assert words in found[0].message
    assert found[0].position is not None and found[0].position.file == "t.yaml"


def test_what_depends_on_parameters_is_looked_at_in_each_way() -> None:
    report = inspect(STYLES / "parameters.yaml")
    assert [f"{item.check} {item.message}" for item in report.findings if item.severity != "unsure"] == []
    assert {item.check for item in report.findings} == {"required-tags"}
    assert report.guessed == (
        'AWS::Region has no value: looked at as something else than "us-east-1", and as each of these',
        'ExistingBucket has no value: looked at as something else than "", and as each of these',
    )


def test_a_template_with_everything_around_config_is_understood() -> None:
    report = inspect(STYLES / "everything.yaml")
    assert report.errors == () and report.unread == ()
    certain = [item for item in report.findings if item.severity != "unsure"]
    assert {(item.check, item.resource) for item in certain} == {
        ("topic-delivery-policy", "Plain"),
        ("topic-delivery-policy", "Secret"),
    }
    assert {item.check for item in report.not_checked} == {"managed-rule-region"}


def test_a_finding_of_one_way_says_which() -> None:
    text = (STYLES / "parameters.yaml").read_text()
    found = said(checked(text.replace('"s3:PutObject"', '"s3:GetObject"')), "config-bucket-policy")
    assert len(found) == 1
    assert found[0].message.endswith('(where ExistingBucket is "")')
    both = said(
        checked(text.replace("DeliveryFrequency: TwentyFour_Hours", "DeliveryFrequency: Daily")), "snapshot-frequency"
    )
    assert len(both) == 1 and "where" not in both[0].message


def test_two_recorders_that_are_there_at_once_are_two() -> None:
    text = (STYLES / "parameters.yaml").read_text().replace("    Condition: Elsewhere\n", "")
    found = said(checked(text), "one-recorder-per-region")
    assert [item.message.rpartition(" (")[2] for item in found] == ['where AWS::Region is "us-east-1")']


def test_a_parameter_that_names_what_systems_manager_holds_is_not_its_value() -> None:
    text = "Parameters: {P: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /a/topic}}\n"
    text += "Resources: {C: {Type: AWS::Config::DeliveryChannel, Properties: {S3BucketName: b, SnsTopicARN: !Ref P}}}\n"
    assert said(checked(text), "argument-shape") == []


def test_a_name_composed_of_unknowns_is_not_judged_but_compared() -> None:
    text = """
Parameters: {Hours: {Type: String}, Name: {Type: String}}
Resources:
  R: {Type: AWS::Events::Rule, Properties: {ScheduleExpression: !Sub "rate(${Hours} hours)"}}
  F:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: !Sub "${Name}-f", Role: !Sub "arn:aws:iam::1:role/${Name}", Code: {}}
  L:
    Type: AWS::Logs::LogGroup
    DependsOn: F
    Properties: {LogGroupName: !Sub "/aws/lambda/${Name}-f", RetentionInDays: 7}
"""
    read = graph(text)
    by_name = {item.name: item for item in read}
    assert by_name["R"].inputs["scheduleExpression"] is UNKNOWN
    report = run(read)
    assert {"schedule-expression"} <= {item.check for item in report.not_checked}
    assert not {"schedule-expression", "function-log-retention"} & {item.check for item in report.findings}
    assert all("wkgen" not in f"{item.message} {item.fix}" for item in report.findings)


@pytest.mark.parametrize(
    "resource,words,fix",
    [
        ("{Type: AWS::Config::ConfigurationRecorderStatus}", "no resource type", "AWS::Config::ConfigurationRecorder"),
        ("{Type: AWS::Config::ConfigurationRecorder, Properties: {RoleArn: x}}", '"RoleArn"', "RoleARN"),
        ("{Type: AWS::Config::ConfigRule, Properties: {Source: {Owner: AWS}, Tags: []}}", '"Tags"', ""),
        (
            "{Type: AWS::Config::ConfigRule, Properties: {Source: {Owner: AWS, SourceID: X}}}",
            'Source has no property "SourceID"',
            "SourceIdentifier",
        ),
        ("{Type: AWS::Config::ConfigRule, Properties: {Source: {Owner: AWS}, Arn: x}}", "read-only", "Remove it."),
        ("{Type: AWS::Config::DeliveryChannel}", "lacks the required property S3BucketName", "S3BucketName"),
        ("{Type: AWS::SNS::Topic, Properties: {DeliveryPolicy: {}}}", '"DeliveryPolicy"', ""),
    ],
)
def test_names_that_the_registry_does_not_have_are_found(resource: str, words: str, fix: str) -> None:
    found = said(checked(f"Resources: {{X: {resource}}}"), "argument-names")
    assert any(words in item.message and fix in item.fix for item in found)


@pytest.mark.parametrize(
    "name", ["reference.yaml", "styles/enable-config.yaml", "styles/serverless.yaml", "styles/parameters.yaml"]
)
def test_names_that_the_registry_has_are_let_be(name: str) -> None:
    assert said(inspect(STYLES.parent / name), "argument-names") == []


def test_a_recorder_that_is_not_started_on_creation_stays_stopped() -> None:
    text = (
        "Resources: {R: {Type: AWS::Config::ConfigurationRecorder, Properties: {RoleARN: x, StartedOnCreate: false}}}"
    )
    found = said(checked(text), "recorder-never-started")
    assert [item.property_path for item in found] == ["StartedOnCreate"]
    assert said(checked(text.replace("false", "true")), "recorder-never-started") == []


def test_the_cdks_assets_beside_the_template_are_read(tmp_path: Path) -> None:
    code = tmp_path / "asset.1"
    code.mkdir()
    (code / "index.py").write_text('import os\n\ndef handler(e, c):\n    return os.environ["MISSING"]\n')
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Handler": "index.handler",
            "Runtime": "python3.13",
            "Code": {"S3Bucket": "b", "S3Key": "1.zip"},
        },
        "Metadata": {"aws:asset:path": "asset.1", "aws:asset:property": "Code"},
    }
    retention = {
        "Type": "Custom::LogRetention",
        "Properties": {"LogGroupName": {"Fn::Join": ["", ["/aws/lambda/", {"Ref": "F1"}]]}, "RetentionInDays": 7},
    }
    file = tmp_path / "stack.template.json"
    file.write_text(json.dumps({"Resources": {"F1": function, "L1": retention}}, indent=1))
    report = inspect(file)
    found = said(report, "function-environment")
    assert len(found) == 1 and "MISSING" in found[0].message
    assert found[0].position is not None and found[0].position.line == 3
    assert said(report, "function-log-retention") == []
    assert {item.resource for item in said(report, "required-tags")} == {"F1"}


def test_what_is_not_read_of_a_template_is_said() -> None:
    text = """
Transform: [MyMacro]
Resources:
  Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/k}}
  Nested: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: https://b/k}}
  Set: {Type: AWS::CloudFormation::StackSet, Properties: {StackSetName: s, PermissionModel: SERVICE_MANAGED}}
  Module: {Type: "Acme::Config::Recorder::MODULE"}
  Api: {Type: AWS::Serverless::Api, Properties: {StageName: x}}
  Empty: {}
  Fn::ForEach::Loop: [N, !Ref NoSuch, {"R${N}": {Type: AWS::SNS::Topic}}]
  Twice: {Type: AWS::SNS::Topic}
  Twice: {Type: AWS::SQS::Queue}
"""
    unread = " ".join(graph(text).unread)
    for words in (
        "MyMacro",
        "Fn::Transform",
        "a nested stack's own template (Nested)",
        "(Set)",
        "what a module holds (Module)",
        "the SAM resource Api",
        "resource Empty has no Type",
        "Fn::ForEach::Loop",
        "the key Twice stands twice in one object, on lines 11 and 12",
    ):
        assert words in unread
    assert graph(text).of_type("aws:sqs/queue:Queue")


def test_a_managed_policy_beside_one_of_the_programs_own_stays_itself() -> None:
    text = """
Resources:
  Own: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: {Statement: []}}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: []}
      ManagedPolicyArns: [!Ref Own, "arn:aws:iam::aws:policy/service-role/AWS_ConfigRole", "arn:aws:iam::aws:policy/No"]
"""
    read = graph(text)
    role = Views(read).roles[0]
    assert role.managed == ("arn:aws:iam::aws:policy/service-role/AWS_ConfigRole", "arn:aws:iam::aws:policy/No")
    assert len(role.documents) == 1
    assert len(said(run(read), "managed-policy-exists")) == 1


PACK = """
Resources:
  Versioned: {Type: AWS::Config::ConfigRule, Properties: {Source: {Owner: AWS, SourceIdentifier: S3_VERSIONED}}}
  Types:
    Type: AWS::Config::ConfigRule
    Properties:
      Source: {Owner: AWS, SourceIdentifier: DESIRED_INSTANCE_TYPE}
      InputParameters: {instanceTypes: t3.micro}
      MaximumExecutionFrequency: Six_Hours
"""
PACK_IN_TEMPLATE = json.dumps(
    {"Resources": {"pack": {"Type": "AWS::Config::ConformancePack", "Properties": {"TemplateBody": PACK}}}}
)


@pytest.mark.parametrize(
    "resource",
    [
        Resource("urn:p", CONFORMANCE_PACK, "pack", {"templateBody": PACK}),
        graph(PACK_IN_TEMPLATE).of_type(CONFORMANCE_PACK)[0],
    ],
    ids=["program", "template"],
)
def test_the_rules_in_a_conformance_pack_are_looked_at(resource: Resource) -> None:
    report = run(Graph({resource.urn: resource}, region="eu-west-1"))
    assert report.errors == ()
    found = {(item.check, item.resource) for item in report.findings if item.check.startswith("managed-rule")}
    assert found == {
        ("managed-rule-exists", "pack/Versioned"),
        ("managed-rule-parameters", "pack/Types"),
        ("managed-rule-frequency", "pack/Types"),
    }


@pytest.mark.parametrize(
    "body,reason", [("Resources: [", "not YAML"), ("a: 1", "no Resources"), (UNKNOWN, "after"), (None, "not in")]
)
def test_a_conformance_pack_that_cannot_be_read_is_said(body: Any, reason: str) -> None:
    pack = Resource("urn:p", CONFORMANCE_PACK, "pack", {"templateBody": body})
    report = run(Graph({"urn:p": pack}))
    assert report.errors == ()
    assert [reason in item.reason for item in report.not_checked if item.check == "managed-rule-exists"] == [True]


def test_a_map_that_says_the_same_everywhere_is_known() -> None:
    text = """
Mappings: {M: {us-east-1: {v: python3.13, n: a}, eu-west-1: {v: python3.13, n: b}}}
Resources:
  F:
    Type: AWS::Lambda::Function
    Properties:
      Code: {}
      Role: !FindInMap [M, !Ref "AWS::Region", n]
      Runtime: !FindInMap [M, !Ref "AWS::Region", v]
"""
    function = graph(text).of_type("aws:lambda/function:Function")[0]
    assert function.inputs["runtime"] == "python3.13"
    assert function.inputs["role"] is UNKNOWN


@pytest.mark.parametrize(
    "text,words",
    [
        ('{"Resources": NaN}', "NaN is not a JSON value"),
        ('{"Resources": ', "is not JSON"),
        ("Resources:\n\t- a", "is not YAML"),
        ("a: " + "[" * 5000, "levels deep"),
        ("- " * 5000 + "a", "levels deep"),
        ("? " * 5000 + "a", "levels deep"),
        (
            '{"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": ' + '{"a":' * 500 + "1" + "}" * 500 + "}}}",
            "levels deep",
        ),
        ("x: " + "y" * 10_000_001, "are read up to"),
        ("just text", "has no Resources"),
        ("Parameters: {A: {Type: String}}", "none of what preflight reads"),
        ("Resources: [1]", "none of what preflight reads"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(TargetError, match=words):
        graph(text)


def test_marks_and_line_ends_of_other_systems_are_taken(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_bytes("\ufeffResources:\r\n  Topic:\r\n    Type: AWS::SNS::Topic\r\n".encode())
    report = inspect(file)
    assert {item.resource for item in report.findings} == {"Topic"}
    assert {item.position.line for item in report.findings if item.position} == {2}
    file.write_bytes("Resources: {T: {Type: caf\u00e9}}".encode("latin-1"))
    with pytest.raises(TargetError, match="is not UTF-8"):
        inspect(file)


@pytest.mark.parametrize("language,types", [(CLOUDFORMATION, TYPES), (TERRAFORM, TERRAFORM_TYPES)])
def test_every_renamed_property_is_shown_by_its_own_name(language: str, types: Any) -> None:
    assert TABLES[language] is types
    for table in types.values():
        names = [name for key, name in table.renames.items() if "." not in key]
        for key, name in table.renames.items():
            if "." not in key and names.count(name) == 1 and name != lower_camel(key):
                assert spelled_path(language, table, name) == key


SLOW = settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
WORDS = st.sampled_from(
    [
        "A",
        "B",
        "Ref",
        "Fn::Sub",
        "Fn::If",
        "Fn::Join",
        "Fn::GetAtt",
        "Fn::FindInMap",
        "Fn::Equals",
        "Fn::ForEach::X",
        "Type",
        "Properties",
        "Condition",
        "AWS::S3::Bucket",
        "AWS::Serverless::Function",
        "${A.Arn}",
        "${A}-x",
        "AWS::NoValue",
        "Policies",
        "Events",
        "Targets",
        "Code",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=10,
)


@SLOW
@given(
    st.dictionaries(
        st.sampled_from(["Parameters", "Conditions", "Mappings", "Globals", "Transform"]), VALUES, max_size=3
    ),
    st.dictionaries(st.sampled_from(["A", "B", "Fn::ForEach::L"]), VALUES, max_size=3),
    st.sampled_from(sorted([*TYPES, "AWS::Serverless::Function"])),
    VALUES,
)
def test_no_value_in_a_template_makes_the_reader_crash(
    sections: Any, resources: Any, kind: str, properties: Any
) -> None:
    resource = {"Type": kind, "Properties": properties, "Condition": "B", "DependsOn": "A"}
    document = {**sections, "Resources": {**resources, "C": resource}}
    assert run(read_document(document, "t.json").graph).errors == ()


@pytest.mark.parametrize(("channels", "severity"), [(None, "unsure"), ((), "error"), (("default",), "")])
def test_a_recorder_without_a_channel_is_never_started(channels: tuple[str, ...] | None, severity: str) -> None:
    template = "Resources: {Recorder: {Type: 'AWS::Config::ConfigurationRecorder', Properties: {RoleARN: x}}}"
    state = None if channels is None else AccountState("1", "eu-west-1", channels=channels)
    report = checked(template, Options(select=("recorder-needs-channel",), account=state))
    assert [item.severity for item in report.findings] == ([severity] if severity else [])
