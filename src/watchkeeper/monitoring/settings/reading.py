"""From a stack's configuration to settings, all problems at once: keys, then types, then what has to fit together."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_origin

import yaml
from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from watchkeeper.aws import suggest
from watchkeeper.monitoring.settings.combinations import combination_problems
from watchkeeper.monitoring.settings.groups import Part
from watchkeeper.monitoring.settings.meaning import meanings
from watchkeeper.monitoring.settings.problems import (
    NAMESPACE,
    Problem,
    SettingsError,
    WrongError,
    listed,
    nearest,
    short,
)
from watchkeeper.monitoring.settings.settings import LENIENT, Settings

READ_ELSEWHERE = frozenset({"preflight"})
"""Keys of the namespace that are no matter of the deployment's: preflight's own settings."""


def from_pulumi_config(mapping: Mapping[str, Any], source: str = "") -> Settings:
    """The settings among a stack's configuration: ``watchkeeper:owner`` → text, JSON text, or a plain value.

    Other namespaces are left alone; ``aws:region``, when given, is checked with the rules. Raises SettingsError
    with everything that is wrong.
    """
    given, problems = _own_keys(mapping)
    decoded: dict[str, Any] = {}
    for key, value in given.items():
        try:
            decoded[key] = _decoded(key, value)
        except WrongError as error:
            problems.append(Problem(key, str(error), error.fix))
    settings, more = _lenient(decoded)
    problems += more
    broken = {re.split(r"[.\[]", problem.path, maxsplit=1)[0] for problem in problems}
    if settings is not None:
        region = mapping.get("aws:region")
        problems += combination_problems(settings, region=region if isinstance(region, str) else None, broken=broken)
    if problems or settings is None:
        raise SettingsError(problems, source)
    return settings


def load(path: str | Path) -> Settings:
    """The settings in a stack's file, ``Pulumi.<env>.yaml``. Raises SettingsError with everything that is wrong."""
    return from_pulumi_config(read_config(path), source=str(path))


