"""What users import into their own conftest."""

from __future__ import annotations

import textwrap
from typing import Any

import boto3
import pytest

from watchkeeper.local import testing
from watchkeeper.local.server import Running
from watchkeeper.local.testing import aws, aws_server

__all__ = ["aws", "aws_server"]


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_gets_an_empty_account_and_clients_find_it(aws: Running, turn: int) -> None:
    s3 = boto3.client("s3")
    assert s3.list_buckets()["Buckets"] == []
    s3.create_bucket(Bucket="the-same-name-each-time")
    assert boto3.client("sts").get_caller_identity()["Account"] == aws.account


def test_the_example_in_the_documentation_runs(aws: Running) -> None:
    """The test in the docstring, as it stands there."""
    text = testing.__doc__ or ""
    example = text.partition("In a test::")[2].partition("``aws`` is")[0]
    names: dict[str, Any] = {}
    exec(textwrap.dedent(example), names)
    tests = [value for name, value in names.items() if name.startswith("test_")]
    assert len(tests) == 1
    tests[0](aws)


def test_recording_is_one_call_in_any_account_and_region(aws: Running) -> None:
    aws.record()
    aws.record(account="222233334444", region="eu-west-1")
    recording = aws.status()["recorder"]["recording"]
    assert {(place["account"], place["region"]) for place in recording} == {
        (aws.account, aws.region),
        ("222233334444", "eu-west-1"),
    }
