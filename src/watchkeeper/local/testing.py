"""Fixtures for the test suites of users.

``aws_server`` starts one embedded AWS for the session, in a process of its own on a free loopback port. ``aws`` gives
it to a test empty, with the environment set so that any AWS client in the test, boto3 or other, uses it.

In ``conftest.py``::

    from watchkeeper.local.testing import aws, aws_server

In a test::

    import boto3

    def test_a_new_bucket_is_not_versioned(aws):
        # Given a recorder with a rule
        aws.record()
        config = boto3.client("config")
        source = {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"}
        config.put_config_rule(ConfigRule={"ConfigRuleName": "versioning", "Source": source})

        # When a bucket is made
        boto3.client("s3").create_bucket(Bucket="mine")
        aws.wait_until_idle()

        # Then the rule says what is wrong with it
        found = config.get_compliance_details_by_resource(ResourceType="AWS::S3::Bucket", ResourceId="mine")
        assert found["EvaluationResults"][0]["ComplianceType"] == "NON_COMPLIANT"

``aws`` is a :class:`watchkeeper.local.server.Running`: ``endpoint``, ``account``, ``region``, ``boto(account=…,
region=…)`` for clients of other places, ``advance(seconds)`` for what is periodic, ``status()`` for what was lost.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from watchkeeper.local.server import Running, running


@pytest.fixture(scope="session")
def aws_server() -> Iterator[Running]:
    """One for the session; ready in about two seconds."""
    with running() as server:
        yield server


@pytest.fixture
def aws(aws_server: Running, monkeypatch: pytest.MonkeyPatch) -> Running:
    """Emptied; a reset takes some milliseconds."""
    aws_server.reset()
    for name, value in aws_server.environment.items():
        monkeypatch.setenv(name, value)
    # boto3.client keeps the credentials that it found first: of another server, or the user's own.
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
    return aws_server
