"""Start, stop, crash, start again; and the reset that test suites live by."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import boto3
import pytest

from tests.local.support import Aws, document, prepare
from tests.support.waiting import eventually
from watchkeeper.local.server import EmbeddedError, find, running, start, stop


def test_what_was_there_is_there_again(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        aws = Aws(server)
        aws.start_recording("us-east-1", prepare(aws))
        aws.client("s3").put_object(Bucket="config-123456789012", Key="kept", Body=b"body")
        aws.client("rds").create_db_instance(
            DBInstanceIdentifier="kept-db",
            DBInstanceClass="db.t3.micro",
            Engine="mysql",
            MasterUsername="admin",
            MasterUserPassword="password1",
            AllocatedStorage=20,
        )
        assert eventually(lambda: aws.states("AWS::S3::Bucket", "config-123456789012"))
    assert find(tmp_path) is None

    with running(tmp_path) as server:
        aws = Aws(server)
        assert aws.client("s3").get_object(Bucket="config-123456789012", Key="kept")["Body"].read() == b"body"
        assert aws.client("rds").describe_db_instances()["DBInstances"][0]["DBInstanceIdentifier"] == "kept-db"
        assert aws.states("AWS::S3::Bucket", "config-123456789012") == ["ResourceDiscovered"]
        assert aws.client("config").describe_configuration_recorder_status()["ConfigurationRecordersStatus"][0][
            "recording"
        ]
        # It goes on recording without being told.
        aws.client("s3").create_bucket(Bucket="after-the-restart")
        assert eventually(lambda: aws.states("AWS::S3::Bucket", "after-the-restart"))


def test_what_lives_is_not_taken_for_deleted_after_a_restart(tmp_path: Path) -> None:
    """Whatever a reader names a resource by: an IAM policy's key is its ARN."""
    with running(tmp_path) as server:
        aws = Aws(server)
        aws.start_recording("us-east-1", prepare(aws))
        nothing = document({"Effect": "Deny", "Action": "*", "Resource": "*"})
        policy = aws.client("iam").create_policy(PolicyName="kept", PolicyDocument=nothing)["Policy"]["PolicyId"]
        topic = aws.client("sns").create_topic(Name="kept")["TopicArn"]
        assert eventually(lambda: aws.states("AWS::IAM::Policy", policy) and aws.states("AWS::SNS::Topic", topic))
    with running(tmp_path) as server:
        aws = Aws(server)
        aws.client("s3").create_bucket(Bucket="after-the-restart")
        aws.client("iam").create_policy(PolicyName="other", PolicyDocument=nothing)
        assert eventually(lambda: aws.states("AWS::S3::Bucket", "after-the-restart"))
        assert server.wait_until_idle()
        assert "ResourceDeleted" not in aws.states("AWS::IAM::Policy", policy)
        assert aws.states("AWS::SNS::Topic", topic) == ["ResourceDiscovered"]


def test_a_kill_costs_nothing(tmp_path: Path) -> None:
    server = start(tmp_path)
    aws = Aws(server)
    aws.start_recording("us-east-1", prepare(aws))
    aws.client("s3").create_bucket(Bucket="survives")
    assert eventually(lambda: aws.states("AWS::S3::Bucket", "survives"))
    os.kill(server.pid, signal.SIGKILL)
    os.waitpid(server.pid, 0)
    assert find(tmp_path) is None

    with running(tmp_path) as server:
        aws = Aws(server)
        aws.client("s3").head_bucket(Bucket="survives")
        assert aws.states("AWS::S3::Bucket", "survives") == ["ResourceDiscovered"]


def test_starting_twice_gives_the_same_one_and_other_options_are_refused(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        assert start(tmp_path) == first
        assert find(tmp_path) == first
        with pytest.raises(EmbeddedError, match="stop it first"):
            start(tmp_path, region="eu-west-1")
    assert stop(tmp_path) is False


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EmbeddedError, match=f"port {port}"):
            start(tmp_path, port)


def test_a_left_over_description_is_no_server(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    (tmp_path / "server.json").write_text(
        f'{{"endpoint": "http://127.0.0.1:9", "pid": {os.getpid()}, "account": "1", "region": "r", "iam": true}}'
    )
    assert find(tmp_path) is None
    assert stop(tmp_path) is False


def test_it_resets_again_and_again(tmp_path: Path) -> None:
    # How soon it is ready is measured by the benchmark.
    with running(tmp_path, account="210987654321", region="eu-central-1") as server:
        s3 = boto3.client("s3", **server.boto())
        config = boto3.client("config", **server.boto())
        for _ in range(10):
            s3.create_bucket(Bucket="reset-me", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
            config.put_retention_configuration(RetentionPeriodInDays=60)
            server.reset()
            assert s3.list_buckets()["Buckets"] == []
            assert config.describe_retention_configurations()["RetentionConfigurations"] == []
        assert boto3.client("sts", **server.boto()).get_caller_identity()["Account"] == "210987654321"


def test_ministack_s_own_reset_resets_config_too(aws: Aws, tmp_path: Path) -> None:
    import urllib.request

    with running(tmp_path) as server:
        own = Aws(server)
        own.start_recording("us-east-1", prepare(own))
        bearer = {"Authorization": f"Bearer {server.secret}"}
        request = urllib.request.Request(f"{server.endpoint}/_ministack/reset", method="POST", headers=bearer)
        urllib.request.urlopen(request, timeout=10).read()
        assert own.client("config").describe_configuration_recorders()["ConfigurationRecorders"] == []
        assert server.status()["recorder"]["recording"] == []


def test_an_unknown_path_of_ours_names_those_there_are(aws: Aws) -> None:
    import urllib.error
    import urllib.request

    bearer = {"Authorization": f"Bearer {aws.running.secret}"}
    request = urllib.request.Request(f"{aws.running.endpoint}/_watchkeeper/nothing", headers=bearer)
    with pytest.raises(urllib.error.HTTPError) as unknown:
        urllib.request.urlopen(request, timeout=10)
    assert unknown.value.code == 404
    assert b"health" in unknown.value.read()
