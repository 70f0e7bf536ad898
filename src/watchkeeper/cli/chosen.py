"""Which rules a command is about: the options that say so, and what they mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from watchkeeper.cli.errors import CommandError, Exit
from watchkeeper.cli.projects import find_project, load_project

if TYPE_CHECKING:
    from watchkeeper.evaluation.item import ConfiguredRule

MISSION = (
    "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED",
    "S3_DEFAULT_ENCRYPTION_KMS",
    "DESIRED_INSTANCE_TYPE:instanceType=t3.micro",
    "DB_INSTANCE_BACKUP_ENABLED",
)
"""The rules where neither an option nor a project names any."""

RulesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--rules",
        "--rule",
        "-r",
        metavar="ID[:param=value,…]",
        help="A managed rule; may be given again. Default: the project's rules, else those of the mission.",
        show_default=False,
    ),
]

PackOption = Annotated[
    Path | None,
    typer.Option("--pack", help="The rules of a conformance pack's YAML.", show_default=False, dir_okay=False),
]

PackParameterOption = Annotated[
    list[str] | None,
    typer.Option(
        "--pack-parameter",
        metavar="NAME=VALUE",
        help="A value for a parameter of the pack, instead of its default; may be given again.",
        show_default=False,
    ),
]

FrameworkOption = Annotated[
    list[str] | None,
    typer.Option(
        "--framework",
        metavar="NAME",
        help="The rules of AWS's conformance pack of this name (words that only it has), with the console's defaults; "
        "may be given again. See: rules frameworks.",
        show_default=False,
    ),
]

AllRulesOption = Annotated[bool, typer.Option("--all-rules", help="Every rule that has logic here.")]


class Asked(NamedTuple):
    """The options that name rules."""

    rules: Sequence[str] | None
    frameworks: Sequence[str] | None
    pack: Path | None
    pack_parameters: Sequence[str] | None
    every: bool


def chosen_rules(asked: Asked, project: Path | None, env: str) -> list[ConfiguredRule]:
    """The rules that the options name, else the project's, else the mission's. Raises CommandError."""
    from watchkeeper.evaluation.selection import all_rules, rules_of_frameworks

    chosen = selected(asked.rules or ()) + _pack_rules(asked.pack, asked.pack_parameters or ())
    with framework_errors():
        defaults = rules_of_frameworks(asked.frameworks or ())
    if asked.every:
        defaults += all_rules()
    named = {rule.identifier for rule in chosen}
    chosen += {rule.identifier: rule for rule in defaults if rule.identifier not in named}.values()
    return chosen or project_rules(project, env) or selected(MISSION)


def _pack_rules(pack: Path | None, parameters: Sequence[str]) -> list[ConfiguredRule]:
    from watchkeeper.evaluation.selection import SelectionError, pack_parameters, rules_of_pack
    from watchkeeper.rules.pack import PackError, PackParameterError

    try:
        given = pack_parameters(parameters)
        if pack is not None:
            return rules_of_pack(pack.read_text(encoding="utf-8"), given)
    except SelectionError as error:
        raise CommandError(f"--pack-parameter: {error}", code=Exit.USAGE) from error
    except PackParameterError as error:
        hint = "Give a value with --pack-parameter NAME=VALUE."
        raise CommandError(f"{pack}: {error}", hint=hint, code=Exit.USAGE) from error
    except (PackError, UnicodeDecodeError) as error:
        raise CommandError(f"{pack}: {error}", code=Exit.USAGE) from error
    except OSError as error:
        raise CommandError(f"{pack} can't be read: {error.strerror}", code=Exit.USAGE) from error
    if given:
        raise CommandError("--pack-parameter without a pack.", hint="Name it with --pack FILE.", code=Exit.USAGE)
    return []


def selected(rules: Sequence[str]) -> list[ConfiguredRule]:
    from watchkeeper.evaluation.selection import SelectionError, select_rules

    try:
        return select_rules(rules)
    except SelectionError as error:
        raise CommandError(str(error), hint="Search with: watchkeeper rules list WORD", code=Exit.USAGE) from error


def project_rules(project: Path | None, env: str) -> list[ConfiguredRule]:
    """The rules of the project's settings; none where there is no project, or no settings of ours in it."""
    from watchkeeper.evaluation.item import ConfiguredRule
    from watchkeeper.monitoring.settings import NAMESPACE, from_pulumi_config

    try:
        folder = find_project(project)
    except CommandError:
        if project is not None:
            raise
        return []
    if project is None and not any((folder / f"Pulumi.{env}.{ending}").is_file() for ending in ("yaml", "yml")):
        return []
    config = load_project(folder, env).config
    if not any(key.startswith(f"{NAMESPACE}:") for key in config):
        return []
    return [
        ConfiguredRule(rule.name, rule.identifier, rule.parameters, severity=rule.severity, category=rule.category)
        for rule in from_pulumi_config(config).all_rules
    ]


def framework_names(words: str) -> frozenset[str]:
    """The conformance packs with those words in their names. Raises CommandError where there is none."""
    from watchkeeper.evaluation.selection import find_frameworks

    with framework_errors():
        return frozenset(pack.name for pack in find_frameworks(words))


@contextmanager
def framework_errors() -> Iterator[None]:
    from watchkeeper.aws import facts
    from watchkeeper.evaluation.selection import SelectionError

    try:
        yield
    except SelectionError as error:
        known = "; ".join(facts.frameworks())
        raise CommandError(str(error), hint=f"Known are: {known}", code=Exit.USAGE) from error
