"""The Pulumi project that a command is about: where it is, its settings, and what is kept beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from watchkeeper.cli.errors import CommandError, Exit

if TYPE_CHECKING:
    from watchkeeper.pulumi.engine.program import Project

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


def state_folder(project: Path) -> Path:
    """Where everything local to a project is kept: the embedded AWS's data and the engine's state."""
    return project / ".watchkeeper"


def load_project(folder: Path, env: str) -> Project:
    """The project of a stack, its settings validated as a whole. Raises CommandError with everything that is wrong."""
    from watchkeeper.monitoring.settings import NAMESPACE, SettingsError, from_pulumi_config
    from watchkeeper.pulumi.engine.program import ProjectError
    from watchkeeper.pulumi.engine.program import load_project as load

    try:
        loaded = load(folder, env)
        if any(key.startswith(f"{NAMESPACE}:") for key in loaded.config):
            from_pulumi_config(loaded.config, f"Pulumi.{env}.yaml")
    except (ProjectError, SettingsError) as error:
        raise CommandError(str(error), code=Exit.USAGE) from error
    return loaded
