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
InstallPulumiOption = Annotated[
    bool, typer.Option("--install-pulumi", help="With --target aws: install the Pulumi CLI where there is none.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]


def check_region(region: str, *more: str) -> None:
    """Raises CommandError when AWS has no such region, and it is none of the other words that the command takes."""
    from watchkeeper.aws import facts, suggest

    if region not in facts.regions() and region not in more:
        near = suggest.nearest(region, facts.regions())
        hint = f"Did you mean {near}?" if near else f"Name one such as {', or '.join(('eu-west-1', *more))}."
        raise CommandError(f'"{region}" is not an AWS region.', hint=hint, code=Exit.USAGE)
