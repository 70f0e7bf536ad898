"""A Pulumi project on disk: its program, its stack configuration, and how its program fails.

Follows https://www.pulumi.com/docs/iac/concepts/projects/project-file/ and
https://www.pulumi.com/docs/iac/concepts/config/.
"""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

RUNTIMES: Final = ("python", "nodejs")
ENCRYPTED: Final = "[encrypted]"
"""What a program sees for a value that only the Pulumi CLI could decrypt."""


class YamlLoader(yaml.SafeLoader):
    """YAML in which dates stay text, as they do for Pulumi's programs and for CloudFormation."""


YamlLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_problem(error: Exception) -> str:
    """What stopped a file from being read, without the parser's own names for it: ``line 2: found a tab``."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem or error.context}"
    if isinstance(error, UnicodeDecodeError):
        return f"it is no text: byte {error.object[error.start]:#04x} at {error.start} is not UTF-8"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:1].lower() + error.strerror[1:]
    return " ".join(str(error).split())


class ProjectError(Exception):
    """A project that can't be read: the file, what is wrong in it, what to write instead."""

    def __init__(self, file: Path | str, problem: str, fix: str) -> None:
        super().__init__(f"{file}: {problem} {fix}".rstrip())
        self.file = str(file)
        self.problem = problem
        self.fix = fix


@dataclass(frozen=True)
class Project:
    """One stack of a Pulumi project."""

    directory: Path
    """Absolute, the folder of Pulumi.yaml."""
    name: str
    runtime: str
    """``python`` or ``nodejs``."""
    stack: str
    config: Mapping[str, str] = field(default_factory=dict)
    """Fully qualified key (``project:key``) to text; lists and objects as JSON text."""
    secret_keys: tuple[str, ...] = ()
    encrypted_keys: tuple[str, ...] = ()
    """Keys whose values are encrypted in the stack file; the program sees :data:`ENCRYPTED` for them."""
    main: str = ""
    """The program, relative to the directory; empty for the directory itself."""
    organization: str = "organization"
    interpreter: str = ""
    """The Python of the project's own virtual environment, when it has one; empty for ours."""

    @property
    def program(self) -> Path:
        """The file or folder to run."""
        return (self.directory / self.main).resolve()

    @property
    def working_directory(self) -> Path:
        """Where the program runs and where its relative asset paths start."""
        return self.program if self.program.is_dir() else self.program.parent

    @property
    def region(self) -> str | None:
        """The region that Pulumi's AWS provider would take: the stack's ``aws:region``, else the environment's."""
        return self.config.get("aws:region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")


@dataclass(frozen=True)
class ProgramError:
    """How a program stopped, as far as its language tells."""

    kind: str
    """The exception's class: ``AttributeError``, ``TypeError``, ``timeout``, ``exit``."""
    message: str
    file: str = ""
    """The user's file, absolute; empty when no frame of the program is known."""
    line: int = 0
    """1-based; 0 when unknown."""
    traceback: str = ""
    name: str = ""
    """The attribute, argument, variable, property or module that does not exist."""
    owner: str = ""
    """What doesn't have it: a module, class or function, e.g. ``pulumi_aws.cfg`` or ``pulumi_aws.s3.Bucket``."""
    valid: tuple[str, ...] = ()
    """The names that the owner does have."""
    source: str = ""
    """The text of the line."""

    @property
    def nearest(self) -> tuple[str, ...]:
        """At most three existing names that are close to the wrong one, best first."""
        if not self.name:
            return ()
        # A word too many is the commonest slip (ConfigurationRecorder for Recorder), and far off by letters.
        inside = [name for name in self.valid if len(name) > 3 and self.name.lower().endswith(name.lower())]
        close = difflib.get_close_matches(self.name, self.valid, 3, 0.6)
        return tuple(dict.fromkeys((*sorted(inside, key=len, reverse=True), *close)))[:3]

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file else ""
        hint = f" Did you mean {' or '.join(self.nearest)}?" if self.nearest else ""
        return f"{place}{self.kind}: {self.message}{hint}"


@dataclass(frozen=True)
class MissingValue:
    """A required configuration value that the stack does not have, and what the program got in its place."""

    key: str
    value: Any
    file: str = ""
    """The user's file, absolute, where it was asked for first; empty when that is not known."""
    line: int = 0


