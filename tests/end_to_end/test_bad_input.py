"""What a user gets wrong, or finds broken: a clear answer, the exit code that the help promises, and nothing lost."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import boto3
import pytest
import yaml

from tests.support.user import User, user_in


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    with user_in(tmp_path_factory.mktemp("bad")) as somebody:
        assert somebody("init").code == 0
        yield somebody


def with_settings(user: User, env: str, **settings: object) -> None:
    """A stack file of its own: the scaffold's dev settings with these instead."""
    given = yaml.safe_load((user.home / "infra" / "Pulumi.dev.yaml").read_text())
    given["config"] |= {f"watchkeeper:{key}": value for key, value in settings.items()}
    (user.home / "infra" / f"Pulumi.{env}.yaml").write_text(yaml.safe_dump(given))


MISTAKES = {
    "environmentSuffix": ("Dev_", ["'Dev_'", "lower-case"]),
    "ownr": ("me", ["owner"]),
    "approvedInstanceTypes": (["t3micro"], ["'t3micro'", "t3.micro"]),
    "alertEmails": (["nobody"], ["'nobody'", "email"]),
    "aggregator": ({"regions": ["eu-west-1", "eu-west-1"]}, ["eu-west-1", "more than once"]),
    "minimumBackupRetentionDays": (99, ["35"]),
}


def test_all_settings_are_judged_at_once(user: User) -> None:
    with_settings(user, "wrong", **{key: value for key, (value, _) in MISTAKES.items()})
    for command in ("up", "status"):
        ran = user(command, "--env", "wrong")
        assert ran.code == 2, ran.err
        assert ran.out == ""
        lines = ran.err.splitlines()
        for key, (_, words) in MISTAKES.items():
            (line,) = [line for line in lines if f"watchkeeper:{key}" in line]
            assert all(word in line for word in words), line


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"identifier": "S3_BUCKET_VERSIONING_ENABLD"}, ["S3_BUCKET_VERSIONING_ENABLED"]),
        ({"identifier": "ACCESS_KEYS_ROTATED", "parameters": {"maxAccessKeyAge": "soon"}}, ["maxAccessKeyAge", "soon"]),
        ({"identifier": "ACCESS_KEYS_ROTATED", "parameters": {"maxAccesKeyAge": "90"}}, ["maxAccessKeyAge"]),
        ({"identifier": "ACCESS_KEYS_ROTATED"}, ["maxAccessKeyAge"]),
        ({"identifier": "S3_BUCKET_VERSIONING_ENABLED", "frequency": "One_Hour"}, ["frequency", "periodic"]),
    ],
    ids=["unknown-rule", "malformed-parameter", "unknown-parameter", "missing-parameter", "frequency"],
)
def test_a_wrong_rule_is_named_with_the_nearest(user: User, rule: dict[str, object], words: list[str]) -> None:
    with_settings(user, "rules", rules=[rule], remediation={})
    ran = user("preview", "--env", "rules")
    assert ran.code == 2, ran.err
    assert all(word in ran.err for word in words), ran.err


def test_a_settings_file_that_is_no_yaml(user: User) -> None:
    (user.home / "infra" / "Pulumi.broken.yaml").write_text("config: [\n")
    ran = user("preview", "--env", "broken")
    assert ran.code == 2
    assert "Pulumi.broken.yaml" in ran.err
    assert "Traceback" not in ran.err


def test_projects_and_environments_that_are_not_there(user: User) -> None:
    for command in ("up", "destroy", "status"):
        more = ("--yes",) if command == "destroy" else ()
        nowhere = user(command, "--project", "nowhere", *more)
        assert nowhere.code == 2, command
        assert "nowhere" in nowhere.err
        unknown = user(command, "--env", "staging", *more)
        assert unknown.code == 2, command
        assert "dev" in unknown.err, "it names those there are"


