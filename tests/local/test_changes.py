"""From a request to what it may have changed."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.local.changes import EVERYTHING, SERVICES, Request, changes, is_read_only, worth_reading
from watchkeeper.local.readable import READABLE


def request(
    service: str,
    *,
    method: str = "POST",
    path: str = "/",
    query: str = "",
    host: str = "127.0.0.1:4566",
    target: str = "",
    form: dict[str, str] | None = None,
    body: object = None,
) -> Request:
    credential = f"AWS4-HMAC-SHA256 Credential=123456789012/20261123/us-east-1/{service}/aws4_request, Signature=x"
    headers = {"authorization": credential, "host": host}
    if target:
        headers["x-amz-target"] = target
    if form is not None:
        headers["content-type"] = "application/x-www-form-urlencoded; charset=utf-8"
        return Request(method, path, query, headers, urlencode(form).encode())
    return Request(method, path, query, headers, json.dumps(body).encode() if body is not None else b"")


def found(asked: Request, reply: bytes = b"") -> set[tuple[str, str]]:
    return {(c.resource_type, c.key) for c in changes(asked, reply, "123456789012", "us-east-1")}


BUCKET = "AWS::S3::Bucket"
ARN = "arn:aws:sns:us-east-1:123456789012:alerts"


@pytest.mark.parametrize(
    ("asked", "reply", "expected"),
    [
        (request("s3", method="PUT", path="/my-bucket"), b"", {(BUCKET, "my-bucket")}),
        (request("s3", method="PUT", path="/my-bucket", query="versioning"), b"", {(BUCKET, "my-bucket")}),
        (
            request("s3", method="PUT", path="/", query="policy", host="my-bucket.s3.amazonaws.com"),
            b"",
            {(BUCKET, "my-bucket")},
        ),
        (request("s3", method="DELETE", path="/", host="my-bucket.localhost:4566"), b"", {(BUCKET, "my-bucket")}),
        (request("s3", method="PUT", path="/my-bucket/key"), b"", set()),
        (request("s3", method="POST", path="/my-bucket", query="delete"), b"", set()),
        (
            request("s3", method="PUT", path="/v20180820/configuration/publicAccessBlock"),
            b"",
            {("AWS::S3::AccountPublicAccessBlock", "123456789012")},
        ),
        (
            request("ec2", form={"Action": "RunInstances", "SubnetId": "subnet-0123456789abcdef0"}),
            b"<r><instanceId>i-0123456789abcdef0</instanceId><volumeId>vol-0123456789abcdef0</volumeId></r>",
            {
                ("AWS::EC2::Instance", "i-0123456789abcdef0"),
                ("AWS::EC2::Volume", "vol-0123456789abcdef0"),
                ("AWS::EC2::Subnet", "subnet-0123456789abcdef0"),
            },
        ),
        (
            request("ec2", form={"Action": "CreateTags", "ResourceId.1": "sg-01234567", "Tag.1.Key": "a"}),
            b"",
            {("AWS::EC2::SecurityGroup", "sg-01234567")},
        ),
        (
            request("rds", form={"Action": "ModifyDBInstance", "DBInstanceIdentifier": "db"}),
            b"",
            {("AWS::RDS::DBInstance", "db")},
        ),
        (
            request(
                "rds", form={"Action": "AddTagsToResource", "ResourceName": "arn:aws:rds:us-east-1:123456789012:db:db"}
            ),
            b"",
            {("AWS::RDS::DBInstance", "db")},
        ),
        (
            request(
                "iam", form={"Action": "AttachRolePolicy", "RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/X"}
            ),
            b"",
            {("AWS::IAM::Role", "r")},
        ),
        (request("sns", form={"Action": "SetTopicAttributes", "TopicArn": ARN}), b"", {("AWS::SNS::Topic", ARN)}),
        (request("sns", form={"Action": "Publish", "TopicArn": ARN}), b"", set()),
        (
            request("dynamodb", target="DynamoDB_20120810.UpdateTable", body={"TableName": "t"}),
            b"{}",
            {("AWS::DynamoDB::Table", "t")},
        ),
        (request("dynamodb", target="DynamoDB_20120810.PutItem", body={"TableName": "t"}), b"{}", set()),
        (
            request("kms", target="TrentService.CreateKey", body={}),
            json.dumps({"KeyMetadata": {"KeyId": "k", "Arn": "arn:aws:kms:us-east-1:123456789012:key/k"}}).encode(),
            {("AWS::KMS::Key", "k")},
        ),
        (
            request("lambda", method="PUT", path="/2015-03-31/functions/f/configuration", body={}),
            b"{}",
            {("AWS::Lambda::Function", "f")},
        ),
        (request("lambda", path="/2015-03-31/functions/f/invocations", body={}), b"{}", set()),
        (request("monitoring", path="/service/Granite/operation/PutMetricData"), b"", set()),
        (request("cloudformation", form={"Action": "CreateStack", "StackName": "s"}), b"", {(EVERYTHING, EVERYTHING)}),
        (
            request("cloudtrail", target="x.StopLogging", body={"Name": "t"}),
            b"",
            {("AWS::CloudTrail::Trail", EVERYTHING)},
        ),
        (
            request("iam", form={"Action": "UpdateAccountPasswordPolicy"}),
            b"",
            {(t, EVERYTHING) for t in SERVICES["iam"].types},
        ),
        (request("sqs", target="AmazonSQS.ListQueues", body={}), b"", set()),
        (request("unheard-of", body={}), b"", set()),
    ],
)
def test_what_a_request_may_have_changed(asked: Request, reply: bytes, expected: set[tuple[str, str]]) -> None:
    assert found(asked, reply) == expected


def test_every_type_named_has_a_reader() -> None:
    named = {type_ for service in SERVICES.values() for type_ in service.types} - {EVERYTHING}
    assert named <= READABLE
    assert READABLE - named == {
        "AWS::S3::Bucket",
        "AWS::S3::AccountPublicAccessBlock",
        "AWS::CloudFormation::Stack",
        "AWS::SSM::ManagedInstanceInventory",
    }


@given(
    st.sampled_from([*SERVICES, "s3", "", "nothing"]),
    st.sampled_from(["POST", "PUT", "DELETE", "PATCH", "GET"]),
    st.text(max_size=40),
    st.text(max_size=40),
    st.binary(max_size=200),
    st.binary(max_size=200),
)
def test_no_request_breaks_it(service: str, method: str, path: str, query: str, body: bytes, reply: bytes) -> None:
    asked = request(service, method=method, path=f"/{path}", query=query)
    asked = Request(asked.method, asked.path, asked.query, asked.headers, body)
    worth_reading(asked)
    is_read_only(asked)
    for change in changes(asked, reply, "123456789012", "us-east-1"):
        assert change.key
