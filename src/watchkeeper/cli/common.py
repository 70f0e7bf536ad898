"""The options that every command has, and where any option's default can come from.

The first of these that is there counts: the command line, the environment variable ``WATCHKEEPER_<COMMAND>_<OPTION>``,
the variable ``WATCHKEEPER_<OPTION>``, ``commands:`` in ``watchkeeper.yaml``, the documented default.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from watchkeeper.cli import output
from watchkeeper.cli.errors import CommandError, Exit

if TYPE_CHECKING:
    from typer._click.core import Context, Parameter
    from typer.models import CommandFunctionType

PANEL: Final = "Every command"
FILE: Final = "watchkeeper.yaml"
SECTION: Final = "commands"
"""The part of :data:`FILE` that holds defaults: command to option to value."""
LOGGER: Final = "watchkeeper.api"
"""The API calls: operation and outcome at INFO, parameters at DEBUG."""


def _options(
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print results and errors only.", rich_help_panel=PANEL)
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Also print each AWS API call: time, status.", rich_help_panel=PANEL)
    ] = False,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug", help="Also print the calls' parameters, without secrets, and tracebacks.", rich_help_panel=PANEL
        ),
    ] = False,
    no_color: Annotated[
        bool, typer.Option("--no-color", help="Print no colors. So does NO_COLOR.", rich_help_panel=PANEL)
    ] = False,
    profile: Annotated[
        str | None,
        typer.Option("--profile", help="AWS profile. Default: AWS_PROFILE.", show_default=False, rich_help_panel=PANEL),
    ] = None,
) -> None:
    """Take effect before the command runs."""
    if quiet and (verbose or debug):
        other = "--debug" if debug else "--verbose"
        raise CommandError(f"--quiet and {other} exclude each other.", hint="Give one of them.", code=Exit.USAGE)
    if quiet:
        output.be_quiet()
    if no_color:
        os.environ["NO_COLOR"] = "1"  # for what we start, too
        output.without_color()
    if profile is not None:
        os.environ["AWS_PROFILE"] = profile
    if verbose or debug:
        _log(logging.DEBUG if debug else logging.INFO)
    if debug:
        os.environ["WATCHKEEPER_TRACEBACK"] = "1"


def _log(level: int) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger(LOGGER)
    logger.handlers = [handler]
    logger.setLevel(level)
    logger.propagate = False


@cache
def common_options() -> Sequence[TyperOption]:
    """Quiet, verbose, debug, no color, profile."""
    template = typer.Typer(add_completion=False)
    template.command()(_options)
    options = [option for option in get_command(template).params if isinstance(option, TyperOption)]
    for option in options:
        option.expose_value = False
        option.callback = _remember
    return options


def _remember(context: Context, option: Parameter, value: object) -> object:
    """Keeps what was given, at the group or at the command: both positions are read by everybody some day."""
    given: dict[str, object] = context.meta.setdefault(LOGGER, {})
    if value:
        given[str(option.name)] = value
    return value


class Command(TyperCommand):
    """A command with :func:`common_options`; its options take defaults from the environment and the settings file."""

    def __init__(self, *args: object, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        self.params += common_options()

    def make_context(
        self, info_name: str | None, args: list[str], parent: Context | None = None, **extra: object
    ) -> Context:
        path = [*_above(parent), str(info_name)]
        options = [each for each in self.params if isinstance(each, TyperOption)]
        for option in options:
            if not option.is_eager:
                option.envvar, option.show_envvar = _variables(path, option), False
        known = (
            [name.removeprefix("watchkeeper ") for name, _ in commands(parent.find_root().command)] if parent else []
        )
        extra["default_map"] = _file_defaults(" ".join(path), known, options)
        return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: Context) -> object:
        _options(**ctx.meta.get(LOGGER, {}))
        return super().invoke(ctx)


class Group(TyperGroup):
    """A group that takes :func:`common_options` too, for the command that follows."""

    def __init__(self, *args: object, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        self.params += common_options()


class Commands(typer.Typer):
    """Typer whose groups and commands are ours."""

    def __init__(self, **more: object) -> None:
        super().__init__(cls=Group, **more)  # type: ignore[arg-type]

    def command(  # type: ignore[explicit-any]
        self, name: str | None = None, **more: object
    ) -> Callable[[CommandFunctionType], CommandFunctionType]:
        return super().command(name, cls=Command, **more)  # type: ignore[arg-type]


def _above(context: Context | None) -> list[str]:
    """The groups that a command is in, without the program's own name, which need not be one word."""
    if context is None or context.parent is None:
        return []
    return [*_above(context.parent), str(context.info_name)]


