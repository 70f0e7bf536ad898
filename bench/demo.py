"""Measures the demo: ``watchkeeper demo --json`` in a new folder, beside its targets and two floors of the same run.

Prints one JSON document. The floors are what nobody can do without: importing Pulumi's AWS SDK once, and one cold
Lambda function on the same embedded AWS. ``python -m bench.demo [--runs N]``; with several runs, medians.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

TARGETS: Mapping[str, float] = {"total": 30.0, "change_to_non_compliant": 2.0, "non_compliant_to_compliant": 6.0}
"""Seconds, on two cores."""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}},
    ],
}
FUNCTION = "def handler(event, context):\n    return event\n"


def seconds(work: Callable[[], object]) -> float:
    """Wall time."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def demo() -> dict[str, Any]:
    """The demo's own JSON document, and the wall time of the command with its start and end."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        done = subprocess.run(
            [str(Path(sys.executable).parent / "watchkeeper"), "demo", "--json"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        wall = time.perf_counter() - start
    if done.returncode != 0:
        raise SystemExit(f"watchkeeper demo failed:\n{done.stderr}")
    document: dict[str, Any] = json.loads(done.stdout)
    document["timings"]["command"] = wall
    return document


def import_sdk() -> float:
    """``import pulumi_aws`` in a process of its own."""
    return seconds(lambda: subprocess.run([sys.executable, "-c", "import pulumi_aws"], check=True))


def cold_function() -> float:
    """The first invocation of a function that does nothing."""
    import boto3

    from watchkeeper.local import server

    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("index.py", FUNCTION)
    with server.running() as aws:
        role = boto3.client("iam", **aws.boto()).create_role(
            RoleName="bench", AssumeRolePolicyDocument=json.dumps(TRUST)
        )
        functions = boto3.client("lambda", **aws.boto())
        functions.create_function(
            FunctionName="bench",
            Runtime="python3.13",
            Handler="index.handler",
            Role=role["Role"]["Arn"],
            Code={"ZipFile": archive.getvalue()},
        )
        return seconds(lambda: functions.invoke(FunctionName="bench", Payload=b"{}")["Payload"].read())


def main(arguments: list[str]) -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1)
    runs: int = parser.parse_args(arguments).runs
    documents, imports, functions = [], [], []
    for _ in range(runs):
        imports.append(import_sdk())
        functions.append(cold_function())
        documents.append(demo())
    timings = {
        name: round(median(document["timings"][name] for document in documents), 3) for name in documents[0]["timings"]
    }
    floor = {"import_pulumi_aws": round(median(imports), 3), "cold_function": round(median(functions), 3)}
    last = documents[-1]
    result = {
        "runs": runs,
        "seconds": timings,
        "targets": TARGETS,
        "met": {name: timings[name] <= target for name, target in TARGETS.items()},
        "floor_seconds": floor,
        "deploy_over_import": round(timings["deploy"] / floor["import_pulumi_aws"], 2),
        "change_to_non_compliant_over_cold_function": round(
            timings["change_to_non_compliant"] / floor["cold_function"], 2
        ),
        "seen": {
            "deployed": len(last["deployed"]),
            "alerts": len(last["alerts"]),
            "remediations": len(last["remediations"]),
            "reports": len(last["reports"]),
        },
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
