"""The exceptions that a command honours."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchkeeper.cli.errors import CommandError, Exit
from watchkeeper.cli.projects import find_project

if TYPE_CHECKING:
    from watchkeeper.exceptions import Acceptance, Exceptions

ExceptionsOption = Annotated[
    Path | None,
    typer.Option(
        "--exceptions",
        help="File of accepted violations. Default: exceptions.yaml of the project, or of this folder.",
        show_default=False,
        dir_okay=False,
    ),
]
NoExceptionsOption = Annotated[bool, typer.Option("--no-exceptions", help="Count accepted violations as violations.")]


def exceptions_file(given: Path | None, project: Path | None) -> Path | None:
    """The file that counts: the one named, the project's, this folder's; None where there is none."""
    from watchkeeper.exceptions import FILE

    if given is not None:
        return given
    folders = [Path()]
    try:
        folders.insert(0, find_project(project))
    except CommandError:
        if project is not None:
            raise
    return next((folder / FILE for folder in folders if (folder / FILE).is_file()), None)


def load(file: Path, at: datetime, project: Path | None, env: str) -> Exceptions:
    """The exceptions of the file. Raises CommandError with everything that is wrong."""
    from watchkeeper import exceptions

    try:
        return exceptions.load(file, at=at, frameworks=_framework_rules, names=_names(project, env))
    except exceptions.ExceptionsError as error:
        raise CommandError(str(error), hint="Its fields: docs/exceptions.md", code=Exit.USAGE) from error


def read(text: str, name: str, at: datetime, project: Path | None, env: str) -> Exceptions:
    """The exceptions in a text. Raises CommandError with everything that is wrong."""
    from watchkeeper import exceptions

    try:
        return exceptions.read(text, name, at=at, frameworks=_framework_rules, names=_names(project, env))
    except exceptions.ExceptionsError as error:
        raise CommandError(str(error), hint="Nothing was written.", code=Exit.USAGE) from error


def accepted_by(given: Path | None, none: bool, project: Path | None, env: str, at: datetime) -> Acceptance | None:
    """What says which violations are accepted; None where nothing does. Raises CommandError."""
    if none and given is not None:
        raise CommandError("--exceptions and --no-exceptions exclude each other.", code=Exit.USAGE)
    file = None if none else exceptions_file(given, project)
    if file is None:
        return None
    from watchkeeper.exceptions import Acceptance

    found = load(file, at, project, env)
    return Acceptance(found, at) if found.entries else None


def _framework_rules(name: str) -> list[str]:
    from watchkeeper.evaluation.selection import rules_of_frameworks

    return [rule.identifier for rule in rules_of_frameworks([name])]


def _names(project: Path | None, env: str) -> list[str]:
    from watchkeeper.cli.chosen import project_rules

    try:
        return [rule.name for rule in project_rules(project, env)]
    except CommandError:
        return []