def commands(command: object, path: str = "watchkeeper") -> Iterator[tuple[str, TyperCommand]]:
    """Every command that does something, with its full name; hidden ones are left out."""
    if isinstance(command, TyperCommand):
        yield path, command
    elif isinstance(command, TyperGroup):
        for name, child in command.commands.items():
            if not child.hidden:
                yield from commands(child, f"{path} {name}")


def long_name(option: TyperOption) -> str:
    """``fail-on`` of ``--fail-on``: the option's longest name."""
    return max((name for name in option.opts), key=len).lstrip("-")


def _variables(path: Sequence[str], option: TyperOption) -> list[str]:
    name = long_name(option)
    words = ("_".join((*path, name)), name)
    return [f"WATCHKEEPER_{word.replace('-', '_').upper()}" for word in words]


def _file_defaults(command: str, commands: Sequence[str], options: Sequence[TyperOption]) -> dict[str, object]:
    """Parameter to value, of what the file says of this command.

    Raises
    ------
    CommandError
        With every command that doesn't exist, or with every option that this command does not have.
    """
    file = _nearest()
    if file is None:
        return {}
    section = _section(file)
    _refuse_unknown(file, [str(name) for name in section], commands, "commands that do not exist", "watchkeeper --help")
    said = section.get(command) or {}
    if not isinstance(said, Mapping):
        raise CommandError(
            f"{file}: {SECTION}.{command} is not a mapping.", hint="Write options under it: region: …", code=Exit.USAGE
        )
    known = {long_name(option): option for option in options}
    names = [str(name) for name in said]
    _refuse_unknown(file, names, list(known), f"options that {command} does not have", f"watchkeeper {command} --help")
    return {str(known[name].name): _texts(known[name], value) for name, value in said.items()}


def _refuse_unknown(file: Path, names: Sequence[str], known: Sequence[str], what: str, see: str) -> None:
    unknown = [name for name in names if name not in known]
    if not unknown:
        return
    from watchkeeper.aws.suggest import nearest

    near = {name: nearest(name, known) for name in unknown}
    lines = [f"{name}: did you mean {near[name]}?" if near[name] else name for name in unknown]
    raise CommandError("\n".join([f"{file}: {SECTION} names {what}.", *lines]), hint=f"See: {see}", code=Exit.USAGE)


def _texts(option: TyperOption, value: object) -> object:
    """A YAML value as the command line would give it."""
    if option.multiple and not isinstance(value, list):
        return [str(value)]
    if isinstance(value, list):
        return [str(each) for each in value]
    return value if isinstance(value, bool) else str(value)


def _nearest() -> Path | None:
    """The settings file of this folder or of one above it, up to the top of the repository."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / FILE).is_file():
            return folder / FILE
        if (folder / ".git").exists():
            return None
    return None


def _section(file: Path) -> Mapping[str, object]:
    import yaml

    try:
        text = file.read_text(encoding="utf-8")
        if SECTION not in text:  # what concerns preflight alone is read by it
            return {}
        content = yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise CommandError(f"{file} can't be read: {error}", code=Exit.USAGE) from error
    section = content.get(SECTION) if isinstance(content, Mapping) else None
    if section is None:
        return {}
    if not isinstance(section, Mapping):
        raise CommandError(f"{file}: {SECTION} is not a mapping of commands.", code=Exit.USAGE)
    return section
