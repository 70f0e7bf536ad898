"""Deployments to the embedded AWS: our engine runs the same Pulumi program, our provider makes its resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3

from watchkeeper.clients import QUESTIONS, Clients, EndpointError
from watchkeeper.local.server import Running, find
from watchkeeper.pulumi.engine import deployment
from watchkeeper.pulumi.engine.program import Project
from watchkeeper.pulumi.engine.state import read_state
from watchkeeper.pulumi.provider import AwsProvider

OnEvent = Callable[[deployment.Event], None]


def clients_in(directory: Path, region: str | None = None) -> Clients:
    """Clients of the embedded AWS that runs from this folder. Raises EndpointError when it does not run."""
    running = find(directory)
    if running is None:
        raise EndpointError("The embedded AWS is not running.", "Start it with: watchkeeper local start")
    return clients_of(running, region)


def clients_of(running: Running, region: str | None = None) -> Clients:
    """Clients of an embedded AWS, as its account's root user."""
    keys = running.boto()
    session = boto3.Session(keys["aws_access_key_id"], keys["aws_secret_access_key"])
    return Clients(session, region or running.region, running.endpoint, QUESTIONS)


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
