"""Measures preflight: wall time on our own stack against the bare import of the SDK, what it and others catch.

Prints one JSON document. ``python -m bench.preflight [--runs N]``. What others catch is written as a page too, when all
of them could be asked.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from bench.preflight_comparison import PAGE, compare, page

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


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    mutations = load_mutations()
    in_program = program(mutations)
    compared = compare(mutations.TEMPLATE_MUTATIONS, given.runs)
    if not compared["left_out"]:
        in_template = {check for check, _ in mutations.TEMPLATE_MUTATIONS}
        elsewhere = sorted({mutation.check for mutation in mutations.MUTATIONS} - in_template)
        PAGE.write_text(page(compared, in_program, elsewhere))
    print(json.dumps({"wall": wall(given.runs), "program": in_program, "template": compared}, indent=2))


if __name__ == "__main__":
    main()
