"""The framework's promises: names, differences, refusals, clean-up after a failure, recovery."""

from __future__ import annotations

import base64
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest

from watchkeeper.pulumi.engine.provider import Change, Diff, ProviderError, State
from watchkeeper.pulumi.graph import UNKNOWN, Archive, Asset
from watchkeeper.pulumi.provider import AwsProvider, s3

BUCKET, KEY, ROLE = "aws:s3/bucket:Bucket", "aws:kms/key:Key", "aws:iam/role:Role"
FUNCTION, QUEUE, TOPIC = "aws:lambda/function:Function", "aws:sqs/queue:Queue", "aws:sns/topic:Topic"


def trust(*services: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": ["sts:AssumeRole"]}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


# Names.


def test_a_name_is_made_of_the_resource_s_and_seven_hexadecimal_digits(provider: AwsProvider) -> None:
    name = provider.complete(BUCKET, "Reports", {})["bucket"]
    assert name.startswith("reports-")
    assert len(name.removeprefix("reports-")) == 7
    assert int(name.removeprefix("reports-"), 16) >= 0
    fifo = provider.complete(QUEUE, "in", {"fifoQueue": True})["name"]
    assert fifo.startswith("in-")
    assert fifo.endswith(".fifo")
    assert provider.complete("aws:kms/alias:Alias", "k", {})["name"].startswith("alias/k-")
    assert len(provider.complete(ROLE, "r" * 200, {})["name"]) == 64


def test_a_name_stays_when_the_resource_changes(provider: AwsProvider) -> None:
    inputs = {"assumeRolePolicy": trust("lambda.amazonaws.com")}
    state = provider.create(ROLE, "stable", inputs)
    try:
        after = provider.update(ROLE, state, inputs, {**inputs, "description": "changed"})
        assert after.id == state.id
        assert after.outputs["name"] == state.outputs["name"]
    finally:
        provider.delete(ROLE, state, inputs)


def test_a_name_that_was_made_up_is_no_difference(provider: AwsProvider) -> None:
    completed = provider.complete(TOPIC, "t", {})
    old = State("arn", {"name": completed["name"]})
    assert provider.diff(TOPIC, old, completed, {}).change is Change.NONE
    assert provider.diff(TOPIC, old, completed, {"name": "other"}).change is Change.REPLACE


# Differences.


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"bucket": "a-bucket"}, {"bucket": "a-bucket"}, Change.NONE),
        ({"bucket": "a-bucket"}, {"bucket": "b-bucket"}, Change.REPLACE),
        ({"bucket": "a-bucket"}, {"bucket": UNKNOWN}, Change.UPDATE),
        ({"bucket": "a-bucket", "region": "us-east-1"}, {"bucket": "a-bucket", "region": "eu-west-1"}, Change.REPLACE),
        ({}, {"forceDestroy": False}, Change.NONE),
        ({"tags": {"a": "1", "b": "2"}}, {"tags": {"b": "2", "a": "1"}}, Change.NONE),
        ({"tags": {"a": "1"}}, {"tags": {"a": UNKNOWN}}, Change.UPDATE),
        ({"tags": {"a": "1"}}, {}, Change.UPDATE),
    ],
)
def test_buckets_are_compared_by_meaning(
    provider: AwsProvider, old: dict[str, Any], new: dict[str, Any], expected: Change
) -> None:
    assert provider.diff(BUCKET, State("x", {}), old, new).change is expected


def test_policies_are_compared_as_documents(provider: AwsProvider) -> None:
    one = {"assumeRolePolicy": trust("lambda.amazonaws.com", "events.amazonaws.com")}
    document = json.loads(trust("events.amazonaws.com", "lambda.amazonaws.com"))
    document["Statement"][0]["Action"] = "sts:AssumeRole"
    document["Statement"] = document["Statement"][0]
    two = {"assumeRolePolicy": json.dumps(document, indent=2)}
    assert provider.diff(ROLE, State("r", {}), one, two).change is Change.NONE
    three = {"assumeRolePolicy": trust("lambda.amazonaws.com")}
    assert provider.diff(ROLE, State("r", {}), one, three) == Diff(Change.UPDATE, ("assumeRolePolicy",))


def test_a_fixed_name_has_to_go_before_its_successor_comes(provider: AwsProvider) -> None:
    old = {"name": "fixed", "assumeRolePolicy": trust("lambda.amazonaws.com"), "path": "/a/"}
    new = {**old, "path": "/b/"}
    assert provider.diff(ROLE, State("fixed", {}), old, new) == Diff(Change.REPLACE, ("path",), True)
    del old["name"], new["name"]
    assert provider.diff(ROLE, State("r-1234567", {}), old, new) == Diff(Change.REPLACE, ("path",), False)


