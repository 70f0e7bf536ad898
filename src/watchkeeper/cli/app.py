"""The command line's root: registers the commands, and turns what they raise into a message and an exit code."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from typing import Annotated, NoReturn

import typer

from watchkeeper import extras
from watchkeeper.cli import (
    demo,
    destroy,
    evaluate,
    exceptions,
    init,
    local,
    preflight,
    preview,
    pulumi_provider,
    report,
    rules,
    scan,
    settle,
    status,
    up,
    verify,
    whatif,
)
from watchkeeper.cli.common import Commands
from watchkeeper.cli.errors import CommandError, Exit
from watchkeeper.cli.output import err, safe
from watchkeeper.extras import MissingExtraError

app = Commands(
    name="watchkeeper",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Continuous AWS Config compliance monitoring: checked before it is deployed, run whole on a laptop.\n\n"
        "Exit codes: 0 clean, 1 findings, 2 wrong usage or settings, 3 it could not run."
    ),
    epilog=(
        "Start with: [bold]watchkeeper demo[/], which needs no AWS account. "
        "Then: [bold]watchkeeper init[/], [bold]watchkeeper up[/], [bold]watchkeeper status[/]."
    ),
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"watchkeeper {version('watchkeeper')}")
        raise typer.Exit


@app.callback()
def _root(
    _show: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None: ...


FIRST, DEPLOYING, WATCHING, ASKING = "First steps", "Deploying", "Watching", "Evaluate without a recorder"
app.command(rich_help_panel=FIRST)(demo.demo)
app.command(rich_help_panel=FIRST)(init.init)
app.add_typer(local.app, name="local", rich_help_panel=FIRST)
app.command(rich_help_panel=DEPLOYING)(preflight.preflight)
app.command(rich_help_panel=DEPLOYING)(preview.preview)
app.command(rich_help_panel=DEPLOYING)(up.up)
app.command(rich_help_panel=DEPLOYING)(destroy.destroy)
app.command(rich_help_panel=DEPLOYING)(pulumi_provider.pulumi_provider)
app.command(rich_help_panel=DEPLOYING)(settle.settle)
app.command(rich_help_panel=WATCHING)(status.status)
app.command(rich_help_panel=WATCHING)(verify.verify)
app.add_typer(report.app, name="report", rich_help_panel=WATCHING)
app.add_typer(exceptions.app, name="exceptions", rich_help_panel=WATCHING)
app.add_typer(rules.app, name="rules", rich_help_panel=ASKING)
app.command(rich_help_panel=ASKING)(evaluate.evaluate)
app.command(rich_help_panel=ASKING)(whatif.whatif)
app.command(rich_help_panel=ASKING)(scan.scan)


def _reach_loopback() -> None:
    """The embedded AWS is on this machine: no proxy stands between."""
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1,localhost")))


def _is_of_aws_setup(error: Exception) -> bool:
    """Whether what is wrong is this machine's AWS configuration: a profile that isn't there, no credentials …"""
    if "botocore.exceptions" not in sys.modules:
        return False
    from botocore import exceptions as known

    return isinstance(
        error,
        (
            *(known.ProfileNotFound, known.ConfigParseError, known.ConfigNotFound, known.NoRegionError),
            *(known.NoCredentialsError, known.PartialCredentialsError, known.CredentialRetrievalError),
        ),
    )


def _fail(message: str, hint: str, code: Exit) -> NoReturn:
    """End with a message: its first line, then the rest and the hint below it."""
    first, *more = message.splitlines() or [""]
    err.print("[bold red]error[/]", safe(first), soft_wrap=True)
    for line in (*more, *hint.splitlines()):
        err.print("     ", safe(line), soft_wrap=True)
    sys.exit(code)


def main() -> NoReturn:
    """Run the command line; never shows a traceback unless WATCHKEEPER_TRACEBACK is set."""
    _reach_loopback()
    # Nor a last time at the end.
    atexit.register(gc.freeze)
    try:
        app()
    except CommandError as error:
        _fail(str(error), error.hint, error.code)
    except MissingExtraError as error:
        _fail(str(error), error.hint, Exit.FAILED)
    except KeyboardInterrupt:
        err.print("interrupted")
        sys.exit(130)
    except SystemExit as ending:
        # The reader of our output is gone (`| head`), which Click ends with 1: it is no finding.
        sys.exit(Exit.CLEAN if isinstance(ending.__context__, BrokenPipeError) else ending.code)
    except Exception as error:
        missing = extras.missing(error) if isinstance(error, ModuleNotFoundError) else None
        if missing is not None:
            _fail(str(missing), missing.hint, Exit.FAILED)
        if os.environ.get("WATCHKEEPER_TRACEBACK"):
            raise
        if _is_of_aws_setup(error):
            err.print("[bold red]error[/]", safe(str(error)), soft_wrap=True)
            err.print("      AWS_PROFILE, ~/.aws/config and ~/.aws/credentials say which credentials and region count.")
            sys.exit(Exit.FAILED)
        err.print("[bold red]internal error[/]", safe(f"{type(error).__name__}: {error}"), soft_wrap=True)
        err.print("      This is a fault of Watchkeeper. WATCHKEEPER_TRACEBACK=1 shows where; please report it.")
        sys.exit(Exit.FAILED)
    sys.exit(Exit.CLEAN)
