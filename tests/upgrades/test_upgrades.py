# ruff: noqa: N803 - boto3's names
"""Today's code reads what earlier versions left behind: states, stacks, settings, reports, records, suppressions."""

from __future__ import annotations

import gzip
import json
import shutil
import tarfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.user import User, conforms, user_in
from tests.support.waiting import until
from watchkeeper.monitoring.functions.daily_aggregator import read_days
from watchkeeper.monitoring.functions.executive_summary import read_baseline, read_handled
from watchkeeper.monitoring.functions.store import Store
from watchkeeper.monitoring.settings import RemediationMode, from_pulumi_config
from watchkeeper.preflight import read_target
from watchkeeper.pulumi.engine.program import load_project
from watchkeeper.pulumi.engine.state import read_state

OLD = Path(__file__).parent / "0.1"
BUCKET = OLD / "bucket"
THAT_DAY = datetime(2026, 12, 1, tzinfo=UTC)
THE_NEXT = datetime(2026, 12, 2, 7, 0, tzinfo=UTC)


class BucketOnDisk:
    """The two calls of S3 that reading a report bucket takes, over a folder."""

    class exceptions:  # noqa: N801 - boto3's name
        NoSuchKey = FileNotFoundError

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        return {"Body": (BUCKET / Key).open("rb"), "ETag": '"1"'}

    def get_paginator(self, _: str) -> BucketOnDisk:
        return self

    def paginate(self, *, Bucket: str, Prefix: str, StartAfter: str = "", **_: Any) -> Iterator[dict[str, Any]]:
        keys = sorted(str(file.relative_to(BUCKET)) for file in BUCKET.rglob("*") if file.is_file())
        yield {"Contents": [{"Key": key} for key in keys if key.startswith(Prefix) and key > StartAfter]}


@pytest.fixture
def bucket() -> Store:
    return Store(BucketOnDisk(), "compliance-reports")


@pytest.fixture
def user(tmp_path: Path) -> Iterator[User]:
    """Somebody with the project of then, and all that the embedded AWS and the engine kept of it."""
    project = tmp_path / "infra"
    shutil.copytree(OLD / "project", project)
    with tarfile.open(OLD / "state.tar.gz") as archive:
        archive.extractall(project, filter="data")
    with user_in(tmp_path) as somebody:
        yield somebody


def _verdicts(status: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(one["rule"], one["resource_id"], one["compliance"]) for one in status["results"]}


def test_the_embedded_aws_has_its_resources_and_history_again(user: User) -> None:
    started = user("local", "start", "--json", "-C", "infra")
    assert started.code == 0, started.err
    config = user.client("config")
    (status,) = config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    assert status["recording"]
    names = {rule["ConfigRuleName"] for rule in config.describe_config_rules()["ConfigRules"]}
    then = json.loads((OLD / "status.json").read_text())
    assert names == {rule["name"] for rule in then["rules"]}
    history = config.get_resource_config_history(resourceType="AWS::S3::Bucket", resourceId="photos")
    assert history["configurationItems"]
    assert {bucket["Name"] for bucket in user.client("s3").list_buckets()["Buckets"]} >= {"photos", "invoices"}
    # What was judged then is what is judged now: AWS Config is asked, not the file.
    now = user("status", "--json", "-C", "infra")
    assert now.code == 1, now.err
    assert _verdicts(now.json()) == _verdicts(then)


def test_a_deployed_stack_is_previewed_updated_and_destroyed(user: User) -> None:
    assert user("local", "start", "-C", "infra").code == 0
    planned = user("preview", "--json", "-C", "infra")
    assert planned.code == 0, planned.err
    # The functions' code is today's; nothing that holds data or an address may be replaced.
    changes = Counter(step["change"] for step in planned.json()["steps"])
    assert set(changes) <= {"same", "update", "create"}, changes
    updated = {step["type"] for step in planned.json()["steps"] if step["change"] == "update"}
    assert updated <= {"aws:lambda/function:Function"}, planned.out
    done = user("up", "--json", "-C", "infra")
    assert done.json()["ok"], done.err
    assert done.json()["counts"] == dict(changes)
    gone = user("destroy", "--yes", "--json", "-C", "infra")
    assert gone.json()["ok"], gone.err
    until("no rule is left", lambda: not user.client("config").describe_config_rules()["ConfigRules"])


def test_the_engines_state_is_read(user: User) -> None:
    state = read_state(user.home / "infra" / ".watchkeeper" / "state" / "watchkeeper.dev.json")
    assert sum(resource.custom for resource in state.resources.values()) == 102


def test_an_exported_stack_is_read(tmp_path: Path) -> None:
    file = tmp_path / "stack.json"
    file.write_bytes(gzip.decompress((OLD / "stack-export.json.gz").read_bytes()))
    graph = read_target(file).graph
    types = Counter(resource.type for resource in graph)
    assert types["aws:cfg/rule:Rule"] == 6
    assert types["aws:lambda/function:Function"] == 6


def test_settings_mean_what_they_meant() -> None:
    settings = {
        env: from_pulumi_config(load_project(OLD / "project", env).config, f"Pulumi.{env}.yaml")
        for env in ("dev", "prod")
    }
    assert len(settings["dev"].all_rules) == len(settings["prod"].all_rules) == 6
    assert settings["dev"].remediation["S3_DEFAULT_ENCRYPTION_KMS"] is RemediationMode.AUTOMATIC
    assert settings["prod"].report_retention_days == 90
    assert settings["prod"].aggregator.all_regions


def test_suppressions_and_the_baseline_are_honoured(user: User) -> None:
    found = user("preflight", "infra/template.yaml", "--baseline", "infra/baseline.json", "--json")
    assert found.code == 0, found.out
    because = Counter(one["data"]["accepted_because"] for one in found.json()["suppressed"])
    assert because == {"in the baseline": 5, "rebuilt from source": 1, "scratch data": 1, "public data": 1}


@pytest.mark.parametrize(
    ("pattern", "schema"),
    [
        ("reports/compliance/**/*.json", "compliance-report"),
        ("reports/executive/**/*.json", "executive-summary"),
        ("scores/**/*.json", "daily-score"),
        ("audit/**/*.json", "remediation-record"),
    ],
)
def test_documents_conform_to_todays_schemas(pattern: str, schema: str) -> None:
    files = list(BUCKET.glob(pattern))
    assert files
    for file in files:
        conforms(json.loads(file.read_text()), schema)


def test_scores_reports_and_records_are_read_by_the_functions(bucket: Store) -> None:
    days = read_days(bucket, THE_NEXT.date())
    assert set(days) == {THAT_DAY.date()}
    baseline = read_baseline(bucket, THE_NEXT)
    assert baseline is not None
    assert baseline.made_at == datetime(2026, 12, 1, 6, 27, 4, tzinfo=UTC)
    handled = read_handled(bucket, THAT_DAY, THE_NEXT)
    assert Counter(item.outcome.value for item in handled) == {"applied": 3, "dry-run": 1, "needs-person": 1}
