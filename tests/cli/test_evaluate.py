"""``rules``, ``evaluate``, ``whatif`` and ``scan`` as a user runs them: output, exit codes, schemas."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import boto3
import jsonschema
import pytest

from tests.support.places import ITEMS
from watchkeeper.aws import facts
from watchkeeper.cli.app import main
from watchkeeper.local.server import Running, running

Run = Callable[..., tuple[int, str, str]]
HOSTILE = "\x1b[31m[bold]=cmd\u202e"
TYPES = "DESIRED_INSTANCE_TYPE:instanceType=t3.micro"


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., tuple[int, str, str]]:
    """Exit code, standard output, standard error of a command, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["watchkeeper", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return command


@pytest.fixture(scope="module")
def aws() -> Iterator[Running]:
    with running() as found:
        s3 = boto3.client("s3", **found.boto())
        for name in ("one", "two"):
            s3.create_bucket(Bucket=name)
        s3.create_bucket(Bucket="config")
        s3.put_object(Bucket="config", Key="AWSLogs/snapshot.json.gz", Body=gzip.compress(snapshot(instance("i-1"))))
        yield found


@pytest.fixture
def environment(aws: Running, monkeypatch: pytest.MonkeyPatch) -> Running:
    for name, value in aws.environment.items():
        if name != "AWS_ENDPOINT_URL":
            monkeypatch.setenv(name, value)
    return aws


def item(name: str, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ITEMS / f"{name}.json").read_text())
    return found | changes


def instance(resource_id: str, instance_type: str = "t3.micro") -> dict[str, Any]:
    found = item("instance", resourceId=resource_id)
    found["configuration"]["instanceType"] = instance_type
    return found


def snapshot(*items: dict[str, Any]) -> bytes:
    return json.dumps({"fileVersion": "1.0", "configSnapshotId": "x", "configurationItems": items}).encode()


