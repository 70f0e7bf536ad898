"""``pulumi-provider``: the embedded AWS's resource provider, as a plugin of the Pulumi CLI."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from watchkeeper.cli.options import JsonOption
from watchkeeper.cli.output import document, note, out


def pulumi_provider(
    engine: Annotated[str | None, typer.Argument(help="Given by the Pulumi CLI.", hidden=True)] = None,
    directory: Annotated[
        Path | None,
        typer.Option(help="The program's folder: relative paths of assets start there.", show_default=False),
    ] = None,
    install: Annotated[
        Path | None,
        typer.Option(help="Write the executable pulumi-resource-aws into this folder, and end.", show_default=False),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Let the Pulumi CLI deploy to the embedded AWS: serve as its AWS plugin, at AWS_ENDPOINT_URL only.

    Prints its port, for PULUMI_DEBUG_PROVIDERS=aws:PORT. With --install the CLI starts it by itself: put the folder on
    the PATH of the shells that are to use the embedded AWS, and no others.

    [dim]Example:[/] watchkeeper pulumi-provider --install .watchkeeper/bin
    """
    from watchkeeper.pulumi import plugin

    if install is not None:
        file = plugin.install(install.resolve(), sys.executable)
        if as_json:
            document(plugin.document_of(executable=file), "pulumi-provider")
        else:
            out.print(str(file), markup=False, soft_wrap=True)
        return

    def announce(port: int) -> None:
        if as_json:
            document(plugin.document_of(port=port), "pulumi-provider")
        else:
            sys.stdout.write(f"{port}\n")
        sys.stdout.flush()
        if engine is None:
            note(f"Attach the Pulumi CLI with: PULUMI_DEBUG_PROVIDERS=aws:{port}")

    plugin.serve((directory or Path()).resolve(), os.environ, announce, owned=engine is not None)
