"""How fast the embedded AWS Config records and evaluates at size, and what it costs.

    python -m bench.config                                 prints JSON
    BENCH_CONFIG_RESOURCES=400 BENCH_CONFIG_RULES=10 …     smaller, for a try

One process: resources (half buckets, a quarter instances, a quarter databases) are recorded by a service with its rules
in place. Beside each number stands a floor from the same run: the same JSON parsed and put into a SQLite table, in one
transaction; the time of one commit; the time that a rule's logic alone takes.
"""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from watchkeeper.awsconfig import ConfigService
from watchkeeper.awsconfig.states import pack, unpack
from watchkeeper.evaluation import item as evaluation
from watchkeeper.model import ConfigurationItem
from watchkeeper.rules import NoLookup, logic

RESOURCES = int(os.environ.get("BENCH_CONFIG_RESOURCES", "20000"))
RULES = int(os.environ.get("BENCH_CONFIG_RULES", "50"))
SMALL = 100
BATCH = 500
CHANGES = 50
MEMORY_LIMIT = 2 * 1024**3
ACCOUNT, REGION = "123456789012", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
TYPES = ("AWS::S3::Bucket", "AWS::EC2::Instance", "AWS::S3::Bucket", "AWS::RDS::DBInstance")


class Around:
    """The rest of AWS: takes everything, counts the events."""

    readable_types: frozenset[str] = frozenset()
    events = 0

    def put_events(self, account: str, region: str, entries: Sequence[Mapping[str, Any]]) -> None:  # noqa: ARG002
        self.events += len(entries)

    def check_bucket(self, *_: Any, **__: Any) -> None:
        return

    def put_object(self, *_: Any, **__: Any) -> None:
        return

    def read(self, account: str, region: str, types: Collection[str] | None = None) -> Iterator[ConfigurationItem]:  # noqa: ARG002
        return iter(())


def main() -> None:
    """Measure, and print one JSON document."""
    with tempfile.TemporaryDirectory(prefix="bench-config-") as folder:
        say(f"{RESOURCES} resources, {RULES} rules …")
        small, _ = filled(Path(folder) / "small.sqlite", SMALL)
        items = list(resources(RESOURCES))
        service, recording = filled(Path(folder) / "large.sqlite", RESOURCES)
        document = {
            "resources": RESOURCES,
            "rules": RULES,
            "recording": recording | {"floor": insert_floor(Path(folder) / "floor.sqlite", items)},
            "evaluation": evaluated(service, items),
            "change_to_evaluation": changed(service, items),
            "page_of_100_details": pages(small, service),
            "memory": {
                "peak_mib": round(peak() / 1024**2),
                "limit_mib": MEMORY_LIMIT // 1024**2,
                "within": peak() < MEMORY_LIMIT,
            },
            "store_mib": round((Path(folder) / "large.sqlite").stat().st_size / 1024**2),
        }
        for each in (small, service):
            each.close()
    document["recording"]["ratio_to_floor"] = round(
        document["recording"]["floor"]["items_per_second"] / document["recording"]["items_per_second"], 1
    )
    print(json.dumps(document, indent=2))


def rules() -> list[tuple[str, dict[str, str]]]:
    """Rules of the three types that need no parameters and nothing but the item, those for buckets first."""
    found = []
    for identifier, run in sorted(
        logic().items(), key=lambda entry: ("AWS::S3::Bucket" not in entry[1].types, entry[0])
    ):
        prepared = evaluation.prepare([evaluation.configured(identifier)]).rules[0]
        if set(run.types) <= set(TYPES) and not run.needs and not prepared.problem:
            found.append((identifier, dict[str, str]()))
    chosen = [*found[: RULES - 1], ("DESIRED_INSTANCE_TYPE", {"instanceType": "t3.micro"})]
    # There are not fifty of them: a rule may be there twice, as in AWS.
    return [chosen[number % len(chosen)] for number in range(RULES)]


def resources(number: int) -> Iterator[ConfigurationItem]:
    """As many resources, as the recorder hands them over."""
    return (one(TYPES[n % len(TYPES)], n) for n in range(number))


def one(resource_type: str, number: int, change: int = 0) -> ConfigurationItem:
    """A resource; a ``change`` is a new state of it."""
    name = f"{resource_type.rpartition('::')[2].lower()}-{number:06d}"
    made = CONFIGURATIONS[resource_type](name, number)
    return ConfigurationItem(
        resource_type=resource_type,
        resource_id=name,
        account_id=ACCOUNT,
        region=REGION,
        resource_name=name,
        arn=f"arn:aws:{resource_type.split('::')[1].lower()}:{REGION}:{ACCOUNT}:{name}",
        capture_time=datetime.now(UTC),
        tags={"Owner": "platform", "Environment": "dev", "Change": str(change)},
        configuration=made[0],
        supplementary=made[1],
    )


