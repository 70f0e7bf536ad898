"""How fast and how large ``evaluate`` is on a generated Config snapshot, as ratios measured in one run.

    python -m bench.evaluate --items 1000000         prints JSON; about four minutes, and 11 GiB for DuckDB

A tenth and a hundredth of the items are evaluated too, for the growth of time and memory. Compared with: gunzip plus a
plain orjson parse of the same bytes in one process (the floor of anything that reads them whole), and DuckDB answering
the three mission rules in SQL on the same file. Generated, never committed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

HEAD = b'{"fileVersion":"1.0","configSnapshotId":"00000000-0000-0000-0000-000000000000","configurationItems":['
MISSION = (
    "DESIRED_INSTANCE_TYPE:instanceType=t3.micro,t3.small",
    "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED",
    "DB_INSTANCE_BACKUP_ENABLED:backupRetentionMinimum=7",
)
ITEMS = Path(__file__).resolve().parent.parent / "tests" / "rules" / "items"
MIX = (
    ("bucket", 20),
    ("instance", 30),
    ("db", 5),
    ("volume", 15),
    ("sg", 10),
    ("role", 10),
    ("function", 5),
    ("eni", 5),
)
PIECE = 200 << 20
ITEM = b',{"configurationItemVersion"'
"""How every generated item but the first begins, with the comma before it."""
EDGES = 8
"""Relationships of an item; with them an item has about 2 KB, as real ones do."""


def items(count: int, seed: int = 1) -> Iterator[bytes]:
    """Items of the mix, every third of which breaks something, each with an id of its own."""
    pick = random.Random(seed)
    bases = {name: orjson.dumps(json.loads((ITEMS / f"{name}.json").read_text())) for name, _ in MIX}
    names, weights = zip(*MIX, strict=True)
    for number, name in enumerate(pick.choices(names, weights, k=count)):
        yield orjson.dumps(_varied(orjson.loads(bases[name]), name, number, pick))


def _varied(raw: dict[str, Any], name: str, number: int, pick: random.Random) -> dict[str, Any]:
    raw["resourceId"] = raw["resourceName"] = f"{name}-{number}"
    raw["relationships"] = [
        {
            "resourceType": "AWS::EC2::NetworkInterface",
            "resourceId": f"eni-{pick.getrandbits(68):017x}",
            "name": "Contains",
        }
        for _ in range(EDGES)
    ]
    configuration, more = raw["configuration"], raw["supplementaryConfiguration"]
    if name == "sg":
        configuration["groupId"] = raw["resourceId"]
        raw["relationships"] = raw["relationships"] if number % 5 else []
    if name == "instance":
        configuration["instanceType"] = pick.choice(("t3.micro", "t3.small", "m5.large"))
    if name == "bucket":
        raw["ARN"] = f"arn:aws:s3:::bucket-{number}"
        more["BucketPolicy"]["policyText"] = more["BucketPolicy"]["policyText"].replace("reports", f"bucket-{number}")
        if number % 10:
            del more["BucketReplicationConfiguration"]
        if number % 3 == 0:
            more["ServerSideEncryptionConfiguration"] = None
    if name == "db":
        configuration["backupRetentionPeriod"] = pick.choice((0, 1, 7, 14))
    return raw


def generate(path: Path, count: int) -> int:
    """Write the snapshot; returns its size unpacked."""
    size = 0
    with gzip.open(path, "wb", compresslevel=1) as out:
        size += out.write(HEAD)
        batch: list[bytes] = []
        for number, item in enumerate(items(count)):
            batch.append(item if number == 0 else b"," + item)
            if len(batch) == 2000:
                size += out.write(b"".join(batch))
                batch = []
        size += out.write(b"".join(batch) + b"]}")
    return size


def floor(path: Path) -> dict[str, Any]:
    """Gunzip and a plain orjson parse, in pieces of :data:`PIECE` bytes: a million items parsed at once take 15 GB."""
    data = gzip.decompress(path.read_bytes())
    at, count = len(HEAD), 0
    while at < len(data) - 2:
        end = data.find(ITEM, at + PIECE)
        piece = data[at : end if end > 0 else len(data) - 2]
        count += len(orjson.loads(b"[" + piece + b"]"))
        at += len(piece) + 1
    return {"items": count}


def evaluate(path: Path, rules: str) -> dict[str, Any]:
    """``evaluate`` in this process and its workers."""
    from watchkeeper.evaluation.files.running import evaluate_files
    from watchkeeper.evaluation.selection import all_rules, select_rules

    chosen = all_rules() if rules == "all" else select_rules(MISSION)
    result = evaluate_files([path], chosen)
    counts = {r.rule.identifier: {k.value: n for k, n in r.counts.items()} for r in result.rules}
    return {
        "items": result.items,
        "rules": len(chosen),
        "violations": result.non_compliant,
        "problems": result.problem_count,
        "mission": {rule: counts[rule] for rule in (m.partition(":")[0] for m in MISSION) if rule in counts},
    }


def duckdb(path: Path) -> dict[str, Any]:
    """The three mission rules in SQL."""
    import duckdb as engine

    connection = engine.connect()
    # The snapshot is one object, which threads can't part: a second one would only take as much memory again.
    connection.execute("SET preserve_insertion_order=false; SET memory_limit='20GB'; SET threads=1")
    largest = int.from_bytes(path.read_bytes()[-4:], "little") + 1024  # gzip's own record of the size
    query = f"""
        WITH items AS (
            SELECT unnest(configurationItems) AS i
            FROM read_json(?, columns={{configurationItems: 'JSON[]'}}, maximum_object_size={largest})
        )
        SELECT
          count(*) FILTER (i->>'resourceType' = 'AWS::EC2::Instance'
            AND i->>'$.configuration.instanceType' NOT IN ('t3.micro', 't3.small')),
          count(*) FILTER (i->>'resourceType' = 'AWS::S3::Bucket'
            AND i->>'$.supplementaryConfiguration.ServerSideEncryptionConfiguration.rules[0]' IS NULL),
          count(*) FILTER (i->>'resourceType' = 'AWS::RDS::DBInstance'
            AND CAST(i->>'$.configuration.backupRetentionPeriod' AS INT) < 7)
        FROM items"""
    row = connection.execute(query, [str(path)]).fetchone()
    return {"violations": sum(row or ())}


def measured(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What the work gives, with seconds and the peak memory of this process and its largest child."""
    start, cpu = time.perf_counter(), _cpu()
    found = work()
    seconds = time.perf_counter() - start
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    workers = multiprocessing.cpu_count() if children else 0
    return found | {
        "cpu_seconds": round(_cpu() - cpu, 2),
        "seconds": round(seconds, 2),
        "peak_mib": round((own + workers * children) / 1024),
    }