def test_drift_that_a_refresh_saw_is_put_right(provider: AwsProvider, session: boto3.session.Session) -> None:
    inputs = {"visibilityTimeoutSeconds": 60}
    state = provider.create(QUEUE, "drifting", inputs)
    try:
        client = session.client("sqs", endpoint_url=provider._clients.endpoint_url)
        client.set_queue_attributes(QueueUrl=state.id, Attributes={"VisibilityTimeout": "5"})
        read = provider.read(QUEUE, state.id, inputs)
        assert read is not None
        assert provider.diff(QUEUE, read, inputs, inputs) == Diff(Change.UPDATE, ("visibilityTimeoutSeconds",))
    finally:
        provider.delete(QUEUE, state, inputs)


# Code.


def test_code_is_compared_by_content_even_when_the_files_changed_under_it(
    provider: AwsProvider, session: boto3.session.Session, tmp_path: Path
) -> None:
    role = provider.create(ROLE, "code", {"assumeRolePolicy": trust("lambda.amazonaws.com")})
    (tmp_path / "index.py").write_text("def handler(event, context):\n    return 1\n")
    inputs = {
        "code": Archive(path=str(tmp_path)),
        "role": role.outputs["arn"],
        "runtime": "python3.12",
        "handler": "index.handler",
    }
    state = provider.create(FUNCTION, "code", inputs)
    try:
        assert provider.diff(FUNCTION, state, inputs, inputs).change is Change.NONE
        (tmp_path / "index.py").write_text("def handler(event, context):\n    return 2\n")
        assert provider.diff(FUNCTION, state, inputs, inputs) == Diff(Change.UPDATE, ("code",))
        after = provider.update(FUNCTION, state, inputs, inputs)
        assert after.outputs["sourceCodeHash"] != state.outputs["sourceCodeHash"]
        assert provider.diff(FUNCTION, after, inputs, inputs).change is Change.NONE
        client = session.client("lambda", endpoint_url=provider._clients.endpoint_url)
        assert json.loads(client.invoke(FunctionName=state.id)["Payload"].read()) == 2
    finally:
        provider.delete(FUNCTION, state, inputs)
        provider.delete(ROLE, role, {})


def test_the_hash_is_the_one_that_aws_gives(provider: AwsProvider) -> None:
    from watchkeeper.pulumi.provider.archives import zip_bytes

    archive = Archive(
        parts={"b/c.py": Asset(text="1"), "a.py": Asset(text="2"), "lib": Archive(parts={"d": Asset(text="3")})}
    )
    again = Archive(parts=dict(reversed(list((archive.parts or {}).items()))))
    assert zip_bytes(archive) == zip_bytes(again)
    role = provider.create(ROLE, "hash", {"assumeRolePolicy": trust("lambda.amazonaws.com")})
    inputs = {"code": archive, "role": role.outputs["arn"], "runtime": "python3.12", "handler": "a.handler"}
    state = provider.create(FUNCTION, "hash", inputs)
    provider.delete(FUNCTION, state, inputs)
    provider.delete(ROLE, role, {})
    digest = hashlib.sha256(zip_bytes(archive)).digest()
    assert state.outputs["codeSha256"] == base64.b64encode(digest).decode()


# Inputs.