def read_config(path: str | Path) -> dict[str, Any]:
    """The ``config`` mapping of a stack's file, as it stands. Raises SettingsError when there is none to read."""
    try:
        document = yaml.load(Path(path).read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise SettingsError([Problem("", f"can't read {path}: {error.strerror}.")], str(path)) from error
    except (yaml.YAMLError, ValueError, RecursionError, AttributeError) as error:
        what = " ".join(str(error).split()) or type(error).__name__
        raise SettingsError([Problem("", f"{path} is not YAML: {what}.")], str(path)) from error
    config = document.get("config") if isinstance(document, Mapping) else None
    if not isinstance(config, Mapping):
        fix = f"Write config: with {NAMESPACE}:{to_camel('environment_suffix')}: dev below it."
        raise SettingsError([Problem("", f"{path} has no mapping config.", fix)], str(path))
    return {str(key): value for key, value in config.items()}


class _Loader(yaml.SafeLoader):
    """YAML in which a key may stand once: PyYAML would silently keep the last, Pulumi refuses."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        twice = sorted({key for key in keys if keys.count(key) > 1 and key != "<<"})
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"{listed(twice)} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def _keys() -> dict[str, str]:
    """Setting as users write it → field name."""
    return {field.alias or name: name for name, field in Settings.model_fields.items()}


def _own_keys(mapping: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The values under our namespace by key, and a problem for each key that is none."""
    prefix = f"{NAMESPACE}:"
    found = {str(key).removeprefix(prefix): value for key, value in mapping.items() if str(key).startswith(prefix)}
    known = _keys()
    problems = [
        Problem(key, "is not a setting.", nearest(key, known) or "See the settings table.")
        for key in found
        if key not in known and key not in READ_ELSEWHERE
    ]
    problems += [problem for key in mapping if (problem := _stray(str(key)))]
    return {key: value for key, value in found.items() if key in known}, problems


def _stray(key: str) -> Problem | None:
    """A key without a namespace, which Pulumi refuses, or with one that looks like ours and would be ignored."""
    namespace, colon, name = key.partition(":")
    if not colon:
        return Problem("", f"{short(key)} has no namespace.", f"Write {NAMESPACE}:{key}.")
    if namespace != NAMESPACE and suggest.nearest(namespace, [NAMESPACE]):
        return Problem("", f"{short(key)} is in the namespace {namespace!r}.", f"Did you mean {NAMESPACE}:{name}?")
    return None


def _decoded(key: str, value: Any) -> Any:
    """The value as pydantic wants it: JSON text becomes a structure, a YAML scalar the text that Pulumi hands over."""
    if isinstance(value, Mapping) and set(value) == {"secure"}:
        raise WrongError(
            "is encrypted; no setting is a secret", f"Run pulumi config set {NAMESPACE}:{key} --plaintext."
        )
    if not _structured(key):
        return _scalar(value)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise WrongError(
            f"is not JSON ({error})", f"Write a YAML list or mapping in Pulumi.<env>.yaml under {key}."
        ) from error


def _scalar(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, Mapping | list | tuple | str) or value is None else str(value)


def _structured(key: str) -> bool:
    annotation = Settings.model_fields[_keys()[key]].annotation
    return get_origin(annotation) in (tuple, dict) or model_of(annotation) is not None


def _lenient(given: Mapping[str, Any]) -> tuple[Settings | None, list[Problem]]:
    """The settings with what is broken left at its default, and what is broken. None when nothing can be built."""
    try:
        return _validated(given), []
    except ValidationError as error:
        found = error.errors(include_url=False)
    broken = {str(one["loc"][0]) for one in found if one["loc"]}
    kept = {key: value for key, value in given.items() if key not in broken}
    problems = [_problem(one) for one in found if not _follows(one, found)]
    required = {to_camel("environment_suffix"): "x", to_camel("owner"): "x"}
    try:
        return _validated(required | kept), problems
    except ValidationError:
        return None, problems


def _follows(error: Any, others: Iterable[Any]) -> bool:
    """Whether a list is called too short only because its elements are wrong."""
    size = len(error["loc"])
    return error["type"] == "too_short" and any(
        len(other["loc"]) > size and other["loc"][:size] == error["loc"] for other in others
    )


def _validated(given: Mapping[str, Any]) -> Settings:
    return Settings.model_validate(dict(given), by_alias=True, by_name=False, context=LENIENT)


_MESSAGES: Final[Mapping[str, str]] = {
    "missing": "is missing",
    "extra_forbidden": "is not a setting",
    "string_too_short": "is empty",
    "too_short": "is empty",
}


def _problem(error: Any) -> Problem:
    """One of pydantic's errors in our words."""
    location: tuple[str | int, ...] = tuple(error["loc"])
    path = _path(location)
    kind, given = error["type"], error.get("input")
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, WrongError):
        return Problem(path, f"{cause}.", cause.fix)
    if kind == "extra_forbidden":
        return Problem(path, "is not a setting.", nearest(str(location[-1]), _known_beside(location)))
    if kind in _MESSAGES:
        return Problem(path, f"{_MESSAGES[kind]}.", _help(location))
    if kind in ("enum", "literal_error"):
        choices = re.findall(r"'([^']*)'", error["msg"])
        return Problem(path, f"{short(given)} is not one of the choices.", nearest(str(given), choices))
    return Problem(path, f"{short(given)} does not fit: {error['msg'][:1].lower()}{error['msg'][1:]}.", _help(location))


def _path(location: Sequence[str | int]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location if part != "[key]")
    return text.removeprefix(".")


def model_of(annotation: Any) -> type[Part] | None:
    """The group of settings inside an annotation such as ``Annotated[tuple[AlertEmail, ...], …]``."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    inner = (model_of(part) for part in getattr(annotation, "__args__", ()))
    return next((model for model in inner if model is not None), None)


def _model_at(location: Sequence[str | int]) -> type[Part]:
    """The group of settings that the last step of the location is looked up in."""
    model: type[Part] = Settings
    for part in location[:-1]:
        fields = {field.alias: field for field in model.model_fields.values()}
        inner = model_of(fields[part].annotation) if isinstance(part, str) and part in fields else None
        model = inner or model
    return model


def _known_beside(location: Sequence[str | int]) -> list[str]:
    return [field.alias or name for name, field in _model_at(location).model_fields.items()]


def _help(location: Sequence[str | int]) -> str:
    group = _model_at(location)
    names = {field.alias: name for name, field in group.model_fields.items()}
    name = names.get(str(location[-1]) if location else None, "")
    return meanings(group).get(name, "").replace("\n", " ")
