"""Facts of an account, from the real endpoint where it knows them, and the reason where it doesn't."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import boto3
import pytest

from watchkeeper.clients import Clients, Profile
from watchkeeper.inventory import READERS as RESOURCE_READERS
from watchkeeper.inventory.account import READERS, facts
from watchkeeper.model import Unavailable
from watchkeeper.rules import ACCOUNT, logic


def test_every_fact_that_a_rule_needs_has_a_reader():
    needed = {need.removeprefix("account:") for rule in logic().values() for need in rule.needs if "account:" in need}
    assert needed == set(READERS)


def test_a_name_that_is_no_fact(clients):
    with pytest.raises(Unavailable, match=r"nobody reads the account fact iam\.nothing"):
        facts(clients)("iam.nothing")


def test_iam(clients):
    iam = clients("iam")
    iam.create_user(UserName="facts-user")
    fact = facts(clients)
    assert fact("iam.account_summary")["Users"] >= 1
    rows = {row["user"]: row for row in fact("iam.credential_report")}
    assert rows["facts-user"]["mfa_active"] == "false"
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="facts-device")["VirtualMFADevice"]["SerialNumber"]
    assert device not in fact("iam.virtual_mfa_devices"), "not assigned to anybody"


def test_the_password_policy(clients):
    iam = clients("iam")
    assert facts(clients)("iam.password_policy") == {}
    iam.update_account_password_policy(MinimumPasswordLength=14, RequireSymbols=True)
    policy = facts(clients)("iam.password_policy")
    iam.delete_account_password_policy()
    assert (policy["MinimumPasswordLength"], policy["RequireSymbols"]) == (14, True)


def test_a_fact_is_read_once(clients):
    fact = facts(clients)
    before = fact("iam.account_summary")
    clients("iam").create_group(GroupName="facts-group")
    assert fact("iam.account_summary") is before


def test_only_snapshots_that_are_open_to_all_are_public(clients):
    ec2 = clients("ec2")
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    ec2.create_snapshot(VolumeId=volume)
    assert facts(clients)("ec2.public_snapshots") == []


def test_event_selectors_of_each_trail(clients):
    clients("s3").create_bucket(Bucket="facts-trail")
    arn = clients("cloudtrail").create_trail(Name="facts", S3BucketName="facts-trail")["TrailARN"]
    (selector,) = facts(clients)("cloudtrail.event_selectors")[arn]["eventSelectors"]
    assert (selector["readWriteType"], selector["includeManagementEvents"]) == ("All", True)


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("account.security_contact", "account:GetAlternateContact"),
        ("ec2.ebs_encryption_by_default", "ec2:GetEbsEncryptionByDefault"),
        ("ecr.registry_scanning", "ecr:GetRegistryScanningConfiguration"),
        ("guardduty.detectors", "guardduty:ListDetectors"),
        ("iam.access_analyzers", "accessanalyzer:ListAnalyzers"),
        ("securityhub.enabled", "securityhub:DescribeHub"),
    ],
)
def test_what_the_endpoint_does_not_know_is_unavailable_and_never_a_no(clients, name, operation):
    fact = facts(clients)
    for _ in range(2):
        with pytest.raises(Unavailable, match=f"{name} could not be read, {operation} answered"):
            fact(name)


ANSWERS: dict[tuple[str, str], tuple[int, dict[str, Any]]] = {
    ("GET", "/detector"): (200, {"detectorIds": ["d1"]}),
    ("GET", "/detector/d1"): (200, {"status": "ENABLED", "serviceRole": "r"}),
    ("GET", "/detector/d1/administrator"): (200, {"administrator": {"accountId": "210987654321"}}),
    ("GET", "/accounts"): (403, {"__type": "InvalidAccessException", "message": "not subscribed"}),
    ("GET", "/analyzer"): (200, {"analyzers": [{"type": "ACCOUNT", "status": "ACTIVE", "arn": "a", "name": "a"}]}),
    ("POST", "/getAlternateContact"): (404, {"__type": "ResourceNotFoundException", "message": "none"}),
    ("POST", "AWSOrganizationsV20161128.DescribeOrganization"): (
        400,
        {"__type": "AWSOrganizationsNotInUseException", "message": "none"},
    ),
    ("POST", "AmazonEC2ContainerRegistry_V20150921.GetRegistryScanningConfiguration"): (
        200,
        {
            "registryId": "123456789012",
            "scanningConfiguration": {
                "scanType": "ENHANCED",
                "rules": [
                    {
                        "scanFrequency": "CONTINUOUS_SCAN",
                        "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}],
                    }
                ],
            },
        },
    ),
}


class Answering(BaseHTTPRequestHandler):
    """AWS's documented answers of services that the embedded AWS doesn't have."""

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        status, body = ANSWERS[self.command, self.headers.get("x-amz-target") or self.path.partition("?")[0]]
        content = json.dumps(body).encode()
        self.send_response(status)
        if "__type" in body:
            self.send_header("x-amzn-ErrorType", body["__type"])
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _answer  # noqa: N815 - the names that http.server looks for

    def log_message(self, *_: Any) -> None:
        """Nothing on standard error."""


@pytest.fixture
def documented() -> Iterator[Clients]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield Clients(
            boto3.Session("a", "b"), "us-east-1", f"http://127.0.0.1:{server.server_port}", profile=Profile(1)
        )
        server.shutdown()


def test_the_answers_that_aws_documents(documented):
    fact = facts(documented)
    assert fact("guardduty.detectors") == [{"id": "d1", "status": "ENABLED", "administrator": "210987654321"}]
    assert fact("securityhub.enabled") is False
    assert fact("iam.access_analyzers") == [{"type": "ACCOUNT", "status": "ACTIVE"}]
    assert fact("account.security_contact") is False
    assert fact("organizations.master_account_id") is None
    (rule,) = fact("ecr.registry_scanning")
    assert (rule["scanFrequency"], rule["repositoryFilters"][0]["filter"]) == ("CONTINUOUS_SCAN", "*")


ALWAYS_READ = {"LatestCloudWatchLogsDeliveryTime", "DBSnapshotAttributes"}
"""Of GetTrailStatus, which every trail is asked for; the name that Config's cluster snapshots had once."""


def test_every_part_and_every_other_item_that_a_rule_needs_has_a_reader():
    for rule in logic().values():
        readable = [RESOURCE_READERS[type_] for type_ in rule.types if type_ in RESOURCE_READERS]
        given = {part for reader in readable for part in reader.aspects} | ALWAYS_READ
        assert not readable or set(rule.aspects) <= given, rule.identifier
        others = {need.removeprefix("items:") for need in rule.needs if need.startswith("items:")}
        assert others <= RESOURCE_READERS.keys(), rule.identifier


def test_what_no_reader_reads_is_counted():
    """A rule more that nobody can judge is noticed; one less is welcome."""
    unread = {
        rule.identifier
        for rule in logic().values()
        if not any(type_ in RESOURCE_READERS or type_ == ACCOUNT for type_ in rule.types)
    }
    assert len(unread) <= 10