def bucket(name: str, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Configuration and supplementary configuration of a bucket, every third without versioning."""
    flags = dict.fromkeys(
        ("blockPublicAcls", "ignorePublicAcls", "blockPublicPolicy", "restrictPublicBuckets"), number % 5 != 0
    )
    default = {"sseAlgorithm": "AES256", "kmsMasterKeyID": None}
    supplementary = {
        "AccessControlList": {"grantList": [{"grantee": {"id": "x" * 64}, "permission": "FullControl"}]},
        "BucketVersioningConfiguration": {"status": "Off" if number % 3 else "Enabled", "isMfaDeleteEnabled": None},
        "BucketPolicy": {"policyText": None},
        "BucketLoggingConfiguration": {"destinationBucketName": None, "logFilePrefix": None},
        "PublicAccessBlockConfiguration": flags,
        "ServerSideEncryptionConfiguration": {"rules": [{"applyServerSideEncryptionByDefault": default}]},
    }
    return {"name": name, "owner": {"id": "x" * 64}, "creationDate": "2026-09-27T08:00:00.000Z"}, supplementary


def instance(name: str, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Configuration of an instance, every other of the wrong type."""
    interface = {"networkInterfaceId": f"eni-{number:08x}", "privateIpAddresses": [{"privateIpAddress": "10.0.0.4"}]}
    configuration = {
        "instanceId": name,
        "instanceType": "t3.micro" if number % 2 else "t3.large",
        "imageId": "ami-12345678",
        "ebsOptimized": number % 4 == 1,
        "monitoring": {"state": "disabled"},
        "metadataOptions": {"httpTokens": "required", "httpEndpoint": "enabled", "httpPutResponseHopLimit": 1},
        "networkInterfaces": [interface],
        "securityGroups": [{"groupId": "sg-12345678", "groupName": "default"}],
        "state": {"code": 16, "name": "running"},
        "vpcId": "vpc-12345678",
        "subnetId": "subnet-12345678",
    }
    return configuration, {}


def database(name: str, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Configuration of a database, every other without backups."""
    configuration = {
        "dBInstanceIdentifier": name,
        "dBInstanceClass": "db.t3.micro",
        "engine": "mysql",
        "engineVersion": "8.0.35",
        "dBInstanceStatus": "available",
        "backupRetentionPeriod": 7 * (number % 2),
        "storageEncrypted": number % 3 == 0,
        "publiclyAccessible": False,
        "multiAZ": False,
        "deletionProtection": False,
        "iAMDatabaseAuthenticationEnabled": False,
        "autoMinorVersionUpgrade": True,
        "copyTagsToSnapshot": True,
        "monitoringInterval": 0,
        "port": 3306,
        "masterUsername": "admin",
        "dbiResourceId": name,
    }
    return configuration, {}


CONFIGURATIONS = {"AWS::S3::Bucket": bucket, "AWS::EC2::Instance": instance, "AWS::RDS::DBInstance": database}


def filled(path: Path, number: int) -> tuple[ConfigService, dict[str, Any]]:
    """A service that has recorded and evaluated so many resources, and how long it took."""
    around = Around()
    service = ConfigService(path, around)  # type: ignore[arg-type]
    call(service, "PutConfigurationRecorder", ConfigurationRecorder={"name": "default", "roleARN": ROLE})
    call(service, "PutDeliveryChannel", DeliveryChannel={"s3BucketName": "bucket"})
    call(service, "StartConfigurationRecorder", ConfigurationRecorderName="default")
    for position, (identifier, parameters) in enumerate(rules()):
        source = {"Owner": "AWS", "SourceIdentifier": identifier}
        rule = {"ConfigRuleName": f"rule-{position:02d}", "Source": source, "InputParameters": json.dumps(parameters)}
        call(service, "PutConfigRule", ConfigRule=rule)
    items = list(resources(number))
    began = time.perf_counter()
    for start in range(0, number, BATCH):
        service.record(items[start : start + BATCH])
        if start % 5000 == 0:
            say(f"recorded {start} after {time.perf_counter() - began:.1f} s")
    seconds = time.perf_counter() - began
    results = counted(service)
    return service, {
        "seconds": round(seconds, 2),
        "items_per_second": round(number / seconds, 1),
        "results": results,
        "results_per_second": round(results / seconds),
        "events": around.events,
    }


def counted(service: ConfigService) -> int:
    """How many results are held, over all rules."""
    with service._store.read() as db:
        found = db.row("SELECT COUNT(*) FROM result")
    return int(found[0]) if found else 0


def insert_floor(path: Path, items: Sequence[ConfigurationItem]) -> dict[str, Any]:
    """The same JSON parsed and inserted into a table with the same key, in one transaction."""
    texts = [pack(item) for item in items]
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE state (type TEXT, id TEXT, body BLOB, PRIMARY KEY (type, id))")
    began = time.perf_counter()
    connection.execute("BEGIN")
    for text in texts:
        item = unpack(text)
        connection.execute("INSERT INTO state VALUES (?,?,?)", (item.resource_type, item.resource_id, text))
    connection.execute("COMMIT")
    seconds = time.perf_counter() - began
    connection.close()
    return {"seconds": round(seconds, 3), "items_per_second": round(len(items) / seconds)}


def evaluated(service: ConfigService, items: Iterable[ConfigurationItem]) -> dict[str, Any]:
    """One rule run over every bucket again, and its logic alone over the same items."""
    identifier = next(name for name, _ in rules() if "AWS::S3::Bucket" in logic()[name].types)
    position = next(n for n, (name, _) in enumerate(rules()) if name == identifier)
    buckets = [item for item in items if item.resource_type == "AWS::S3::Bucket"]
    began = time.perf_counter()
    call(service, "StartConfigRulesEvaluation", ConfigRuleNames=[f"rule-{position:02d}"])
    seconds = time.perf_counter() - began
    prepared = evaluation.prepare([evaluation.configured(identifier)]).rules[0]
    lookup = NoLookup()
    began = time.perf_counter()
    for item in buckets:
        prepared.judge(item, lookup)
    floor = time.perf_counter() - began
    return {
        "rule": identifier,
        "resources": len(buckets),
        "seconds": round(seconds, 3),
        "resources_per_second": round(len(buckets) / seconds),
        "floor": {"seconds": round(floor, 3), "resources_per_second": round(len(buckets) / floor)},
    }


def changed(service: ConfigService, items: Sequence[ConfigurationItem]) -> dict[str, Any]:
    """From handing over one changed resource to its last result and event, and a bare commit on the same disk."""
    latencies = []
    for number in range(min(CHANGES, len(items))):
        item = items[number * len(items) // CHANGES % len(items)]
        changed_item = replace(item, tags={**item.tags, "Change": str(number + 1)}, capture_time=datetime.now(UTC))
        began = time.perf_counter()
        service.record([changed_item])
        latencies.append(time.perf_counter() - began)
    floors = []
    for _ in range(CHANGES):
        began = time.perf_counter()
        with service._store.write() as db:
            db.put(ACCOUNT, REGION, "bench", "commit", {"at": began})
        floors.append(time.perf_counter() - began)
    return {
        "milliseconds_median": milliseconds(statistics.median(latencies)),
        "milliseconds_maximum": milliseconds(max(latencies)),
        "floor_commit_milliseconds_median": milliseconds(statistics.median(floors)),
    }


def pages(small: ConfigService, large: ConfigService) -> dict[str, Any]:
    """A page in the middle of a rule's details, at both sizes."""
    times = {"small": page(small), "large": page(large)}
    return {
        f"milliseconds_at_{SMALL}_resources": milliseconds(times["small"]),
        f"milliseconds_at_{RESOURCES}_resources": milliseconds(times["large"]),
        "ratio": round(times["large"] / times["small"], 2),
    }


def page(service: ConfigService) -> float:
    """The median of a page of up to 100; the second one where there are more, so that the position counts."""
    request: dict[str, Any] = {"ConfigRuleName": "rule-00", "Limit": 100}
    token = call(service, "GetComplianceDetailsByConfigRule", **request).get("NextToken")
    request |= {"NextToken": token} if token else {}
    times = []
    for _ in range(200):
        began = time.perf_counter()
        rows = len(call(service, "GetComplianceDetailsByConfigRule", **request)["EvaluationResults"])
        # For a page that isn't full: per 100 rows.
        times.append((time.perf_counter() - began) * 100 / rows)
    return statistics.median(times)


def call(service: ConfigService, operation: str, **request: Any) -> dict[str, Any]:
    """One request of the account."""
    return service.handle(operation, request, ACCOUNT, REGION)


def peak() -> int:
    """The most memory that this process ever held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def milliseconds(seconds: float) -> float:
    """For people."""
    return round(seconds * 1000, 3)


def say(text: str) -> None:
    """Progress."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
