"""A Pulumi program, run in preview by the embedded engine: nothing is made, nothing outside is asked.

What follows from a resource's inputs (its name, its ARN) is given to the program already, with a recognisable stand-in
where AWS or Pulumi would make up a name: so that policies that mention ARNs can be read. Everything else stays unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

from watchkeeper import catalog
from watchkeeper.engine.offline import ACCOUNT, OfflineProvider
from watchkeeper.engine.preview import preview
from watchkeeper.engine.program import ProjectError, load_project
from watchkeeper.engine.provider import Inputs
from watchkeeper.graph import Resource
from watchkeeper.preflight.identity import outputs_of
from watchkeeper.preflight.inputs.target import Target, TargetError
from watchkeeper.preflight.registry import checks


class Foreseeing(OfflineProvider):
    """The offline provider, with the names and ARNs that follow from the inputs."""

    def preview_outputs(self, resource_type: str, name: str, inputs: Inputs) -> Mapping[str, Any]:
        """The inputs, the name, the ARN and the id as they will be, or a stand-in for a made-up name."""
        resource = Resource(urn=f"{resource_type}::{name}", type=resource_type, name=name, inputs=inputs)
        foreseen = outputs_of(resource, self.region, ACCOUNT)
        return {**inputs, **foreseen}


def read(directory: Path, stack: str = "", region: str | None = None) -> Target:
    """Run the project's program in preview. A program that stops gives what it had registered, and its error.

    ``region`` stands in for the stack's ``aws:region``.

    Raises
    ------
    TargetError
        The project cannot be read, or its language's tools are missing.
    """
    try:
        project = load_project(directory, stack or default_stack(directory))
        if region:
            project = replace(project, config={**project.config, "aws:region": region})
        Thread(target=_warm_up, daemon=True).start()
        provider = Foreseeing(project.region)
        result = preview(project, provider)
    except ProjectError as error:
        raise TargetError(str(error)) from error
    graph = result.graph
    graph = replace(
        graph,
        guessed=(*graph.guessed, *provider.guessed),
        unread=tuple(dict.fromkeys((*graph.unread, *provider.unread))),
    )
    return Target(graph, result.error, str(project.working_directory), result.log)


def _warm_up() -> None:
    """Load checks and catalogs while the program runs in its own process: that is most of the wall time."""
    checks()
    catalog.managed_rules()
    catalog.managed_policies()


def default_stack(directory: Path) -> str:
    """The stack to look at when none was named: dev, or the only one that has a file."""
    names = sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in directory.glob("Pulumi.*.yaml"))
    if "dev" in names or not names:
        return "dev"
    return names[0]