def test_a_port_that_is_taken(user: User) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        ran = user("local", "start", "--port", str(other.getsockname()[1]))
    assert ran.code == 3, ran.err
    assert "in use" in ran.err or "taken" in ran.err
    assert user("local", "status").code == 3


@pytest.fixture(scope="module")
def deployed(user: User) -> User:
    up = user("up", within=170)
    assert up.code == 0, up.err
    return user


def test_a_corrupt_state_file_is_not_overwritten(deployed: User) -> None:
    state = deployed.home / "infra" / ".watchkeeper" / "state" / "watchkeeper.dev.json"
    good = state.read_bytes()
    broken = good[: len(good) // 2]
    state.write_bytes(broken)
    try:
        for command in (["up"], ["destroy", "--yes"], ["status"]):
            ran = deployed(*command)
            assert ran.code == 3, (command, ran.err)
            assert state.name in ran.err, (command, ran.err)
            assert "internal error" not in ran.err, (command, ran.err)
            assert state.read_bytes() == broken
    finally:
        state.write_bytes(good)
    assert deployed("preview", "--json").json()["counts"].keys() == {"same"}


def test_a_denied_look_is_unknown_never_passed(deployed: User) -> None:
    from watchkeeper.local import deploying
    from watchkeeper.monitoring import verification

    iam = deployed.client("iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]

    env = deployed("local", "env", "--json").json()["environment"]

    def client(service: str) -> object:
        return boto3.client(
            service,
            endpoint_url=env["AWS_ENDPOINT_URL"],
            region_name=env["AWS_REGION"],
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )

    outputs = deploying.outputs(deployed.home / "infra" / ".watchkeeper", "watchkeeper", "dev")
    probe = verification.Probe(client, verification.Deployment.of(outputs))
    answers = list(verification.verify(probe))
    assert {answer.step.id: answer.outcome.value for answer in answers} == {
        answer.step.id: "unknown" for answer in answers
    }
    assert all("Denied" in seen.saw or "not authorized" in seen.saw for one in answers for seen in one.observations)
    iam.delete_access_key(UserName="nobody", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="nobody")


def test_what_was_changed_by_hand_is_found_by_verify(deployed: User) -> None:
    config = deployed.client("config")
    config.stop_configuration_recorder(ConfigurationRecorderName="config-recorder-dev")
    ran = deployed("verify", "--json")
    assert ran.code == 1
    (recorder,) = [check for check in ran.json()["checks"] if check["id"] == "recorder-recording"]
    assert recorder["outcome"] == "failed"
    assert "start-configuration-recorder" in recorder["observations"][0]["fix"]
    config.start_configuration_recorder(ConfigurationRecorderName="config-recorder-dev")


def test_a_report_bucket_that_is_gone(deployed: User) -> None:
    s3 = deployed.client("s3")
    bucket = next(one["Name"] for one in s3.list_buckets()["Buckets"] if one["Name"].startswith("compliance-reports"))
    while True:
        listed = s3.list_object_versions(Bucket=bucket)
        versions = [*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())]
        for one in versions:
            s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
        try:
            s3.delete_bucket(Bucket=bucket)
            break
        except s3.exceptions.ClientError as error:
            # AWS Config may just have delivered something more.
            assert error.response["Error"]["Code"] == "BucketNotEmpty"
    for command in (["report", "run"], ["report", "list"]):
        ran = deployed(*command)
        assert ran.code == 3, ran.err
        assert "NoSuchBucket" in ran.err
    checks = {check["id"]: check["outcome"] for check in deployed("verify", "--json").json()["checks"]}
    assert checks["bucket-protected"] == "failed"
    assert deployed("status").code == 0, "compliance is asked of AWS Config, not of the bucket"


def test_an_embedded_aws_that_does_not_run(deployed: User) -> None:
    assert deployed("local", "stop").code == 0
    for command in (["status"], ["local", "env"], ["local", "status"], ["preview"]):
        ran = deployed(*command)
        assert ran.code == 3, (command, ran.err)
        assert "watchkeeper local start" in ran.err