def _cpu() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _step(name: str, path: str) -> dict[str, Any]:
    """A step in a process of its own, so that its memory is its own."""
    command = [sys.executable, __file__, "--step", name, "--file", path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"error": done.stderr.strip()[-1000:] or "failed"}
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


STEPS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "floor": floor,
    "all_rules": lambda path: evaluate(path, "all"),
    "mission_rules": lambda path: evaluate(path, "mission"),
    "duckdb": duckdb,
}


def on_snapshot(count: int, names: Iterable[str]) -> dict[str, Any]:
    """These steps on one generated file."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "111122223333_Config_eu-central-1_ConfigSnapshot_1.json.gz")
        size = generate(Path(path), count)
        steps = {name: _step(name, path) for name in names}
        return {"items": count, "bytes": size, "stored_bytes": Path(path).stat().st_size, "steps": steps}


def run(count: int) -> dict[str, Any]:
    """All steps on the whole number of items, all rules on parts of it, and the ratios."""
    growth = [on_snapshot(part, ["all_rules"]) for part in (count // 100, count // 10) if part]
    whole = on_snapshot(count, STEPS)
    seconds = {name: step.get("seconds") for name, step in whole["steps"].items()}
    return {
        **whole,
        "cores": os.cpu_count(),
        "growth": [
            {"items": part["items"]} | {key: part["steps"]["all_rules"].get(key) for key in ("seconds", "peak_mib")}
            for part in (*growth, whole)
        ],
        "all_rules_to_floor": _ratio(seconds["all_rules"], seconds["floor"]),
        "mission_to_floor": _ratio(seconds["mission_rules"], seconds["floor"]),
        "mission_to_duckdb": _ratio(seconds["mission_rules"], seconds["duckdb"]),
    }


def _ratio(ours: float | None, theirs: float | None) -> float | None:
    return round(ours / theirs, 2) if ours and theirs else None


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--step", choices=sorted(STEPS))
    parser.add_argument("--file", type=Path)
    given = parser.parse_args()
    if given.step:
        print(json.dumps(measured(lambda: STEPS[given.step](given.file))))
        return
    print(json.dumps(run(given.items), indent=1))


if __name__ == "__main__":
    main()
