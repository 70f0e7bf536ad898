"""The catalog: what AWS has, where it was taken from, and that the files are what the sources give."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import pytest

from watchkeeper.aws import facts, suggest
from watchkeeper.aws.facts import iam


@pytest.fixture(scope="module")
def script() -> Any:
    from scripts import make_catalog

    return make_catalog


def test_the_files_are_what_the_installed_sources_give(script: Any) -> None:
    assert script.problems() == []


def test_a_source_that_shrinks_is_noticed(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = script.build()
    del fresh["managed_rules.json.gz"]["data"]["DESIRED_INSTANCE_TYPE"]
    monkeypatch.setattr(script, "build", lambda: fresh)
    assert script.problems() == ["managed_rules.json.gz: would shrink from 833 to 832 entries"]


def test_a_file_that_differs_is_stale(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = script.build()
    fresh["regions.json.gz"]["version"] = "0"
    monkeypatch.setattr(script, "build", lambda: fresh)
    assert script.problems()[0].startswith("regions.json.gz: stale")


def test_every_file_names_its_source_version_date_and_licence() -> None:
    for source in facts.sources():
        assert source.source.startswith("PyPI ")
        assert source.version
        assert date.fromisoformat(source.generated) <= date.today()
        assert source.license in ("Apache-2.0", "MIT-0")
        assert source.count > 40


def test_the_overlays_add_what_the_source_lacks() -> None:
    rules = facts.managed_rules()
    assert {"AWS_CONFIG_PROCESS_CHECK", "FMS_SECURITY_GROUP_CONTENT_CHECK"} <= set(rules)
    assert len(rules) >= 837


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        ("CLOUD_TRAIL_ENABLED", "cloudtrail-enabled"),
        ("EC2_INSTANCE_MANAGED_BY_SSM", "ec2-instance-managed-by-systems-manager"),
        ("INSTANCES_IN_VPC", "ec2-instances-in-vpc"),
        ("MULTI_REGION_CLOUD_TRAIL_ENABLED", "multi-region-cloudtrail-enabled"),
        ("RESTRICTED_INCOMING_TRAFFIC", "restricted-common-ports"),
        ("INCOMING_SSH_DISABLED", "restricted-ssh"),
        ("S3_BUCKET_VERSIONING_ENABLED", "s3-bucket-versioning-enabled"),
    ],
)
def test_console_names(identifier: str, name: str) -> None:
    assert facts.managed_rules()[identifier].name == name
    assert facts.managed_rule_by_name(name) is facts.managed_rules()[identifier]
    assert facts.managed_rule_by_name(identifier.lower()) is facts.managed_rules()[identifier]


def test_desired_instance_type_as_aws_documents_it() -> None:
    rule = facts.managed_rules()["DESIRED_INSTANCE_TYPE"]
    assert (rule.trigger, rule.resource_types, rule.takes_frequency) == ("change", ("AWS::EC2::Instance",), False)
    assert [(p.name, p.type, p.required) for p in rule.parameters] == [("instanceType", "CSV", True)]


def test_regions_of_a_rule() -> None:
    rule = facts.managed_rules()["ACCESS_KEYS_ROTATED"]
    assert rule.in_region("us-east-1")
    assert not rule.in_region("ap-southeast-5")
    only = next(r for r in facts.managed_rules().values() if r.available_regions)
    assert all(only.in_region(region) for region in only.available_regions)
    assert all(r.available_regions | r.excluded_regions <= set(facts.regions()) for r in facts.managed_rules().values())


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("DB_BACKUP_RETENTION_PERIOD", "DB_INSTANCE_BACKUP_ENABLED"),
        ("EC2_INSTANCE_TYPE_ALLOWED", "DESIRED_INSTANCE_TYPE"),
        ("S3_BUCKET_VERSIONING_ENABLE", "S3_BUCKET_VERSIONING_ENABLED"),
        ("s3-bucket-versioning-enabled", "S3_BUCKET_VERSIONING_ENABLED"),
        ("XYZZY", None),
    ],
)
def test_nearest(written: str, meant: str | None) -> None:
    assert suggest.nearest(written, facts.managed_rules()) == meant


def test_managed_policies() -> None:
    role = facts.managed_policy("service-role/AWS_ConfigRole")
    assert role and role.arn == "arn:aws:iam::aws:policy/service-role/AWS_ConfigRole"
    assert facts.managed_policy("arn:aws-cn:iam::aws:policy/service-role/AWS_ConfigRole") is role
    assert facts.managed_policy("AWS_ConfigRole") is role
    assert role.document["Statement"]
    assert facts.managed_policy("service-role/ConfigRole") is None
    assert len(facts.managed_policies()) >= 1582


def test_no_retired_policy_exists() -> None:
    for arn, retired in facts.retired_policies().items():
        assert facts.managed_policy(arn) is None
        assert facts.managed_policy(retired.replacement)


def test_runtimes() -> None:
    runtimes = facts.lambda_runtimes()
    assert runtimes["python3.13"].supported(date(2026, 1, 1))
    assert not runtimes["nodejs16.x"].supported(date(2026, 1, 1))


def test_service_principals_and_resource_types() -> None:
    assert {"config.amazonaws.com", "events.amazonaws.com", "sns.amazonaws.com"} <= facts.service_principals()
    assert {"AWS::S3::Bucket", "AWS::RDS::DBInstance"} <= facts.resource_types()


def test_every_overlay_is_about_something_that_exists() -> None:
    overlays = facts._overlays()
    rules = facts.managed_rules()
    for identifier, limits in overlays["parameter_limits"].items():
        assert {p.name for p in rules[identifier].parameters} >= set(limits), identifier
    assert set(overlays["rule_names"]) <= set(rules)


def test_only_rules_with_logic_were_read_against_their_page() -> None:
    from watchkeeper.rules import logic

    listed = facts._load("verified.json")["rules"]
    assert set(listed) <= set(logic())
    assert list(listed) == sorted(listed)
    assert all(date.fromisoformat(day) <= date.today() for day in listed.values())
    assert facts.managed_rules()["CLOUD_TRAIL_ENABLED"].verified == listed["CLOUD_TRAIL_ENABLED"]


def test_defaults_are_within_the_documented_limits() -> None:
    from watchkeeper.rules import parse_value

    for rule in facts.managed_rules().values():
        for parameter in rule.parameters:
            if parameter.default is not None and parameter.default != "ERROR,INFO":
                parse_value(parameter, parameter.default)


def test_loading_is_quick() -> None:
    facts._managed_rules.cache_clear()
    facts._load.cache_clear()
    start = time.process_time()
    facts.managed_rules()
    assert time.process_time() - start < 0.5  # 20 ms on a quiet machine


def test_iam_actions() -> None:
    put = iam.action("config:putevaluations")
    get = iam.action("s3:GetObject")
    assert put and put.name == "config:PutEvaluations" and not put.takes_resource
    assert get and get.takes_resource and get.access_level == "Read"
    assert iam.action("config:NoSuchThing") is None
    assert iam.action("nosuchservice:Thing") is None
    assert iam.expand("config:PutEval*") == ("config:PutEvaluations",)
    assert iam.expand("nosuch:*") == ()
    assert len(iam.expand("s3:*")) > 100


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("pci-dss-4.0", ["PCI DSS 4.0"]),
        ("Nist 800-53", ["NIST 800-53 rev 5"]),
        ("cis 1.4 level_1", ["CIS AWS Foundations Benchmark 1.4 Level 1"]),
        ("pci", ["PCI DSS 3.2.1", "PCI DSS 4.0"]),
        ("hippa", []),
        (" - ", []),
    ],
)
def test_frameworks_by_words_of_their_names(words: str, names: list[str]) -> None:
    assert [pack.name for pack in facts.frameworks_with(words)] == names


@pytest.mark.parametrize("name", facts.frameworks())
def test_the_name_of_a_framework_names_no_other(name: str) -> None:
    assert [pack.name for pack in facts.frameworks_with(name)] == [name]


def test_a_framework_that_is_meant() -> None:
    assert suggest.nearest_framework("hippa") == "HIPAA Security"
    assert suggest.nearest_framework("fedramp-moderat") == "FedRAMP Moderate"
    assert suggest.nearest_framework("pci 4.0 dds") == "PCI DSS 4.0"
    assert suggest.nearest_framework("zzz") is None
    assert suggest.nearest_framework("") is None


def test_the_rules_of_frameworks_are_managed_rules_and_say_so() -> None:
    for pack in facts.frameworks().values():
        assert len(set(pack.rules)) == len(pack.rules) > 0
        assert all(pack.name in facts.managed_rules()[rule].frameworks for rule in pack.rules)
        assert pack.source.startswith("https://github.com/awslabs/aws-config-rules/blob/")
        assert pack.read
        assert pack.licence == "CC0 1.0 Universal"
        assert pack.licence_source.startswith("https://github.com/awslabs/aws-config-rules/blob/")
    held = {rule for pack in facts.frameworks().values() for rule in pack.rules}
    assert {rule.identifier for rule in facts.managed_rules().values() if rule.frameworks} == held
