"""Settings: each is checked, all problems are told at once, and nothing that a user writes ends in a traceback."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.places import INFRA
from watchkeeper.model import Severity
from watchkeeper.monitoring.settings import (
    Problem,
    RemediationMode,
    Settings,
    SettingsError,
    check_schedule,
    from_pulumi_config,
    json_schema,
    load,
    reference,
)

REQUIRED = {"watchkeeper:environmentSuffix": "dev", "watchkeeper:owner": "me"}


def read(**given: Any) -> Settings:
    return from_pulumi_config(REQUIRED | {f"watchkeeper:{key}": value for key, value in given.items()})


def problems(**given: Any) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(**given)
    return [str(problem) for problem in caught.value.problems]


def test_the_defaults_are_those_of_the_requirements() -> None:
    settings_ = read()
    assert settings_.report_retention_days == 30
    assert settings_.log_retention_days == 7
    assert settings_.schedules.processor == "rate(6 hours)"
    assert settings_.schedules.daily == "cron(0 8 * * ? *)"
    assert [rule.identifier for rule in settings_.all_rules] == [
        "DESIRED_INSTANCE_TYPE",
        "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED",
        "S3_DEFAULT_ENCRYPTION_KMS",
        "DB_INSTANCE_BACKUP_ENABLED",
    ]
    assert {rule.remediation for rule in settings_.all_rules} == {RemediationMode.DRY_RUN}
    assert settings_.all_tags() == {"Owner": "me", "Environment": "dev", "ComplianceLevel": "standard"}


def test_pulumis_text_and_plain_values_mean_the_same() -> None:
    plain = {
        "reportRetentionDays": 60,
        "alertEmails": [{"address": "a@example.com", "severities": ["HIGH"]}],
        "aggregator": {"allRegions": True},
        "tags": {"CostCenter": 42},
    }
    text = {key: value if isinstance(value, str) else json.dumps(value) for key, value in plain.items()}
    assert read(**plain) == read(**text)
    assert read(**plain).alert_emails[0].severities == (Severity.HIGH,)


def test_other_namespaces_are_left_alone() -> None:
    assert from_pulumi_config(REQUIRED | {"aws:region": "eu-west-1", "aws:profile": "x", "other:x": "y"})


def test_a_key_that_would_be_ignored_is_named() -> None:
    with pytest.raises(SettingsError) as caught:
        from_pulumi_config(REQUIRED | {"reportRetentionDays": 3, "watchkeper:tags": {}})
    told = str(caught.value)
    assert "'reportRetentionDays' has no namespace. Write watchkeeper:reportRetentionDays." in told
    assert "Did you mean watchkeeper:tags?" in told


def test_dev_repairs_buckets_and_prod_only_says_what_it_would_do() -> None:
    for environment, mode in (("dev", RemediationMode.AUTOMATIC), ("prod", RemediationMode.DRY_RUN)):
        settings_ = load(INFRA / f"Pulumi.{environment}.yaml")
        assert settings_.environment_suffix == environment
        buckets = [rule for rule in settings_.all_rules if rule.identifier.startswith("S3_")]
        assert {rule.remediation for rule in buckets} == {mode}


def test_the_projects_own_declarations_are_settings() -> None:
    import yaml

    project = yaml.safe_load((INFRA / "Pulumi.yaml").read_text())
    assert set(project["config"]) == set(json_schema()["required"])
    assert project["name"] == "watchkeeper"


ALL_WRONG = """
config:
  aws:region: eu-wst-1
  watchkeeper:environmentSufix: Dev
  watchkeeper:owner: 12
  watchkeeper:reportRetentionDays: many
  watchkeeper:logRetentionDays: 8
  watchkeeper:alertEmails:
    - address: nobody
      severties: [HIGH]
    - {address: a@example.com, severities: [HGH]}
  watchkeeper:approvedInstanceTypes: [t3micro]
  watchkeeper:aggregator: {regions: [eu-west-1, eu-west-1], allRegion: true}
  watchkeeper:rules:
    - {identifier: DB_BACKUP_RETENTION_PERIOD}
    - {identifier: restricted-ssh}
  watchkeeper:remediation: {S3_BUCKET_VERSIONING_ENABLED: auto}
  watchkeeper:schedules: {processor: every 6 hours, daily: cron(0 8 * * * *)}
