"""The prod environment: its embedded AWS is killed in the middle of the first deployment; then violations stay."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.user import User, conforms, user_in
from tests.support.waiting import until

BUCKET = "left-as-it-is"


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    with user_in(tmp_path_factory.mktemp("prod")) as somebody:
        assert somebody("init").code == 0
        yield somebody


def journal(user: User) -> Path:
    return user.home / "infra" / ".watchkeeper" / "state" / "watchkeeper.prod.json.journal"


def test_a_deployment_that_was_cut_off_is_finished_by_the_next(user: User) -> None:
    assert user("local", "start").code == 0
    pid = user("local", "status", "--json").json()["pid"]
    deploying = user.begin("up", "--env", "prod", "--skip-preflight", "--json")
    until(
        "thirty resources are made or begun",
        lambda: journal(user).exists() and len(journal(user).read_bytes().splitlines()) > 60,
    )
    os.kill(pid, signal.SIGKILL)
    out, err = deploying.communicate(timeout=120)
    assert deploying.returncode == 3, err
    interrupted = conforms(json.loads(out), "deployment")
    assert interrupted["errors"], out
    assert "Traceback" not in err
    assert user("status", "--env", "prod").code == 3

    assert user("local", "start").code == 0
    finished = user("up", "--env", "prod", "--json")
    assert finished.code == 0, finished.err
    assert conforms(finished.json(), "deployment")["ok"]
    steps = user("preview", "--env", "prod", "--json").json()["steps"]
    assert [step for step in steps if step["change"] != "same"] == []
    checks = user("verify", "--env", "prod", "--json").json()["checks"]
    failed = {check["id"]: check["observations"] for check in checks if check["outcome"] != "passed"}
    assert set(failed) == {"topic-publishes"}, failed


def test_in_prod_violations_stay_and_are_decided_as_dry_run(user: User) -> None:
    s3 = user.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    records = until("two decisions", lambda: (found := decisions(s3)) and len(found) == 2 and found)
    assert {record["outcome"] for record in records} == {"dry-run"}
    assert s3.get_bucket_versioning(Bucket=BUCKET).get("Status") is None
    status = user("status", "--env", "prod", "--json")
    assert status.code == 1
    violated = {one["resource_id"] for one in status.json()["results"] if one["compliance"] == "NON_COMPLIANT"}
    assert violated == {BUCKET}


def decisions(s3: Any) -> list[dict[str, Any]]:
    """The audit records about the bucket."""
    bucket = next(one["Name"] for one in s3.list_buckets()["Buckets"] if one["Name"].startswith("compliance-reports"))
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket, Prefix="audit/remediation/").get("Contents", ())]
    records = [json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]
    return [record for record in records if record["resource_id"] == BUCKET]
