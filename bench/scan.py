"""How many calls and how long ``scan`` takes, against the fewest calls there can be and against other scanners.

    python -m bench.scan            prints JSON

200 buckets, 200 instances and 50 databases on the embedded AWS; the three mission rules and KMS. The floor is one list
per type and one call per bucket, 203 in all, made by a plain boto3 loop on four threads. Both make their clients anew
and run in turn; the fastest of each counts. Cloud Custodian and Prowler run once, as a user starts them, from
environments that are made on first use. ``BENCH_SCAN_OTHERS=0`` leaves them out, and says so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from bench import environments
from watchkeeper.evaluation.scan import ScanResult, reach, scan
from watchkeeper.evaluation.selection import select_rules
from watchkeeper.local.server import Running, running

BUCKETS, INSTANCES, DATABASES = 200, 200, 50
RULES = (
    "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED",
    "S3_DEFAULT_ENCRYPTION_KMS",
    "DESIRED_INSTANCE_TYPE:instanceType=t3.micro",
    "DB_INSTANCE_BACKUP_ENABLED",
)
ROUNDS = 3
POLICIES = {
    "policies": [
        {
            "name": "s3-encryption",
            "resource": "aws.s3",
            "filters": [{"type": "bucket-encryption", "state": False}],
        },
        {
            "name": "s3-kms",
            "resource": "aws.s3",
            "filters": [{"type": "bucket-encryption", "state": False, "crypto": "aws:kms"}],
        },
        {
            "name": "instance-type",
            "resource": "aws.ec2",
            "filters": [{"type": "value", "key": "InstanceType", "op": "ne", "value": "t3.micro"}],
        },
        {
            "name": "db-backup",
            "resource": "aws.rds",
            "filters": [{"type": "value", "key": "BackupRetentionPeriod", "op": "lt", "value": 1}],
        },
    ]
}
PROWLER_CHECKS = ("s3_bucket_default_encryption", "s3_bucket_kms_encryption", "rds_instance_backup_enabled")


def fill(aws: Running) -> None:
    """Create the resources."""
    s3, ec2, rds = (boto3.client(service, **aws.boto()) for service in ("s3", "ec2", "rds"))
    for number in range(BUCKETS):
        s3.create_bucket(Bucket=f"bench-{number}")
    ec2.run_instances(ImageId="ami-12345678", MinCount=INSTANCES, MaxCount=INSTANCES, InstanceType="t3.small")
    for number in range(DATABASES):
        rds.create_db_instance(
            DBInstanceIdentifier=f"bench-{number}",
            DBInstanceClass="db.t3.micro",
            Engine="mysql",
            AllocatedStorage=20,
            MasterUsername="admin",
            MasterUserPassword="not-a-secret",
            BackupRetentionPeriod=number % 2,
        )
    aws.wait_until_idle(120)


def floor(aws: Running) -> int:
    """The fewest calls, by a plain boto3 loop on four threads; how many it made."""
    session = boto3.Session()
    config = Config(max_pool_connections=4)
    s3, ec2, rds = (session.client(service, config=config, **aws.boto()) for service in ("s3", "ec2", "rds"))
    with ThreadPoolExecutor(4) as pool:
        lists = [
            pool.submit(lambda: ec2.get_paginator("describe_instances").paginate().build_full_result()),
            pool.submit(lambda: rds.get_paginator("describe_db_instances").paginate().build_full_result()),
        ]
        names = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
        answers = list(pool.map(lambda name: s3.get_bucket_encryption(Bucket=name), names))
        for each in lists:
            each.result()
    return 1 + len(lists) + len(answers)


def ours(aws: Running) -> ScanResult:
    """Our scan."""
    session = boto3.Session(aws.account, "test", region_name=aws.region)
    reached = reach(session, [aws.region], endpoint_url=aws.endpoint, account=aws.account)
    return scan(reached.places, select_rules(RULES))


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds and result."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def other(aws: Running, tool: Tool) -> dict[str, Any]:
    """Another scanner's wall time and calls, as a user starts it; its exit code may say that it found something."""
    if os.environ.get("BENCH_SCAN_OTHERS") == "0":
        return {"version": tool.version, "not_measured": "BENCH_SCAN_OTHERS is 0"}
    try:
        programs = environments.binaries(tool.package, tool.version, tool.program)
    except (OSError, subprocess.SubprocessError) as error:
        return {"version": tool.version, "not_measured": str(error)}
    print(f"{tool.package} {tool.version} …", file=sys.stderr)
    with tempfile.TemporaryDirectory() as output:
        calls = Path(output) / "calls"
        counting = {"PYTHONPATH": str(Path(__file__).with_name("counting")), "BENCH_CALLS": str(calls)}
        environment = {**os.environ, **aws.environment, **counting, "HOME": output}
        arguments = tool.command(programs, Path(output))
        seconds, done = timed(
            lambda: subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
        )
        if done.returncode not in (0, 3):
            return {"version": tool.version, "error": f"exit code {done.returncode}", "said": done.stderr[-500:]}
        sent = sum(int(line) for line in calls.read_text().splitlines())
    return {"version": tool.version, "seconds": round(seconds, 2), "api_calls": sent}


def custodian(folder: Path, output: Path) -> list[str]:
    """Cloud Custodian with equal policies."""
    policies = output / "policies.json"
    policies.write_text(json.dumps(POLICIES))
    return [str(folder / "custodian"), "run", "-s", str(output / "out"), str(policies)]


def prowler(folder: Path, output: Path) -> list[str]:
    """Prowler with the nearest checks; it has none for the instance type."""
    return [str(folder / "prowler"), "aws", "--checks", *PROWLER_CHECKS, "-o", str(output), "--no-banner"]


@dataclass(frozen=True)
class Tool:
    """Another scanner: where it comes from and how it is started."""

    package: str
    version: str
    program: str
    command: Callable[[Path, Path], list[str]]


OTHERS = {
    "cloud_custodian": Tool("c7n", "0.9.53", "custodian", custodian),
    "prowler": Tool("prowler", "5.46.0", "prowler", prowler),
}


def main() -> None:
    """Measure, and print one JSON document."""
    with running() as aws:
        print("creating resources …", file=sys.stderr)
        fill(aws)
        floors, scans = [], []
        for number in range(ROUNDS):
            print(f"round {number + 1} of {ROUNDS} …", file=sys.stderr)
            floors.append(timed(lambda: floor(aws)))
            scans.append(timed(lambda: ours(aws)))
        others = {name: other(aws, tool) for name, tool in OTHERS.items()}
    floor_seconds, floor_calls = min(floors)
    seconds, result = min(scans, key=lambda entry: entry[0])
    document = {
        "resources": {"buckets": BUCKETS, "instances": INSTANCES, "databases": DATABASES},
        "scan": {
            "api_calls": result.api_calls,
            "seconds": round(seconds, 3),
            "resources": result.resources,
            "gaps": len(result.gaps),
        },
        "floor": {"api_calls": floor_calls, "seconds": round(floor_seconds, 3), "threads": 4},
        "calls_ratio": round(result.api_calls / floor_calls, 3),
        "wall_ratio": round(seconds / floor_seconds, 3),
        "aim": "wall_ratio under 1.5",
        "others": others,
    }
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
