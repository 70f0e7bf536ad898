"""Preflight: every known mistake of an AWS Config deployment, found in a resource graph before anything is deployed.

``run(graph, options)`` gives a Report; ``checks()`` all checks by id; ``read_target`` (in
:mod:`watchkeeper.preflight.inputs`) turns a Pulumi project, a preview, a state export, a CloudFormation template or a
Terraform plan into a graph.
"""

from __future__ import annotations

from watchkeeper.engine.program import ProgramError
from watchkeeper.preflight.check import (
    AccountState,
    Check,
    CheckError,
    NotChecked,
    Options,
    Report,
    Suppression,
)
from watchkeeper.preflight.registry import checks
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
    "checks",
    "run",
]
