"""Measures preflight: wall time on our own stack against the bare import of the SDK, what it and others catch.

Prints one JSON document. ``python bench/preflight.py [--runs N] [--checkov PATH]``; cfn-lint is taken from the
environment that runs this, Checkov from where ``--checkov`` points (it is left out otherwise).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests" / "preflight"
PREFLIGHT = (
    "import sys; from watchkeeper.preflight import inspect; r = inspect(sys.argv[1]); "
    "sys.exit(f'{len(r.findings)} findings, {len(r.errors)} errors' if r.findings or r.errors else 0)"
)
IMPORT_USED = (
    "import pulumi_aws as aws\n"
    "for name in ('cfg', 'cloudwatch', 'iam', 'kms', 'lambda_', 's3', 'sns', 'sqs'): dir(getattr(aws, name))"
)
"""The SDK loads its modules when they are first named: this loads those that our stack's program names."""


def timed(command: list[str]) -> float:
    """Seconds of wall time of one run, in a process of its own."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{command[-1]} failed: {done.stderr[-2000:]}")
    return time.perf_counter() - start


def wall(runs: int) -> dict[str, Any]:
    """Medians of alternating runs, so that both see the same machine."""
    bare: list[float] = []
    used: list[float] = []
    ours: list[float] = []
    for _ in range(runs):
        bare.append(timed([sys.executable, "-c", "import pulumi_aws"]))
        used.append(timed([sys.executable, "-c", IMPORT_USED]))
        ours.append(timed([sys.executable, "-c", PREFLIGHT, str(ROOT / "infra")]))
    return {
        "import_pulumi_aws_seconds": round(median(bare), 3),
        "import_used_modules_seconds": round(median(used), 3),
        "preflight_infra_seconds": round(median(ours), 3),
        "ratio": round(median(ours) / median(bare), 2),
        "ratio_to_used_modules": round(median(ours) / median(used), 2),
        "aim": 2.5,
        "runs": runs,
    }


def load_mutations() -> Any:
    """The table of mistakes that the tests use too."""
    spec = importlib.util.spec_from_file_location("preflight_mutations", TESTS / "mutations.py")
    if spec is None or spec.loader is None:
        raise SystemExit("tests/preflight/mutations.py is not there")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def program(mutations: Any) -> dict[str, Any]:
    """Each mistake in the correct Pulumi program's graph."""
    from watchkeeper.preflight import Options, read_target, run

    target = read_target(TESTS / "fixtures" / "reference")
    options = Options(root=target.root)
    clean = run(target.graph, options)
    caught = [
        (mutation.check, {item.check for item in run(mutation.change(target.graph), options).findings})
        for mutation in mutations.MUTATIONS
    ]
    return {
        "unmutated_findings": len(clean.findings),
        "mistakes": len(caught),
        "caught": sum(check in found for check, found in caught),
        "caught_by_that_check_alone": sum(found == {check} for check, found in caught),
        "missed": [check for check, found in caught if check not in found],
    }


def ours(file: Path) -> set[str]:
    """What preflight says of a template."""
    from watchkeeper.preflight import inspect

    return {f"{item.check}:{item.resource}:{item.message}" for item in inspect(file).findings}


def cfn_lint(file: Path) -> set[str]:
    """What cfn-lint says of a template, all its rules on."""
    from cfnlint.api import ManualArgs, lint

    found = lint(file.read_text(), config=ManualArgs(regions=["eu-west-1"], include_checks=["I"]))
    return {f"{item.rule.id}:{item.message}" for item in found}


def checkov(program_path: str) -> Callable[[Path], set[str]]:
    """What Checkov says of a template."""

    def look(file: Path) -> set[str]:
        command = [
            program_path,
            "--file",
            str(file),
            "--framework",
            "cloudformation",
            "--output",
            "json",
            "--quiet",
            "--compact",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        try:
            report: Any = json.loads(done.stdout)
        except ValueError as error:
            raise SystemExit(f"checkov did not answer: {done.stderr[-500:]}") from error
        failed = report.get("results", {}).get("failed_checks", []) if isinstance(report, dict) else []
        return {f"{item['check_id']}:{item['resource']}" for item in failed}

    return look


def templates(mutations: Any, tools: Mapping[str, Callable[[Path], set[str]]]) -> dict[str, Any]:
    """Each mistake in the equivalent template: a tool catches it when it says something that it did not say before."""
    from watchkeeper.preflight.inputs import cloudformation

    document, _ = cloudformation.load((TESTS / "fixtures" / "reference.yaml").read_text(), "reference.yaml")
    text = json.dumps(document)
    table: dict[str, dict[str, bool]] = {}
    seconds = dict.fromkeys(tools, 0.0)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "template.json"
        file.write_text(text)
        before = {name: tool(file) for name, tool in tools.items()}
        for check, change in mutations.TEMPLATE_MUTATIONS:
            mutated = json.loads(text)
            change(mutated)
            file.write_text(json.dumps(mutated))
            for name, tool in tools.items():
                start = time.perf_counter()
                table.setdefault(check, {})[name] = bool(tool(file) - before[name])
                seconds[name] += time.perf_counter() - start
    return {
        "mistakes": len(table),
        "unmutated_findings": {name: len(found) for name, found in before.items()},
        "caught": {name: sum(row[name] for row in table.values()) for name in tools},
        "seconds_for_all": {name: round(value, 2) for name, value in seconds.items()},
        "table": table,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--checkov", default="", help="the checkov program of another environment")
    given = parser.parse_args()
    mutations = load_mutations()
    tools: dict[str, Callable[[Path], set[str]]] = {"watchkeeper": ours, "cfn-lint": cfn_lint}
    if given.checkov:
        tools["checkov"] = checkov(given.checkov)
    result = {"wall": wall(given.runs), "program": program(mutations), "template": templates(mutations, tools)}
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