@pytest.mark.parametrize(
    ("type_", "inputs", "fragments"),
    [
        (BUCKET, {"buckt": "x"}, ["buckt is not a property", "Did you mean bucket?"]),
        (BUCKET, {"bucket": "Upper"}, ["no bucket name"]),
        (BUCKET, {"bucket": "arn:aws:s3:::x"}, ["takes a name, not the ARN"]),
        (BUCKET, {"tags": []}, ["tags takes an object, not a list"]),
        (
            BUCKET,
            {"replicationConfiguration": {"role": "r", "rules": []}},
            ["replicationConfiguration is not supported"],
        ),
        (ROLE, {}, ["assumeRolePolicy is required and missing"]),
        (ROLE, {"assumeRolePolicy": "nonsense"}, ["not a JSON document"]),
        (KEY, {"deletionWindowInDays": 3}, ["between 7 and 30"]),
        ("aws:cloudwatch/logGroup:LogGroup", {"retentionInDays": 8}, ["retentionInDays has to be one of"]),
        ("aws:cfg/rule:Rule", {"source": {"owner": "AMAZON"}}, ["AWS, CUSTOM_LAMBDA or CUSTOM_POLICY"]),
        ("aws:cfg/rule:Rule", {"source": {"ownr": "AWS"}}, ["source.ownr is not a property", "owner is required"]),
        (
            "aws:cfg/configurationAggregator:ConfigurationAggregator",
            {},
            ["exactly one of accountAggregationSource, organizationAggregationSource"],
        ),
        (FUNCTION, {"role": "x", "handler": "a.b"}, ["exactly one of code", "runtime is required", "role has to be"]),
        (QUEUE, {"delaySeconds": 901}, ["between 0 and 900"]),
        (QUEUE, {"delaySeconds": "soon"}, ["delaySeconds takes a number"]),
        (QUEUE, {"fifoQueue": True, "name": "x"}, ["ends with .fifo"]),
    ],
)
def test_what_is_wrong_is_named(
    provider: AwsProvider, type_: str, inputs: dict[str, Any], fragments: list[str]
) -> None:
    found = "\n".join(provider.check(type_, "x", inputs))
    for fragment in fragments:
        assert fragment in found


def test_unknown_values_are_no_problem(provider: AwsProvider) -> None:
    assert provider.check(BUCKET, "x", {"bucket": UNKNOWN, "tags": UNKNOWN}) == []
    assert provider.check(ROLE, "x", {"assumeRolePolicy": UNKNOWN}) == []


def test_a_preview_knows_the_inputs_and_nothing_that_aws_computes(provider: AwsProvider) -> None:
    outputs = provider.preview_outputs(BUCKET, "x", {"bucket": "named", "tags": {"a": "1"}})
    assert outputs["bucket"] == "named"
    assert outputs["region"] == "us-east-1"
    assert outputs["tagsAll"] == {"a": "1"}
    assert outputs["arn"] is UNKNOWN
    assert provider.preview_outputs(BUCKET, "x", {})["bucket"] is UNKNOWN


def test_a_type_that_is_not_supported_is_named_with_the_nearest(provider: AwsProvider) -> None:
    with pytest.raises(
        ProviderError, match=r"aws:s3/bucke:Bucket is not supported .* Did you mean aws:s3/bucket:Bucket"
    ):
        provider.check("aws:s3/bucke:Bucket", "x", {})


# Failures.


def test_aws_s_refusal_carries_operation_and_code(provider: AwsProvider) -> None:
    with pytest.raises(ProviderError) as caught:
        provider.create(
            "aws:s3/bucketVersioning:BucketVersioning",
            "x",
            {
                "bucket": "there-is-no-such-bucket",
                "versioningConfiguration": {"status": "Enabled"},
            },
        )
    assert (caught.value.operation, caught.value.code) == ("PutBucketVersioning", "NoSuchBucket")


def test_what_was_half_made_is_removed(provider: AwsProvider, session: boto3.session.Session) -> None:
    inputs = {
        "name": "half-made",
        "assumeRolePolicy": trust("lambda.amazonaws.com"),
        "inlinePolicies": [{"name": "good", "policy": trust("x")}, {"name": "no spaces allowed " * 20, "policy": "{}"}],
        "managedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::000000000000:policy/none"],
    }
    with pytest.raises(ProviderError):
        provider.create(ROLE, "x", inputs)
    assert provider.read(ROLE, "half-made", inputs) is None


def test_a_bucket_with_objects_goes_only_when_told_to(provider: AwsProvider, session: boto3.session.Session) -> None:
    inputs = {"versioning": {"enabled": True}}
    state = provider.create(BUCKET, "full", inputs)
    client = session.client("s3", endpoint_url=provider._clients.endpoint_url)
    for body in (b"1", b"2"):
        client.put_object(Bucket=state.id, Key="a", Body=body)
    client.delete_object(Bucket=state.id, Key="a")
    with pytest.raises(ProviderError) as caught:
        provider.delete(BUCKET, state, inputs)
    assert caught.value.code == "BucketNotEmpty"
    provider.delete(BUCKET, state, {**inputs, "forceDestroy": True})
    assert provider.read(BUCKET, state.id, inputs) is None