def schema(name: str) -> jsonschema.Draft202012Validator:
    found = json.loads(files("watchkeeper").joinpath("schemas", f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(found)
    return jsonschema.Draft202012Validator(found)


def valid(name: str, text: str) -> Any:
    found = json.loads(text)
    schema(name).validate(found)
    return found


def test_rules_fit_their_schema(run: Run) -> None:
    code, text, _ = run("rules", "list", "--json")
    assert code == 0
    assert len(valid("rules-list", text)["rules"]) > 800
    code, text, _ = run("rules", "show", "db-instance-backup-enabled", "--json")
    assert valid("rules-show", text)["rule"]["logic"] is True


def test_evaluate_a_clean_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(snapshot(instance("i-1"), item("bucket")))
    code, text, said = run("evaluate", "a.json", "--json")
    assert code == 0, said
    found = valid("evaluate", text)
    assert found["items"] == 2
    assert found["coverage"]["text"] == "4 of 4 rules evaluated"
    assert found["rules"]["DESIRED_INSTANCE_TYPE"]["compliant"] == 1


def test_evaluate_a_folder_with_a_violation_in_every_format(run: Run, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.json.gz").write_bytes(
        gzip.compress(snapshot(instance("i-1"), instance(HOSTILE, "m5.large")))
    )
    code, text, _ = run("evaluate", ".", "--rules", TYPES, "--format", "json")
    assert code == 1
    found = valid("evaluate", text)
    assert [violation["resource_id"] for violation in found["violations"]] == [HOSTILE]
    assert found["violations"][0]["annotation"]
    code, text, _ = run("evaluate", ".", "--rules", TYPES, "--format", "csv")
    assert code == 1
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["compliance"] == "NON_COMPLIANT"
    code, text, said = run("evaluate", ".", "--rules", TYPES)
    assert code == 1
    assert "[bold]=cmd" in text
    for output in (text, said):
        assert "\x1b" not in output
        assert "\u202e" not in output


def test_evaluate_names_what_it_cannot_read_and_goes_on(run: Run, tmp_path: Path) -> None:
    packed = gzip.compress(snapshot(*(instance(f"i-{n}", "m5.large") for n in range(40))))
    (tmp_path / "cut.json.gz").write_bytes(packed[: len(packed) * 3 // 4])
    (tmp_path / "wrong.json").write_bytes(snapshot(instance("i-1") | {"configuration": 7}, instance("i-2", "m5.large")))
    code, text, said = run("evaluate", "cut.json.gz", "wrong.json", "--rules", TYPES, "--json")
    assert code == 3
    found = valid("evaluate", text)
    problems = {(Path(problem["file"]).name, problem["item"] is None) for problem in found["problems"]}
    assert problems >= {("cut.json.gz", True), ("wrong.json", False)}
    assert "i-2" in {violation["resource_id"] for violation in found["violations"]}
    assert "unreadable" in said


def test_an_item_that_a_rule_cannot_read_is_not_a_pass(run: Run, tmp_path: Path) -> None:
    bucket = item("bucket")
    bucket["supplementaryConfiguration"]["ServerSideEncryptionConfiguration"] = 7
    (tmp_path / "a.json").write_bytes(snapshot(bucket))
    code, text, _ = run("evaluate", "a.json", "--rules", "S3_DEFAULT_ENCRYPTION_KMS", "--json")
    assert code == 3
    rule = valid("evaluate", text)["rules"]["S3_DEFAULT_ENCRYPTION_KMS"]
    assert (rule["compliant"], rule["not_evaluated"], rule["evaluated"]) == (0, 1, False)


def test_a_rule_that_needs_more_than_files_hold_is_not_clean(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(snapshot(item("bucket")))
    code, _, said = run("evaluate", "a.json", "--rules", "IAM_PASSWORD_POLICY")
    assert code == 1
    assert "not evaluated" in said


PACK = """
Resources:
  Types:
    Type: AWS::Config::ConfigRule
    Properties:
      ConfigRuleName: our-types
      InputParameters: {{instanceType: {types}}}
      Source: {{Owner: AWS, SourceIdentifier: DESIRED_INSTANCE_TYPE}}
"""


def test_evaluate_takes_a_pack(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(snapshot(instance("i-1", "m5.large")))
    (tmp_path / "pack.yaml").write_text(PACK.format(types="t3.micro"))
    code, text, _ = run("evaluate", "a.json", "--pack", "pack.yaml", "--json")
    assert code == 1
    assert valid("evaluate", text)["violations"][0]["rule"] == "our-types"


def test_a_packs_parameters_have_the_values_that_are_given(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(snapshot(instance("i-1", "m5.large")))
    (tmp_path / "pack.yaml").write_text("Parameters: {Types: {Type: String}}\n" + PACK.format(types="!Ref Types"))
    for command in ("evaluate", "whatif"):
        wanted = (command, "a.json", "--pack", "pack.yaml", "--pack-parameter")
        assert [run(*wanted, f"Types={kind}")[0] for kind in ("m5.large", "t3.micro")] == [0, 1]
        code, _, said = run(*wanted, "Typ=m5.large")
        told = " ".join(said.split())
        assert (code, 'did you mean "Types"?' in told, '"Types" needs a value' in told) == (2, True, True)
        assert "--pack-parameter NAME=VALUE" in told
    code, _, said = run("scan", "--pack-parameter", "Types=m5.large")
    assert (code, "--pack FILE" in said) == (2, True)
    code, _, said = run("scan", "--pack", "pack.yaml", "--pack-parameter", "Types")
    assert (code, "NAME=VALUE" in said) == (2, True)


def test_the_rules_of_a_framework_are_evaluated(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(snapshot(item("bucket")))
    wanted = set(facts.frameworks()["AWS Control Tower Detective Guardrails"].rules)
    named = ("--framework", "control-tower", "--rules", "RESTRICTED_INCOMING_TRAFFIC:blockedPort1=80")
    code, text, said = run("evaluate", "a.json", *named, "--json")
    rules = valid("evaluate", text)["rules"]
    assert (code, set(rules)) == (1, wanted), said
    assert rules["S3_BUCKET_VERSIONING_ENABLED"]["evaluated"]
    (tmp_path / "empty.json").write_bytes(snapshot())
    _, _, said = run("evaluate", "empty.json", "--framework", "pci-dss-4.0")
    assert " ".join(said.split()).count("has no logic") == 1, "one line for all rules that have none"
    code, text, _ = run("whatif", "a.json", "--framework", "control-tower", "--json")
    assert set(valid("whatif", text)["rules"]) == wanted
    for command in (("evaluate", "a.json"), ("whatif", "a.json"), ("scan",)):
        code, text, said = run(*command, "--framework", "hippa", "--framework", "nist")
        told = " ".join(said.split())
        assert (code, text, 'did you mean "HIPAA Security"?' in told, '"NIST CSF"' in told) == (2, "", True, True)
        assert "Known are: AWS Control Tower" in told


def test_evaluate_says_what_it_could_not_have_judged(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(snapshot(item("bucket")))
    code, text, _ = run("evaluate", "a.json", "--rules", "AWS_CONFIG_PROCESS_CHECK", "--json")
    assert (code, valid("evaluate", text)["coverage"]["text"]) == (1, "0 of 1 rules evaluated")


def test_evaluate_reads_from_s3(run: Run, environment: Running) -> None:
    code, text, said = run("evaluate", "s3://config/AWSLogs", "--rules", TYPES, "--endpoint-url", environment.endpoint)
    assert code == 0, said
    assert "DESIRED_INSTANCE_TYPE" in text
    code, _, said = run("evaluate", "s3://config/AWSLogs", "--rules", TYPES, "--target", "local")
    assert (code, "watchkeeper local start" in said) == (3, True), "here none is running"
    code, _, said = run("evaluate", "s3://none-such/x", "--endpoint-url", environment.endpoint)
    assert code == 3
    assert "NoSuchBucket" in said


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("evaluate", "none.json"), "none.json"),
        (("evaluate", "."), "no snapshot or history file"),
        (("evaluate", "a.json", "--rules", "S3_BUKET_VERSIONING_ENABLED"), "S3_BUCKET_VERSIONING_ENABLED"),
        (("evaluate", "a.json", "--rules", "DESIRED_INSTANCE_TYPE:instanceTyp=a"), "instanceType"),
        (("evaluate", "a.json", "--pack", "none.yaml"), "none.yaml"),
        (("whatif", "a.json"), "--framework"),
        (("scan", "--endpoint-url", "localhost", "--region", "eu-west-1"), "http://"),
        (("scan", "--endpoint-url", "http://127.0.0.1:9", "--region", "eu-wst-1"), "eu-west-1"),
        (("scan", "--endpoint-url", "http://127.0.0.1:9", "--region", "eu-west-1", "--role", "x"), "arn:aws:iam::"),
    ],
)
def test_wrong_usage_says_what_to_write(run: Run, arguments: tuple[str, ...], told: str) -> None:
    code, text, said = run(*arguments)
    assert code == 2
    assert told in said.replace("\n", "")
    assert not text


def test_whatif_tells_what_would_newly_fail_and_cost(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(snapshot(instance("i-1"), instance("i-2", "m5.large")))
    small = "DESIRED_INSTANCE_TYPE:instanceType=t3.nano"
    code, text, _ = run("whatif", "a.json", "--rules", small, "--enabled", TYPES, "--json")
    assert code == 1
    found = valid("whatif", text)
    assert [violation["resource_id"] for violation in found["newly_failing"]] == ["i-1"]
    assert found["cost"]["evaluations_per_month"] == 8
    assert "pricing" in found["cost"]["source"]
    code, _, said = run("whatif", "a.json", "--rules", TYPES, "--enabled", TYPES)
    assert code == 0
    assert "USD a month" in said


def test_scan_any_endpoint(run: Run, environment: Running) -> None:
    code, text, said = run("scan", "--endpoint-url", environment.endpoint, "--json")
    assert code == 1, said
    found = valid("scan", text)
    assert found["resources"] == 3
    assert found["rules"]["S3_DEFAULT_ENCRYPTION_KMS"]["non_compliant"] == 3
    assert found["api_calls"] == 1 + 3 + 3
    assert found["gaps"] == []
    code, _, said = run(
        "scan", "--endpoint-url", environment.endpoint, "--rule", "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED"
    )
    assert code == 0
    assert "5 API calls" in said.replace("\n", " ")


def test_a_scan_that_sees_nothing_ends_with_3(run: Run, environment: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    iam = boto3.client("iam", **environment.boto())
    iam.create_user(UserName="blind")
    key = iam.create_access_key(UserName="blind")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    code, text, said = run("scan", "--endpoint-url", environment.endpoint, "--json")
    assert code == 3
    found = valid("scan", text)
    assert {gap["resource_type"] for gap in found["gaps"]} == {
        "AWS::S3::Bucket",
        "AWS::EC2::Instance",
        "AWS::RDS::DBInstance",
    }
    assert all(rule["compliant"] == 0 and rule["not_evaluated"] for rule in found["rules"].values())
    assert "Nothing could be read" in said


def test_scan_of_the_embedded_aws_says_when_it_does_not_run(run: Run) -> None:
    code, _, said = run("scan")
    assert code == 3
    assert "watchkeeper local start" in said


def test_scan_says_what_is_wrong_with_the_credentials(run: Run, aws: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    scan = ("scan", "--endpoint-url", aws.endpoint, "--region", "us-east-1", "--rule", "EC2_IMDSV2_CHECK")
    code, _, said = run(*scan)
    assert code == 3
    assert "no AWS credentials were found; set AWS_PROFILE" in one_line(said)
    monkeypatch.setenv("AWS_PROFILE", "none-such")
    code, _, said = run(*scan)
    assert code == 3
    assert "The config profile (none-such) could not be found" in one_line(said)
    assert "internal error" not in said


def test_scan_says_why_an_endpoint_did_not_answer(run: Run, environment: Running) -> None:
    code, _, said = run("scan", "--endpoint-url", "http://127.0.0.1:9", "--region", "us-east-1")
    assert code == 3
    assert 'Could not connect to the endpoint URL: "http://127.0.0.1:9/"' in one_line(said)
    # Four rules, one reason: one line.
    assert said.count("not evaluated S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED") == 1
    assert "not evaluated DB_INSTANCE_BACKUP_ENABLED" not in said


def test_no_resources_is_neither_a_pass_nor_unknown(run: Run, environment: Running) -> None:
    rules = ("--rule", "RDS_STORAGE_ENCRYPTED", "--rule", "APPMESH_MESH_TAGGED")
    code, _, said = run("scan", "--endpoint-url", environment.endpoint, *rules)
    assert code == 1
    assert "no resources for RDS_STORAGE_ENCRYPTED" in said
    assert "not evaluated APPMESH_MESH_TAGGED: AWS::AppMesh::Mesh can't be read through the API yet" in one_line(said)


def one_line(text: str) -> str:
    """Without the breaks that a narrow terminal makes."""
    return " ".join(text.split())


def test_rules_of_a_framework_a_category_a_region(run: Run) -> None:
    code, text, _ = run("rules", "list", "--framework", "cis 1.4 level 1", "--json")
    assert code == 0
    found = valid("rules-list", text)["rules"]
    assert {"INCOMING_SSH_DISABLED", "IAM_PASSWORD_POLICY"} <= {rule["identifier"] for rule in found}
    assert all("CIS AWS Foundations Benchmark 1.4 Level 1" in rule["frameworks"] for rule in found)
    code, text, _ = run("rules", "frameworks", "--json")
    packs = {pack["name"]: pack for pack in valid("rules-frameworks", text)["frameworks"]}
    level = packs["CIS AWS Foundations Benchmark 1.4 Level 1"]
    assert {rule["identifier"] for rule in found} == set(level["rules"])
    assert level["evaluated"] == sum(rule["logic"] for rule in found)
    assert level["not_evaluated"] == [rule["identifier"] for rule in found if not rule["logic"]]
    _, text, _ = run("rules", "frameworks")
    assert f"{level['evaluated']} of {len(level['rules'])}" in text
    assert "CC0 1.0 Universal" in text
    code, _, said = run("rules", "list", "--framework", "hippa")
    assert (code, "HIPAA Security" in said) == (2, True)
    code, text, _ = run("rules", "list", "--category", "encryption", "--region", "eu-central-1", "--json")
    assert code == 0
    assert {rule["category"] for rule in valid("rules-list", text)["rules"]} == {"Encryption"}
    code, text, _ = run("rules", "show", "S3_BUCKET_LOGGING_ENABLED")
    assert "Operational Best Practices for Amazon S3" in " ".join(text.split())
    for wrong, told in (("--framework", "CIS AWS Foundations"), ("--region", "is not an AWS region")):
        code, _, said = run("rules", "list", wrong, "zzz")
        assert (code, told in " ".join(said.split())) == (2, True)


def test_what_was_left_out_is_said(run: Run, tmp_path: Path) -> None:
    for day, kind in (("26", "m5.large"), ("27", "t3.micro")):
        name = f"111122223333_Config_eu-central-1_ConfigSnapshot_202609{day}T080000Z_{day}.json"
        (tmp_path / name).write_bytes(snapshot(instance("i-1", kind)))
    for command in ("evaluate", "whatif"):
        code, text, said = run(command, ".", "--rules", TYPES, "--json")
        found = valid(command, text)
        assert (code, len(found["superseded"]), found["rules"]["DESIRED_INSTANCE_TYPE"]["compliant"]) == (0, 1, 1)
        assert "T080000Z_26.json" in said.replace("\n", "")
    assert found["exact"] is True


def test_whatif_says_where_it_is_not_exact(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from watchkeeper.evaluation import whatif

    monkeypatch.setattr(whatif, "MAX_COMPARED", 1)
    (tmp_path / "a.json").write_bytes(snapshot(instance("i-1", "m5.large"), instance("i-2", "m5.large")))
    code, text, said = run("whatif", "a.json", "--rules", TYPES, "--json")
    assert (code, valid("whatif", text)["exact"]) == (1, False)
    code, _, said = run("whatif", "a.json", "--rules", TYPES)
    assert "not exact" in said