def load_project(directory: Path, stack: str) -> Project:
    """The project in ``directory`` with the configuration of ``stack``.

    Raises
    ------
    ProjectError
        No or several project files, a runtime that we don't run, broken YAML, a stack without its file beside others
        that have theirs.
    """
    directory = directory.resolve()
    file = _project_file(directory)
    content = _mapping(file)
    name = content.get("name")
    if not isinstance(name, str) or not name:
        raise ProjectError(file, "the project has no name.", "Add a line such as `name: compliance`.")
    runtime, options = _runtime(file, content.get("runtime"))
    main = content.get("main") or ""
    if not isinstance(main, str) or not (directory / main).exists():
        raise ProjectError(file, f"main is {main!r}, which is not there.", "Give a file or folder beside Pulumi.yaml.")
    config, secret, encrypted = _configuration(directory, file, content, name, stack)
    return Project(
        directory=directory,
        name=name,
        runtime=runtime,
        stack=stack,
        config=config,
        secret_keys=tuple(sorted(secret)),
        encrypted_keys=tuple(sorted(encrypted)),
        main=main,
        interpreter=_interpreter(directory, options) if runtime == "python" else "",
    )


def stacks(directory: Path) -> list[str]:
    """Names of the stacks that have a configuration file in the folder."""
    files = (file for end in ("yaml", "yml") for file in directory.glob(f"Pulumi.*.{end}"))
    return sorted({file.name.removeprefix("Pulumi.").rsplit(".", 1)[0] for file in files})


def _project_file(directory: Path) -> Path:
    for name in ("Pulumi.yaml", "Pulumi.yml"):
        if (directory / name).is_file():
            return directory / name
    raise ProjectError(
        directory / "Pulumi.yaml",
        "there is no such file.",
        "Name the folder of a Pulumi project, or run `watchkeeper init`.",
    )


def _mapping(file: Path) -> dict[str, Any]:
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), YamlLoader)  # noqa: S506 - a SafeLoader
    except (OSError, yaml.YAMLError, ValueError, RecursionError) as error:
        raise ProjectError(file, f"not YAML: {read_problem(error)}.", "Correct the syntax there.") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ProjectError(file, "holds no mapping at its top.", "Write `key: value` lines.")
    return content


def _runtime(file: Path, value: Any) -> tuple[str, Mapping[str, Any]]:
    name = value.get("name") if isinstance(value, dict) else value
    options = value.get("options") if isinstance(value, dict) else None
    if name not in RUNTIMES:
        raise ProjectError(
            file,
            f"runtime {name!r} is not one that the embedded engine runs.",
            f"It runs {' and '.join(RUNTIMES)}; for others give the output of `pulumi preview --json`.",
        )
    return str(name), options if isinstance(options, dict) else {}


def _interpreter(directory: Path, options: Mapping[str, Any]) -> str:
    environment = options.get("virtualenv")
    if not isinstance(environment, str):
        return ""
    python = directory / environment / "bin" / "python"
    return str(python) if any((directory / environment).glob("lib/python*/site-packages/pulumi")) else ""


def _configuration(
    directory: Path, file: Path, content: Mapping[str, Any], name: str, stack: str
) -> tuple[dict[str, str], set[str], set[str]]:
    config: dict[str, str] = {}
    secret: set[str] = set()
    encrypted: set[str] = set()
    for source, values in (
        (file, _project_defaults(content.get("config"))),
        (*_stack_values(directory, stack),),
    ):
        for key, value in values.items():
            full = key if ":" in key else f"{name}:{key}"
            if isinstance(value, dict) and set(value) == {"secure"}:
                secret.add(full)
                encrypted.add(full)
                config[full] = ENCRYPTED
                continue
            encrypted.discard(full)
            config[full] = _text(source, key, value)
    return config, secret, encrypted


def _project_defaults(value: Any) -> dict[str, Any]:
    """Defaults of Pulumi.yaml: a plain value, or ``{type, default}``, or ``{value}``."""
    if not isinstance(value, dict):
        return {}
    defaults: dict[str, Any] = {}
    for key, declared in value.items():
        if not isinstance(declared, dict):
            defaults[str(key)] = declared
        elif "default" in declared:
            defaults[str(key)] = declared["default"]
        elif "value" in declared:
            defaults[str(key)] = declared["value"]
    return defaults


def _stack_values(directory: Path, stack: str) -> tuple[Path, dict[str, Any]]:
    files = [directory / f"Pulumi.{stack}.{end}" for end in ("yaml", "yml")]
    file = next((file for file in files if file.is_file()), None)
    if file is None:
        known = stacks(directory)
        if known:
            raise ProjectError(
                files[0], f"stack {stack!r} has no such file.", f"Stacks with one here: {', '.join(known)}."
            )
        return files[0], {}
    values = _mapping(file).get("config") or {}
    if not isinstance(values, dict):
        raise ProjectError(file, "config is no mapping.", "Write `config:` and under it `project:key: value` lines.")
    return file, {str(key): value for key, value in values.items()}


def _text(file: Path, key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    try:
        return json.dumps(value)
    except TypeError as error:
        raise ProjectError(
            file, f"the value of {key} is no text, number, list or object.", "Put it in quotes."
        ) from error
