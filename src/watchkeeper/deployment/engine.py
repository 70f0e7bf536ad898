"""Deployments to the embedded AWS: our engine runs the same Pulumi program, our provider makes its resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from watchkeeper.embedded.provider import AwsProvider
from watchkeeper.embedded.server import Running
from watchkeeper.engine import deployment
from watchkeeper.engine.program import Project
from watchkeeper.engine.state import read_state

OnEvent = Callable[[deployment.Event], None]


def state_file(folder: Path, project: str, stack: str) -> Path:
    """Where the engine keeps what it made for a stack."""
    return folder / "state" / f"{project}.{stack}.json"


def provider(running: Running, project: Project) -> AwsProvider:
    """Our AWS provider in the region that the project's stack configuration names, or the embedded AWS's own."""
    keys = running.boto(region=project.region)
    return AwsProvider(
        endpoint_url=running.endpoint,
        region=keys["region_name"],
        access_key=keys["aws_access_key_id"],
        secret_key=keys["aws_secret_access_key"],
        account=running.account,
    )


def outputs(folder: Path, project: str, stack: str) -> Mapping[str, Any]:
    """The stack's outputs as of its last deployment; empty when there is none."""
    content = read_state(state_file(folder, project, stack))
    return content.outputs if content else {}
