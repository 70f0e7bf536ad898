"""``watchkeeper demo``: what was planted is found, told, fixed where it may be, and reported. Once, for all tests."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.user import User, conforms, user_in
from watchkeeper.demo import sample

SUFFIX = "-123456789012-us-east-1"
MODE = {
    "s3-default-encryption-kms-dev": "applied",
    "s3-bucket-versioning-enabled-dev": "applied",
    "s3-bucket-level-public-access-prohibited-dev": "applied",
    "db-instance-backup-enabled-dev": "dry-run",
    "desired-instance-type-dev": "needs-person",
}
"""What has to come of a violation of each rule, where nothing is exempt."""
PLANTED = Counter(
    {
        **{
            f"{identifier.lower().replace('_', '-')}-dev": sum(violates(bucket) for bucket in sample.BUCKETS)
            for identifier, violates, _ in sample.BUCKET_FAULTS
        },
        "desired-instance-type-dev": sum(bool(instance.why) for instance in sample.INSTANCES),
        "db-instance-backup-enabled-dev": sum(bool(database.why) for database in sample.DATABASES),
    }
)
EXEMPT = {bucket.name + SUFFIX for bucket in sample.BUCKETS if bucket.exempt}
LIVE = "made-just-now-123456789012"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def user(folder: Path) -> Iterator[User]:
    with user_in(folder) as somebody:
        yield somebody


@pytest.fixture(scope="module")
def demo(user: User) -> dict[str, Any]:
    """In a folder with no project: it brings its own."""
    ran = user("demo", "--json", within=170)
    assert ran.code == 0, ran.err
    document: dict[str, Any] = conforms(ran.json(), "demo")
    return document


def test_it_deploys_the_stack(demo: dict[str, Any]) -> None:
    made = [(one["type"], one["name"]) for one in demo["deployed"]]
    names = {name for _, name in made}
    assert len(made) == len(set(made)) > 90
    assert {"config-recorder-dev", "compliance-alerts-dev", "compliance-dashboard-dev"} <= names


def test_every_planted_violation_is_found_by_its_rule_and_nothing_else(demo: dict[str, Any]) -> None:
    before = demo["compliance_before"]
    # The bucket made meanwhile may be among the first results; all that it violates is in the records of the decisions.
    found = Counter(record["rule"] for record in demo["remediations"] if record["resource_id"] != LIVE)
    assert found == PLANTED
    assert all(before[rule]["non_compliant"] >= count for rule, count in PLANTED.items())
    assert before["desired-instance-type-dev"]["compliant"] == len(sample.INSTANCES) - 3
    assert before["db-instance-backup-enabled-dev"]["compliant"] == len(sample.DATABASES) - 4
    assert all(counts["not_evaluated"] == 0 for counts in before.values())


def test_what_may_be_fixed_is_fixed_and_the_rest_is_left(demo: dict[str, Any]) -> None:
    left = Counter(record["rule"] for record in demo["remediations"] if record["outcome"] != "applied")
    after = {rule: counts["non_compliant"] for rule, counts in demo["compliance_after"].items()}
    assert after == {rule: left[rule] for rule in after}


def test_each_violation_has_one_decision(demo: dict[str, Any]) -> None:
    decided = Counter((record["rule"], record["resource_id"]) for record in demo["remediations"])
    assert set(decided.values()) == {1}
    for record in demo["remediations"]:
        exempt = record["resource_id"] in EXEMPT
        assert record["outcome"] == ("exempt" if exempt else MODE[record["rule"]]), record
        changed = record["before"] != record["after"]
        assert changed == (record["outcome"] == "applied"), record


def test_exempt_buckets_are_looked_at_and_never_changed(demo: dict[str, Any]) -> None:
    assert {record["resource_id"] for record in demo["remediations"] if record["outcome"] == "exempt"} == EXEMPT


def test_every_violation_is_alerted_once(demo: dict[str, Any]) -> None:
    told = Counter(
        (alert["rule"]["name"], alert["resource_id"]) for alert in demo["alerts"] if alert["kind"] == "violation"
    )
    assert set(told.values()) == {1}
    assert {(record["rule"], record["resource_id"]) for record in demo["remediations"]} == set(told)
    ids = [alert["id"] for alert in demo["alerts"]]
    assert len(ids) == len(set(ids))


def test_reports_are_there_and_conform(demo: dict[str, Any], folder: Path) -> None:
    assert len(demo["reports"]) == len(demo["files"])
    assert {Path(key).suffix for key in demo["reports"]} == {Path(file).suffix for file in demo["files"]}
    for file in demo["files"]:
        content = (folder / file).read_text("utf-8")
        assert content
        if file.endswith(".json"):
            document = json.loads(content)
            conforms(document, document["schema"])
    assert {Path(file).suffix for file in demo["files"]} == {".json", ".html", ".csv"}


def test_the_report_counts_what_the_demo_counted(demo: dict[str, Any]) -> None:
    after = demo["compliance_after"].values()
    totals = demo["summary"]["totals"]
    assert totals["non_compliant"] == sum(counts["non_compliant"] for counts in after)
    assert totals["compliant"] == sum(counts["compliant"] for counts in after)


def test_nothing_runs_afterwards(demo: dict[str, Any]) -> None:
    import socket

    host, _, port = demo["endpoint"].removeprefix("http://").partition(":")
    with socket.socket() as probe:
        assert probe.connect_ex((host, int(port))) != 0
