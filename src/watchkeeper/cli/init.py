"""``init``: a Pulumi project that deploys the monitoring."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from watchkeeper.cli.errors import CommandError, Exit
from watchkeeper.cli.options import JsonOption
from watchkeeper.cli.output import document, note, out, safe


def init(
    directory: Annotated[Path, typer.Argument(help="Folder to make.", file_okay=False)] = Path("infra"),
    owner: Annotated[str, typer.Option(help="Who answers for it: the tag Owner.")] = "platform-team",
    as_json: JsonOption = False,
) -> None:
    """Make a Pulumi project that deploys the monitoring: program, dev and prod settings.

    [dim]Example:[/] watchkeeper init infra --owner security-team && watchkeeper up
    """
    from watchkeeper.monitoring import scaffold

    try:
        made = scaffold.write(directory, owner)
    except FileExistsError as error:
        hint = "Nothing was written. Name another folder."
        raise CommandError(f"{error.filename} exists already.", hint=hint, code=Exit.USAGE) from error
    except scaffold.ScaffoldError as error:
        raise CommandError(str(error), hint=error.hint, code=Exit.USAGE) from error
    except OSError as error:
        raise CommandError(f"{directory} can't be written: {error.strerror}.") from error
    if as_json:
        document(scaffold.document_of(made), "init")
    else:
        for file in made:
            out.print(safe(file), soft_wrap=True)
    note("Next:", safe(f"watchkeeper up --project {shlex.quote(str(directory))}", "bold"))
