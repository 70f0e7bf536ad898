"""Options that several commands share, so that they read and behave alike everywhere."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from watchkeeper.cli.errors import CommandError, Exit


class Target(StrEnum):
    """Where the AWS API is."""

    LOCAL = "local"
    AWS = "aws"


ProjectOption = Annotated[
    Path | None,
    typer.Option(
        "--project",
        "-C",
        help="Folder of the Pulumi project. Default: this folder, or infra/ in it.",
        show_default=False,
        file_okay=False,
    ),
]
EnvOption = Annotated[
    str, typer.Option("--env", "-e", help="Environment: the Pulumi stack, with its settings in Pulumi.<env>.yaml.")
]
TargetOption = Annotated[
    Target,
    typer.Option("--target", "-t", help="The embedded AWS on this machine, or AWS itself.", case_sensitive=False),
]
RegionOption = Annotated[str | None, typer.Option("--region", help="AWS region. Default: the target's own.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]

PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml")


def find_project(given: Path | None, naming: str = "one with --project") -> Path:
    """The folder of the Pulumi project that a command is about; ``naming`` says how the command is told.

    Raises CommandError when there is none.
    """
    candidates = [given] if given else [Path(), Path("infra")]
    for folder in candidates:
        if any((folder / name).is_file() for name in PROJECT_FILES):
            return folder.resolve()
    where = f"{given} has no" if given else "Neither this folder nor infra/ has a"
    hint = f"Make a project with: watchkeeper init, or name {naming}."
    raise CommandError(f"{where} Pulumi.yaml.", hint=hint, code=Exit.USAGE)


def check_region(region: str) -> None:
    """Raises CommandError when AWS has no such region."""
    from watchkeeper.aws import facts, suggest

    if region not in facts.regions():
        near = suggest.nearest(region, facts.regions())
        hint = f"Did you mean {near}?" if near else "Name one such as eu-west-1."
        raise CommandError(f'"{region}" is not an AWS region.', hint=hint, code=Exit.USAGE)


def state_folder(project: Path) -> Path:
    """Where everything local to a project is kept: the embedded AWS's data and the engine's state."""
    return project / ".watchkeeper"
