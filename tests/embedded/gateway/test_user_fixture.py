"""What users import into their own conftest."""

from __future__ import annotations

import boto3
import pytest

from watchkeeper.embedded.server import Running
from watchkeeper.embedded.testing import aws, aws_server

__all__ = ["aws", "aws_server"]


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_gets_an_empty_account_and_clients_find_it(aws: Running, turn: int) -> None:
    s3 = boto3.client("s3")
    assert s3.list_buckets()["Buckets"] == []
    s3.create_bucket(Bucket="the-same-name-each-time")
    assert boto3.client("sts").get_caller_identity()["Account"] == aws.account