def test_what_is_written_while_a_bucket_goes_goes_too(
    provider: AwsProvider, session: boto3.session.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = provider.create(BUCKET, "written", {"forceDestroy": True})
    client = session.client("s3", endpoint_url=provider._clients.endpoint_url)
    late, empty_bucket = [b"1", b"2"], s3.empty_bucket

    def empty_and_write(aws: Any, bucket: str) -> None:
        empty_bucket(aws, bucket)
        if late:
            client.put_object(Bucket=bucket, Key="late", Body=late.pop())

    monkeypatch.setattr(s3, "empty_bucket", empty_and_write)
    provider.delete(BUCKET, state, {"forceDestroy": True})
    assert provider.read(BUCKET, state.id, {}) is None


def test_a_bucket_that_exists_is_not_taken_over(provider: AwsProvider) -> None:
    state = provider.create(BUCKET, "x", {"bucket": "taken-already"})
    with pytest.raises(ProviderError) as caught:
        provider.create(BUCKET, "y", {"bucket": "taken-already"})
    assert caught.value.code == "BucketAlreadyOwnedByYou"
    assert provider.read(BUCKET, state.id, {}) is not None
    provider.delete(BUCKET, state, {})


def test_a_role_keeps_what_others_attached(provider: AwsProvider, session: boto3.session.Session) -> None:
    inputs = {"assumeRolePolicy": trust("lambda.amazonaws.com")}
    state = provider.create(ROLE, "attached", inputs)
    iam = session.client("iam", endpoint_url=provider._clients.endpoint_url)
    iam.attach_role_policy(RoleName=state.id, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    with pytest.raises(ProviderError) as caught:
        provider.delete(ROLE, state, inputs)
    assert caught.value.code == "DeleteConflict"
    provider.delete(ROLE, state, {**inputs, "forceDetachPolicies": True})
    assert provider.read(ROLE, state.id, inputs) is None


def test_a_deleted_key_is_pending_deletion(provider: AwsProvider, session: boto3.session.Session) -> None:
    state = provider.create(KEY, "k", {"deletionWindowInDays": 7})
    provider.delete(KEY, state, {"deletionWindowInDays": 7})
    kms = session.client("kms", endpoint_url=provider._clients.endpoint_url)
    assert kms.describe_key(KeyId=state.id)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert provider.read(KEY, state.id, {}) is None


# Recovery.


def test_what_an_interrupted_creation_made_is_found(provider: AwsProvider) -> None:
    completed = provider.complete(TOPIC, "found", {"displayName": "x"})
    assert provider.find(TOPIC, "found", completed) is None
    state = provider.create(TOPIC, "found", completed)
    found = provider.find(TOPIC, "found", completed)
    assert found is not None
    assert found.id == state.id
    provider.delete(TOPIC, state, completed)


def test_what_has_no_name_is_not_guessed(provider: AwsProvider) -> None:
    for type_ in (TOPIC, KEY):
        with pytest.raises(ProviderError) as caught:
            provider.find(type_, "x", {})
        assert caught.value.code == "NoFixedName"


# Regions, tags, threads.


def test_a_resource_can_say_its_region(provider: AwsProvider) -> None:
    inputs = {"region": "eu-west-1"}
    state = provider.create(TOPIC, "abroad", inputs)
    assert state.outputs["arn"].startswith("arn:aws:sns:eu-west-1:")
    assert state.outputs["region"] == "eu-west-1"
    provider.delete(TOPIC, state, inputs)


def test_default_tags_reach_every_resource(endpoint: str, session: boto3.session.Session) -> None:
    tagging = AwsProvider(endpoint, "us-east-1", "test", "test", "000000000000", {"Owner": "platform"})
    inputs = {"tags": {"a": "1"}}
    state = tagging.create(TOPIC, "tagged", inputs)
    assert state.outputs["tagsAll"] == {"Owner": "platform", "a": "1"}
    assert tagging.diff(TOPIC, state, inputs, inputs).change is Change.NONE
    sns = session.client("sns", endpoint_url=endpoint)
    keys = {tag["Key"] for tag in sns.list_tags_for_resource(ResourceArn=state.id)["Tags"]}
    assert keys == {"Owner", "a"}
    tagging.delete(TOPIC, state, inputs)


def test_many_threads_at_once(endpoint: str) -> None:
    fresh = AwsProvider(endpoint, "us-east-1", "test", "test", "000000000000")

    def cycle(number: int) -> str:
        type_ = (TOPIC, QUEUE, KEY)[number % 3]
        state = fresh.create(type_, f"thread-{number}", {})
        fresh.delete(type_, state, {})
        return state.id

    with ThreadPoolExecutor(12) as pool:
        ids = list(pool.map(cycle, range(24)))
    assert len(set(ids)) == 24