"""


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(ALL_WRONG)
    with pytest.raises(SettingsError) as caught:
        load(path)
    found = {problem.path: problem for problem in caught.value.problems}
    assert str(path) in str(caught.value)
    assert found["environmentSufix"].fix == "Did you mean environmentSuffix?"
    assert found["environmentSuffix"].message == "is missing."
    assert found["alertEmails[0].severties"].fix == "Did you mean severities?"
    assert found["alertEmails[1].severities[0]"].fix == "Did you mean HIGH?"
    assert found["rules[0].identifier"].fix == "Did you mean DB_INSTANCE_BACKUP_ENABLED?"
    assert found["rules[1].identifier"].fix == "Its identifier is INCOMING_SSH_DISABLED."
    assert found["aggregator.allRegion"].fix == "Did you mean allRegions?"
    assert set(found) == {
        "",
        "environmentSufix",
        "environmentSuffix",
        "reportRetentionDays",
        "logRetentionDays",
        "alertEmails[0].address",
        "alertEmails[0].severties",
        "alertEmails[1].severities[0]",
        "approvedInstanceTypes",
        "aggregator.regions",
        "aggregator.allRegion",
        "rules[0].identifier",
        "rules[1].identifier",
        "remediation.S3_BUCKET_VERSIONING_ENABLED",
        "schedules.processor",
        "schedules.daily",
    }


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        ({"environmentSuffix": "Prod_1"}, "'Prod_1' is not an environment suffix"),
        ({"environmentSuffix": "a" * 16}, "at most 15 characters"),
        ({"tags": {"owner": "x"}}, "is a tag of the stack's own"),
        ({"tags": {"aws:x": "y"}}, "is reserved by AWS"),
        ({"tags": {str(n): "x" for n in range(48)}}, "has 48 tags"),
        ({"tags": ["x"]}, "does not fit"),
        (
            {"rules": [{"identifier": "IAM_PASSWORD_POLICY", "parameters": {"RequireSymbols": "True"}}]},
            'write true: AWS takes "True" for false',
        ),
        ({"alertEmails": [{"address": "a@b.example"}, {"address": "A@B.example"}]}, "more than once"),
        ({"approvedInstanceTypes": ["t3.micro", "t3.micro"]}, "lists t3.micro more than once"),
        ({"approvedInstanceTypes": []}, "is empty"),
        ({"minimumBackupRetentionDays": 36}, "less than or equal to 35"),
        ({"aggregator": {"regions": ["mars-1"]}}, "'mars-1' is not an AWS region"),
        ({"aggregator": {"regions": ["eu-west-1"], "allRegions": True}}, "has both regions and allRegions"),
        ({"aggregator": {"enabled": False, "organization": True}}, "is false, but there are more settings"),
        ({"recording": {"strategy": "include"}}, "are missing for the strategy include"),
        ({"recording": {"types": ["AWS::S3::Bucket"]}}, "the strategy all records every type"),
        ({"recording": {"strategy": "exclude", "types": ["S3 bucket"]}}, "is not a resource type"),
        (
            {"recording": {"overrides": [{"types": ["AWS::S3::Bucket"], "mode": "continuous"}]}},
            "is continuous, as for the rest",
        ),
        (
            {"recording": {"overrides": [{"types": ["AWS::Config::ResourceCompliance"], "mode": "daily"}]}},
            "which can't be daily",
        ),
        (
            {
                "recording": {
                    "strategy": "exclude",
                    "types": ["AWS::EC2::Volume"],
                    "overrides": [{"types": ["AWS::EC2::Volume"], "mode": "daily"}],
                }
            },
            "does not record",
        ),
        (
            {"recording": {"strategy": "exclude", "types": ["AWS::S3::Bucket"]}},
            "looks at AWS::S3::Bucket, which the recorder does not record",
        ),
        ({"adoptRecorder": "default", "snapshotFrequency": "One_Hour"}, "no effect on a recorder"),
        ({"remediation": {"S3_BUCKET_LOGGING_ENABLED": "off"}}, "Add it to rules"),
        ({"remediation": {"DESIRED_INSTANCE_TYP": "off"}}, "Did you mean DESIRED_INSTANCE_TYPE?"),
        (
            {
                "rules": [{"identifier": "S3_BUCKET_VERSIONING_ENABLED", "remediation": "automatic"}],
                "remediation": {"S3_BUCKET_VERSIONING_ENABLED": "off"},
            },
            "Keep one of them",
        ),
        ({"rules": [{"identifier": "S3_BUCKET_VERSIONING_ENABLED"}] * 2}, "is the name of rules[0] already"),
        (
            {"rules": [{"identifier": "S3_BUCKET_VERSIONING_ENABLED", "name": "desired-instance-type"}]},
            "is the name of defaultRules[0] already",
        ),
        ({"rules": [{"identifier": "ACCESS_KEYS_ROTATED"}]}, "maxAccessKeyAge: is required"),
        (
            {"rules": [{"identifier": "ACCESS_KEYS_ROTATED", "parameters": {"maxAccessKeyAge": "soon"}}]},
            'is "soon"; it has to be a whole number',
        ),
        (
            {"rules": [{"identifier": "S3_BUCKET_VERSIONING_ENABLED", "parameters": {"isMfaDeleteEnabld": True}}]},
            "Did you mean isMfaDeleteEnabled?",
        ),
        (
            {"rules": [{"identifier": "S3_BUCKET_VERSIONING_ENABLED", "frequency": "One_Hour"}]},
            "runs on changes and AWS refuses one",
        ),
        (
            {"rules": [{"identifier": "DESIRED_INSTANCE_TYPE", "parameters": {"instanceType": "x" * 1100}}]},
            "longer than 1024 characters",
        ),
        ({"defaultRules": []}, "there is nothing to monitor"),
        ({"metricNamespace": "AWS/Config"}, "is reserved"),
        ({"remediationKmsKeyArn": "alias/mine"}, "is not a KMS key ARN"),
        ({"alertEmails": "[not json"}, "is not JSON"),
        ({"owner": {"secure": "AAA"}}, "no setting is a secret"),
        ({"recording": "true"}, "does not fit"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(given_: dict[str, Any], says: str) -> None:
    assert says in "\n".join(problems(**given_))


def test_a_rule_that_the_region_lacks_is_refused() -> None:
    from watchkeeper.aws import facts

    rule, region = next(
        (rule, region)
        for rule in facts.managed_rules().values()
        for region in facts.regions()
        if not rule.in_region(region) and not any(parameter.required for parameter in rule.parameters)
    )
    config = REQUIRED | {"watchkeeper:rules": [{"identifier": rule.identifier}], "aws:region": region}
    with pytest.raises(SettingsError, match=f"{rule.identifier} is not offered in {region}"):
        from_pulumi_config(config)


def test_a_default_rule_can_be_replaced_or_left_out() -> None:
    replaced = read(rules=[{"identifier": "DESIRED_INSTANCE_TYPE", "severity": "LOW"}], defaultRules=None)
    assert [(rule.identifier, rule.severity) for rule in replaced.all_rules] == [("DESIRED_INSTANCE_TYPE", "LOW")]
    assert replaced.all_rules[0].parameters["instanceType"].startswith("t3.micro")
    beside = read(
        rules=[{"identifier": "DESIRED_INSTANCE_TYPE", "name": "web", "parameters": {"instanceType": ["m7i.large"]}}]
    )
    assert len(beside.all_rules) == 5
    assert beside.all_rules[-1].parameters == {"instanceType": "m7i.large"}


def test_a_bare_off_means_off_in_either_yaml() -> None:
    for off in ("off", False):
        assert read(remediation={"DESIRED_INSTANCE_TYPE": off}).all_rules[0].remediation is RemediationMode.OFF


def test_settings_made_in_code_get_the_same_answers() -> None:
    with pytest.raises(ValueError, match="has both regions and allRegions"):
        Settings.model_validate(
            {"environmentSuffix": "a", "owner": "b", "aggregator": {"regions": ["eu-west-1"], "allRegions": True}}
        )
    assert Settings(environment_suffix="a", owner="b").environment_suffix == "a"


@pytest.mark.parametrize(
    "good",
    [
        "rate(1 hour)",
        "rate(6 hours)",
        "rate(90 minutes)",
        "cron(0 8 * * ? *)",
        "cron(0 */6 * * ? *)",
        "cron(15 10 ? * 6L 2026-2030)",
        "cron(0 8 ? * MON-FRI *)",
        "cron(0/10 * ? * MON#2 *)",
        "cron(0 18 LW JAN,JUL ? *)",
    ],
)
def test_schedules_that_eventbridge_takes(good: str) -> None:
    assert check_schedule(good) == good


@pytest.mark.parametrize(
    "bad",
    [
        "every 6 hours",
        "rate(6 hour)",
        "rate(1 hours)",
        "rate(0 hours)",
        "rate(6hours)",
        "cron(0 8 * * *)",
        "cron(0 0 8 * * ? *)",
        "cron(0 */6 * * * *)",
        "cron(0 8 ? * ? *)",
        "cron(60 8 * * ? *)",
        "cron(0 25 * * ? *)",
        "cron(0 8 * * ? 1800)",
        "cron(0 8 * FOO ? *)",
        "",
    ],
)
def test_schedules_that_it_refuses(bad: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        check_schedule(bad)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no mapping config"),
        ("config: [1]", "has no mapping config"),
        ("config: {", "is not YAML"),
        ("config:\n  a: 1\n  a: 2\n", "stands twice"),
        ("config: {x: 2024-13-45}", "is not YAML"),
        ("config: &a {b: *a}", "3 problems"),
        ("[" * 5000, "is not YAML"),
    ],
)
def test_a_file_that_can_not_be_read_is_named(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=re.escape(says)):
        load(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        load(tmp_path / "Pulumi.none.yaml")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="is not YAML"):
        load(tmp_path / "binary")


def test_the_reference_has_every_setting() -> None:
    table = reference()
    names = re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)
    assert len(names) == len(set(names))
    assert set(json_schema()["properties"]) <= set(names)
    assert "alertEmails[].severities" in names
    for line in table.splitlines()[2:]:
        cells = re.split(r"(?<!\\)\|", line)
        assert len(cells) == 6
        assert cells[4].strip(), f"{cells[1]} has no help"


def test_the_schema_says_what_each_setting_means() -> None:
    schema = json_schema()
    groups = [schema, *(part for part in schema["$defs"].values() if "properties" in part)]
    assert len(groups) > 5
    for group in groups:
        for name, setting in group["properties"].items():
            assert setting.get("description"), f"{group['title']}: {name}"


def test_the_json_schema_takes_what_we_take() -> None:
    from watchkeeper.monitoring.settings import read_config

    for environment in ("dev", "prod"):
        config = read_config(INFRA / f"Pulumi.{environment}.yaml")
        given_ = {key.removeprefix("watchkeeper:"): value for key, value in config.items()}
        given_["remediation"] = {key: value or "off" for key, value in given_["remediation"].items()}
        jsonschema.Draft202012Validator(json_schema()).validate(given_)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json_schema()).validate({"environmentSuffix": "x", "owner": "y", "other": 1})


KEYS = sorted(json_schema()["properties"])
NAMES = "identifier name regions types mode strategy parameters overrides secure address processor [key]"
CHOICES = "include daily eu-west-1 HIGH all DESIRED_INSTANCE_TYPE ACCESS_KEYS_ROTATED"
WORDS = st.sampled_from([*NAMES.split(), *CHOICES.split()])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | WORDS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | WORDS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=10), VALUES, max_size=6))
def test_nothing_ends_in_a_traceback(given_: dict[str, Any]) -> None:
    config = {f"watchkeeper:{key}": value for key, value in given_.items()}
    try:
        assert isinstance(from_pulumi_config(config), Settings)
    except SettingsError as error:
        assert error.problems
        assert all(isinstance(problem, Problem) and problem.message for problem in error.problems)


WRONG_EACH = {
    "environmentSuffix": "UPPER",
    "reportRetentionDays": "many",
    "logRetentionDays": 8,
    "approvedInstanceTypes": ["no"],
    "adoptRecorder": "with space",
    "metricNamespace": "AWS/x",
    "snapshotFrequency": "Often",
    "tags": {"aws:x": "y"},
    "schedules": {"daily": "daily"},
    "recording": {"mode": "weekly"},
    "unknown": 1,
}


@given(st.sets(st.sampled_from(sorted(WRONG_EACH)), min_size=1))
@settings(max_examples=60, deadline=None)
def test_each_of_several_problems_is_told(keys: set[str]) -> None:
    found = "\n".join(problems(**{key: WRONG_EACH[key] for key in keys}))
    assert all(f"watchkeeper:{key}" in found for key in keys)


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_schedule_is_answered(text: str) -> None:
    for expression in (text, f"cron({text})", f"rate({text})"):
        try:
            assert check_schedule(expression) == expression
        except ValueError as error:
            assert str(error)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(max_examples=200, deadline=None)
def test_any_file_is_answered(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(b"config:\n  watchkeeper:owner: " + content)
    with pytest.raises(SettingsError):
        load(path)
