"""What preflight is told for good: in ``watchkeeper.yaml`` beside or above the target, and in a stack's configuration.

The same keys everywhere, the policy pack's ``--policy-pack-config`` included::

    # watchkeeper.yaml                     # Pulumi.dev.yaml
    preflight:                             config:
      requiredTags: [Owner]                  watchkeeper:preflight:
                                               requiredTags: [Owner]

The command line wins over the stack, the stack over the file; suppressions of both count.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from watchkeeper.aws import suggest
from watchkeeper.preflight.options import DEFAULT_TAGS, Suppression
from watchkeeper.preflight.registry import checks, unknown_names
from watchkeeper.preflight.run.places import highest
from watchkeeper.preflight.suppressions import entry
from watchkeeper.pulumi.engine.program import YamlLoader, read_problem

FILE = "watchkeeper.yaml"
SECTION = "preflight"
OTHERS = ("commands",)
"""Sections of the file that others read: defaults of the command line's options."""
KEY = f"watchkeeper:{SECTION}"
"""The stack's configuration key."""

_TEXT = {"type": "string", "minLength": 1}
_TEXTS = {"type": "array", "items": _TEXT}
# No defaults: Pulumi would fill them in for the policy pack, over what the file and the stack say.
PROPERTIES: Mapping[str, Mapping[str, Any]] = {
    "environment": {"type": "string", "description": "What chosen names carry. Default: the stack's name."},
    "requiredTags": {
        **_TEXTS,
        "description": f"Tags that resources have to carry: {', '.join(DEFAULT_TAGS)} if unset.",
    },
    "destroyable": {"type": "boolean", "description": "Whether the stack must be destroyable. Default: true."},
    "sharedRoles": {**_TEXTS, "description": "Roles that functions share knowingly."},
    "suppressions": {
        "type": "array",
        "description": "Findings that are accepted, each with a reason and, best, a date.",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["check"],
            "properties": {"check": _TEXT, "resource": _TEXT, "reason": {"type": "string"}, "until": _TEXT},
        },
    },
}
"""The settings that the policy pack has too, as JSON Schema."""
CHOICES: Mapping[str, Mapping[str, Any]] = {
    "select": {**_TEXTS, "description": "Ids or tags of the checks to run; all where there are none."},
    "ignore": {**_TEXTS, "description": "Ids or tags of checks to leave out."},
}
"""Which checks run; a policy pack has Pulumi's own ``disabled`` for that."""
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {**PROPERTIES, **CHOICES},
}
FIELDS: Mapping[str, str] = {
    "environment": "environment",
    "requiredTags": "required_tags",
    "destroyable": "destroyable",
    "sharedRoles": "shared_roles",
    "select": "select",
    "ignore": "ignore",
}
"""Setting → field of Options."""
WORDS = {"string": "a text", "array": "a list", "boolean": "true or false", "object": "a mapping"}


class SettingsError(ValueError):
    """Settings that can't be used: every problem, one a line, with its place."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        plural = "s" if len(self.problems) > 1 else ""
        super().__init__("\n".join([f"{len(self.problems)} problem{plural} in preflight's settings", *self.problems]))


def find(target: Path) -> Path | None:
    """The nearest ``watchkeeper.yaml``: beside the target, then in each folder above it up to the repository's top."""
    folder = (target if target.is_dir() else target.parent).resolve()
    last = highest(folder)
    for place in (folder, *folder.parents):
        if (place / FILE).is_file():
            return place / FILE
        if place == last:
            break
    return None


def load(file: Path | None, config: Mapping[str, str]) -> dict[str, Any]:
    """Fields of Options from a settings file and a stack's configuration. Raises SettingsError with all problems."""
    found: dict[str, Any] = {}
    suppressions: list[Suppression] = []
    problems: list[str] = []
    readers: tuple[Callable[[], dict[str, Any]], ...] = (lambda: _file(file), lambda: _stack(config.get(KEY)))
    for read in readers:
        try:
            fields = read()
        except SettingsError as error:
            problems += error.problems
            continue
        suppressions += fields.pop("suppressions", ())
        found.update(fields)
    if problems:
        raise SettingsError(problems)
    return {**found, "suppressions": tuple(suppressions)} if suppressions else found


def options_of(value: Any, where: str) -> dict[str, Any]:
    """The fields of Options that one mapping of settings gives; ``where`` it stands is for people.

    What is wrong with a suppression's check, reason or date is a finding, ``suppression-invalid``. Raises
    SettingsError with all else that is wrong.
    """
    value = {} if value is None else value
    problems = [f"{where}{path} {problem}" for path, problem in _problems(value)]
    if problems:
        raise SettingsError(problems)
    found: dict[str, Any] = {
        FIELDS[key]: tuple(item) if isinstance(item, list) else item for key, item in value.items() if key in FIELDS
    }
    if value.get("suppressions"):
        found["suppressions"] = tuple(
            entry(**item, where=f"{where}.suppressions[{index}]") for index, item in enumerate(value["suppressions"])
        )
    return found


def _file(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), YamlLoader)  # noqa: S506 - a SafeLoader
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise SettingsError([f"{file}: it can't be read: {read_problem(error)}"]) from None
    if not isinstance(content, Mapping | None):
        raise SettingsError([f"{file}: it holds no mapping at its top; write {SECTION}: and the settings under it"])
    content = content or {}
    sections = (SECTION, *OTHERS)
    strange = [f"{file}: {key} is no section. {_near(str(key), sections)}" for key in content if key not in sections]
    if strange:
        raise SettingsError(strange)
    return options_of(content.get(SECTION), f"{file.name}: {SECTION}")


def _stack(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise SettingsError([f"{KEY} is not a mapping; write keys such as requiredTags: under it"]) from None
    return options_of(value, KEY)


def _problems(value: Any) -> Iterator[tuple[str, str]]:
    """Where and what, for everything that the schema refuses or that no check is named like."""
    from jsonschema import Draft202012Validator

    for error in sorted(Draft202012Validator(SCHEMA).iter_errors(value), key=lambda item: [*map(str, item.path)]):
        yield from _told(error)
    for key in CHOICES:
        names = value.get(key) if isinstance(value, Mapping) else None
        for name in unknown_names(tuple(map(str, names))) if isinstance(names, list) else ():
            yield f".{key}", f'"{name}" is no check and no tag. {_near(name, checks())}'


def _told(error: Any) -> Iterator[tuple[str, str]]:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        for key in error.instance:
            if key not in known:
                yield f"{path}.{key}", f"is not a setting. {_near(str(key), known)}"
    elif error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        yield path, f"has no {' and no '.join(missing)}."
    elif error.validator == "type":
        yield path, f"{_short(error.instance)} is not {WORDS[error.validator_value]}."
    else:
        yield path, "is empty."


def _near(name: str, known: Any) -> str:
    near = suggest.nearest(name, known)
    few = f"Known: {', '.join(known)}." if len(known) < 10 else "See: watchkeeper preflight --list"
    return f"Did you mean {near}?" if near else few


def _short(value: Any) -> str:
    shown = json.dumps(value, default=str)
    return shown if len(shown) <= 60 else f"{shown[:59]}…"
