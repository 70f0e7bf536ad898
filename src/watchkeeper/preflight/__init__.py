"""Preflight: every known mistake of an AWS Config deployment, found in a resource graph before anything is deployed.

``read_target(path)`` turns a Pulumi project, a preview, a state export, a CloudFormation template or a Terraform plan
into a graph; ``run(graph, options)`` gives a Report; ``inspect(path)`` does both, with the settings
that it finds; ``checks()`` has all checks by id; ``formats.render(report, name)`` writes a report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from watchkeeper.model import SourcePosition
from watchkeeper.preflight.check import Check, CheckError, NotChecked, Report
from watchkeeper.preflight.inputs import Target, TargetError, is_project, read_target
from watchkeeper.preflight.options import AccountState, Options, Suppression
from watchkeeper.preflight.registry import checks, unknown_names, warm_up
from watchkeeper.preflight.run import settings
from watchkeeper.preflight.run.running import run
from watchkeeper.preflight.run.settings import SettingsError
from watchkeeper.pulumi.engine.program import ProgramError
from watchkeeper.pulumi.graph import Graph

AskAccount = Callable[[Graph, str | None], AccountState]
"""From the graph and the region to the account's state."""
__all__ = [
    "AccountState",
    "AskAccount",
    "Check",
    "CheckError",
    "NotChecked",
    "Options",
    "ProgramError",
    "Report",
    "SettingsError",
    "Suppression",
    "Target",
    "TargetError",
    "checks",
    "inspect",
    "judge",
    "read_target",
    "run",
    "unknown_names",
]


def inspect(
    path: Path | str,
    given: Mapping[str, Any] | None = None,
    *,
    stack: str = "",
    region: str | None = None,
    settings_file: Path | None = None,
    ask: AskAccount | None = None,
) -> Report:
    """Read a target and its settings and run the checks over it; a program that stops is a finding (``program-error``).

    ``given`` has fields of Options that win over the settings; ``settings_file`` is read in place of the
    ``watchkeeper.yaml`` beside or above the target. ``stack`` names the environment where the target has no stacks.
    ``ask`` gives the account's state for a graph and a region.

    Raises
    ------
    TargetError
        The target cannot be read at all.
    SettingsError
        The settings are wrong; the message has all problems.
    """
    path = Path(path)
    given = {**({"environment": stack} if stack and not is_project(path) else {}), **(given or {})}
    return judge(
        read_target(path, stack=stack, region=region, meanwhile=warm_up),
        path,
        given,
        settings_file=settings_file,
        ask=ask,
    )


def judge(
    target: Target,
    path: Path,
    given: Mapping[str, Any] | None = None,
    *,
    settings_file: Path | None = None,
    ask: AskAccount | None = None,
) -> Report:
    """The same for a target that was read already, from ``path``. Raises SettingsError."""
    fields = {**settings.load(settings_file or settings.find(path), target.config), **(given or {})}
    suppressions = (*fields.pop("suppressions", ()), *target.suppressions)
    state = ask(target.graph, target.graph.region) if ask else None
    fields |= {"program_error": target.error, "missing": target.missing}
    options = Options(root=target.root, suppressions=suppressions, account=state, **fields)
    return replace(run(target.graph, options), place=SourcePosition(target.file, 1))
