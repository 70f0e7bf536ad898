"""Preflight: every known mistake of an AWS Config deployment, found in a resource graph before anything is deployed.

``read_target(path)`` turns a Pulumi project, a preview, a state export, a CloudFormation template or a Terraform plan
into a graph; ``run(graph, options)`` gives a Report; ``inspect(path, options)`` does both; ``checks()`` has all checks
by id; ``formats.render(report, name)`` writes a report.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from watchkeeper.engine.program import ProgramError
from watchkeeper.preflight.check import AccountState, Check, CheckError, NotChecked, Options, Report, Suppression
from watchkeeper.preflight.inputs import Target, TargetError, read_target
from watchkeeper.preflight.registry import checks, unknown_names
from watchkeeper.preflight.running import run

__all__ = [
    "AccountState",
    "Check",
    "CheckError",
    "NotChecked",
    "Options",
    "ProgramError",
    "Report",
    "Suppression",
    "Target",
    "TargetError",
    "checks",
    "inspect",
    "read_target",
    "run",
    "unknown_names",
]


def inspect(path: Path | str, options: Options | None = None, *, stack: str = "", region: str | None = None) -> Report:
    """Read a target and run the checks over it; a program that stops is a finding (``program-error``).

    Raises
    ------
    TargetError
        The target cannot be read at all.
    """
    target = read_target(path, stack=stack, region=region)
    options = options or Options()
    root = options.root or target.root
    return run(target.graph, replace(options, root=root, program_error=options.program_error or target.error))
