"""Input parameters of managed rules: AWS's JSON of strings in, typed values out, every problem at once.

AWS checks names, presence and types when a rule is put (InvalidParameterValueException); ranges and allowed values are
those that the rule's page documents.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from watchkeeper.aws import facts, suggest
from watchkeeper.aws.facts import ManagedRule, Parameter

INPUT_PARAMETERS_LIMIT = 1024
"""Characters of ``InputParameters`` (botocore config/2014-11-12)."""


class ParameterError(ValueError):
    """Parameters that AWS would refuse; :attr:`problems` has one line for each."""

    def __init__(self, identifier: str, problems: list[str]) -> None:
        self.identifier = identifier
        self.problems = tuple(problems)
        super().__init__(f"{identifier}: " + "; ".join(problems))


def parse_parameters(
    identifier: str, raw: Mapping[str, Any] | str | None, *, fill_defaults: bool = False
) -> dict[str, Any]:
    """The parameters by name: ``int``, ``float``, ``bool``, ``str``, tuple of ``str`` (CSV) or dict (StringMap).

    An optional parameter that isn't given is absent. ``fill_defaults`` gives what the console would fill in; the API
    doesn't. Raises ParameterError listing everything that is wrong, with the nearest name for an unknown one.
    """
    managed = facts.managed_rules().get(identifier)
    if managed is None:
        guess = suggest.nearest(identifier, facts.managed_rules())
        hint = f"; did you mean {guess}?" if guess else ""
        raise ParameterError(identifier, [f'"{identifier}" is not an AWS Config managed rule{hint}'])
    given = _as_mapping(identifier, raw)
    if fill_defaults:
        given = dict(facts.rule_defaults(identifier)) | given
    problems: list[str] = []
    values = _known_values(managed, given, problems)
    problems += [f"{p.name} is required and missing" for p in managed.parameters if p.required and p.name not in given]
    problems += [_unknown(managed, name) for name in given if managed.parameter(name) is None]
    if problems:
        raise ParameterError(identifier, problems)
    return values


def _as_mapping(identifier: str, raw: Mapping[str, Any] | str | None) -> dict[str, Any]:
    if raw is None or raw == "":
        return {}
    if isinstance(raw, Mapping):
        return {str(key): value for key, value in raw.items() if value is not None}
    if len(raw) > INPUT_PARAMETERS_LIMIT:
        raise ParameterError(identifier, [f"the parameters have {len(raw)} characters; AWS takes 1024"])
    try:
        decoded = json.loads(raw)
    except ValueError as error:
        raise ParameterError(identifier, [f"the parameters are not JSON: {error}"]) from None
    if not isinstance(decoded, dict):
        raise ParameterError(identifier, ['the parameters are not a JSON object such as {"name": "value"}'])
    return {key: value for key, value in decoded.items() if value is not None}


def _known_values(managed: ManagedRule, given: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
    values = {}
    for parameter in managed.parameters:
        if parameter.name not in given:
            continue
        try:
            values[parameter.name] = parse_value(parameter, given[parameter.name])
        except ValueError as error:
            problems.append(str(error))
    return values


def _unknown(managed: ManagedRule, name: str) -> str:
    names = [p.name for p in managed.parameters]
    if not names:
        return f'"{name}" is unknown: the rule has no parameters'
    guess = suggest.nearest(name, names)
    return f'"{name}" is unknown; ' + (f"did you mean {guess}?" if guess else f"the rule takes {', '.join(names)}")


def parse_value(parameter: Parameter, raw: Any) -> Any:
    """One value by its parameter's type and documented limits. Raises ValueError saying what to write."""
    if isinstance(raw, str) and not raw.strip():
        # AWS: "Blank spaces are not acceptable for input parameter".
        raise ValueError(f"{parameter.name} is empty; leave it out, or give it a value")
    convert = _CONVERT.get(parameter.type) or _string
    value = convert(parameter, raw)
    if parameter.most is not None and len(value) > parameter.most:
        raise ValueError(f"{parameter.name} has {len(value)} values; AWS takes {parameter.most} at the most")
    for element in value if isinstance(value, tuple) else (value,):
        _check_limits(parameter, element)
    return value


def _check_limits(parameter: Parameter, value: Any) -> None:
    if parameter.minimum is not None or parameter.maximum is not None:
        # A few numbers are documented as String.
        _check_range(parameter, value if isinstance(value, int | float) else _double(parameter, value))
    if parameter.values and str(value) not in parameter.values:
        raise ValueError(f'{parameter.name} is "{value}"; AWS documents {", ".join(parameter.values)}')
    if parameter.pattern and not re.fullmatch(parameter.pattern, str(value)):
        raise ValueError(f'{parameter.name} is "{value}", which is not of the form {parameter.pattern}')


def _check_range(parameter: Parameter, value: float) -> None:
    if parameter.minimum is not None and value < parameter.minimum:
        raise ValueError(f"{parameter.name} is {value}; the least is {parameter.minimum:g}")
    if parameter.maximum is not None and value > parameter.maximum:
        raise ValueError(f"{parameter.name} is {value}; the most is {parameter.maximum:g}")


def _string(parameter: Parameter, raw: Any) -> str:
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, str | int | float):
        return str(raw).strip()
    raise ValueError(f"{parameter.name} has to be text, not {type(raw).__name__}")


def _int(parameter: Parameter, raw: Any) -> int:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and re.fullmatch(r"[+-]?[0-9]{1,18}", raw.strip()):
        return int(raw)
    raise ValueError(f'{parameter.name} is "{raw}"; it has to be a whole number')


def _double(parameter: Parameter, raw: Any) -> float:
    try:
        value = math.nan if isinstance(raw, bool) else float(raw)
    except (TypeError, ValueError):
        value = math.nan
    if math.isfinite(value):
        return value
    raise ValueError(f'{parameter.name} is "{raw}"; it has to be a number')


def _boolean(parameter: Parameter, raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.strip().lower() in ("true", "false"):
        if parameter.lower_case and not raw.islower():
            raise ValueError(f'{parameter.name} is "{raw}"; write {raw.strip().lower()}: AWS takes "{raw}" for false')
        return raw.strip().lower() == "true"
    raise ValueError(f'{parameter.name} is "{raw}"; it has to be true or false')


def _csv(parameter: Parameter, raw: Any) -> tuple[str, ...]:
    if isinstance(raw, list | tuple) and all(isinstance(element, str) for element in raw):
        parts = tuple(element.strip() for element in raw)
    else:
        parts = tuple(part.strip() for part in _string(parameter, raw).split(","))
    values = tuple(part for part in parts if part)
    if not values and parameter.required:
        raise ValueError(f"{parameter.name} is empty; give one value or several, separated by commas")
    return values


def _string_map(parameter: Parameter, raw: Any) -> dict[str, str]:
    if isinstance(raw, Mapping):
        return {str(key): str(value) for key, value in raw.items()}
    return dict(_pairs(_string(parameter, raw)))


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Of ``oracle: general, slowquery ; aurora: alert``: a key has all values up to the next key."""
    for part in re.split(r"[,;](?=[^,;:]*:)", text):
        key, _, value = part.partition(":")
        if key.strip():
            yield key.strip(), value.strip(" ,;")


_CONVERT: dict[str, Callable[[Parameter, Any], Any]] = {
    "String": _string,
    "int": _int,
    "double": _double,
    "boolean": _boolean,
    "CSV": _csv,
    "StringMap": _string_map,
}
