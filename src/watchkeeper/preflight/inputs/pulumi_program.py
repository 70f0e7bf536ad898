"""A Pulumi program, run in preview by the embedded engine: nothing is made, nothing outside is asked.

What follows from a resource's inputs (its name, its ARN) is given to the program already, with a recognisable stand-in
where AWS or Pulumi would make up a name: so that policies that mention ARNs can be read. Everything else stays unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from watchkeeper.preflight.inputs.target import Target, TargetError
from watchkeeper.preflight.meaning.identity import outputs_of
from watchkeeper.pulumi.engine.offline import ACCOUNT
from watchkeeper.pulumi.engine.preview import Foresee, Preview, preview
from watchkeeper.pulumi.engine.program import Project, ProjectError, load_project
from watchkeeper.pulumi.engine.provider import Inputs
from watchkeeper.pulumi.graph import Resource


def read(
    directory: Path, stack: str = "", region: str | None = None, meanwhile: Callable[[], None] | None = None
) -> Target:
    """Run the project's program in preview. A program that stops gives what it had registered, and its error.

    ``region`` stands in for the stack's ``aws:region``; ``meanwhile`` is called
    while the program runs in its own process.

    Raises
    ------
    TargetError
        The project cannot be read, or its language's tools are missing.
    """
    try:
        project = load_project(directory, stack or default_stack(directory))
        if region:
            project = replace(project, config={**project.config, "aws:region": region})
        foresee = foreseeing(project.region, ACCOUNT)
        return target_of(project, preview(project, foresee=foresee, meanwhile=meanwhile, go_on_without_config=True))
    except ProjectError as error:
        raise TargetError(str(error)) from error


def target_of(project: Project, shown: Preview) -> Target:
    """What a preview of the project showed."""
    return Target(
        shown.graph,
        shown.error,
        str(project.working_directory),
        file=str(project.directory / "Pulumi.yaml"),
        config=project.config,
        log=shown.log,
        missing=shown.missing,
    )


def foreseeing(region: str | None, account: str) -> Foresee:
    """The name, the ARN and the id as they will be in this region and account; a stand-in for a made-up name."""

    def foresee(resource_type: str, name: str, inputs: Inputs) -> Mapping[str, Any]:
        resource = Resource(urn=f"{resource_type}::{name}", type=resource_type, name=name, inputs=inputs)
        return outputs_of(resource, region, account)

    return foresee


def default_stack(directory: Path) -> str:
    """The stack to look at when none was named: dev, or the only one that has a file."""
    names = sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in directory.glob("Pulumi.*.yaml"))
    if "dev" in names or not names:
        return "dev"
    return names[0]
