"""How long preflight takes, beside what anybody waits for who runs the same program.

The bare import of ``pulumi_aws`` loads nothing of it: the SDK loads a module when it is first named. What a program
waits for is the import of the modules that it names, and the SDK's own work on each resource. The *floor* is that and
no more: the same program in one process under the mocks of Pulumi's SDK, without our engine, a server or a check.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from watchkeeper.preflight import read_target
from watchkeeper.pulumi.engine.offline import ACCOUNT, DEFAULT_REGION
from watchkeeper.pulumi.engine.program import load_project

ROOT = Path(__file__).resolve().parent.parent
INFRA = ROOT / "infra"
UNDER_MOCKS = ROOT / "tests" / "pulumi" / "engine" / "under_mocks.py"
TEMPLATE = ROOT / "tests" / "preflight" / "fixtures" / "reference.yaml"
AIM = 2.5
INSPECT = (
    "import sys; from watchkeeper.preflight import inspect; r = inspect(sys.argv[1]); "
    "sys.exit(f'{len(r.findings)} findings, {len(r.errors)} errors' if r.findings or r.errors else 0)"
)
ANSWERS = {
    "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT, "id": ACCOUNT},
    "aws:index/getRegion:getRegion": {"region": DEFAULT_REGION, "name": DEFAULT_REGION, "id": DEFAULT_REGION},
    "aws:index/getPartition:getPartition": {"partition": "aws", "dnsSuffix": "amazonaws.com", "id": "aws"},
}


def measure(runs: int) -> dict[str, Any]:
    """The least wall and CPU time of some alternating runs each: whatever else the machine does can only add to it."""
    commands = _commands()
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            taken[name].append(_run(command))
    wall = {name: min(wall for wall, _ in times) for name, times in taken.items()}
    cpu = {name: min(cpu for _, cpu in times) for name, times in taken.items()}
    bare, floor = wall["import_pulumi_aws"], wall["program_under_pulumis_mocks"]
    return {
        "seconds": {name: {"wall": round(wall[name], 3), "cpu": round(cpu[name], 3)} for name in commands},
        "ratio": round(wall["preflight"] / bare, 2),
        "aim": AIM,
        "ratio_of_the_floor": round(floor / bare, 2),
        "preflight_to_the_floor": round(wall["preflight"] / floor, 2),
        "preflight_to_the_imports": round(wall["preflight"] / wall["import_named_modules"], 2),
        "runs": runs,
    }


def _commands() -> dict[str, Sequence[str]]:
    def python(*arguments: str) -> Sequence[str]:
        return (sys.executable, *arguments)

    return {
        "import_pulumi_aws": python("-c", "import pulumi_aws"),
        "import_named_modules": python("-c", _import_named()),
        "program_under_pulumis_mocks": python(str(UNDER_MOCKS), json.dumps(_settings())),
        "preflight": python("-c", INSPECT, str(INFRA)),
        "command": python("-m", "watchkeeper", "preflight", str(INFRA)),
        "command_on_a_template": python("-m", "watchkeeper", "preflight", str(TEMPLATE)),
        "command_without_work": python("-m", "watchkeeper", "--version"),
    }


def _import_named() -> str:
    """Loads the modules of the SDK that our stack's program names. Any name that is looked up loads a module."""
    types = {one.type for one in read_target(INFRA).graph if one.type.startswith("aws:")}
    modules = {kind.split(":")[1].split("/")[0] for kind in types}
    names = sorted(f"{name}_" if name == "lambda" else name for name in modules)
    return f"import pulumi_aws as aws\nfor name in {names!r}:\n    getattr(getattr(aws, name), 'loaded', None)"


def _settings() -> dict[str, Any]:
    project = load_project(INFRA, "dev")
    return {
        "program": str(project.program),
        "project": project.name,
        "stack": project.stack,
        "config": dict(project.config),
        "answers": ANSWERS,
    }


def _run(command: Sequence[str]) -> tuple[float, float]:
    """Wall and CPU seconds of one run, with all that it starts."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"{command[-1]} failed: {done.stderr[-2000:]}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
