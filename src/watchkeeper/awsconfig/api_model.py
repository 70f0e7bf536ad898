"""AWS Config's API as botocore describes it: which operations there are, and whether a request or a reply fits.

Requests are refused in AWS's words: ``ValidationException`` with ``1 validation error detected: Value '…' at
'configRule.configRuleName' failed to satisfy constraint: Member must have length less than or equal to 128``, and
``SerializationException`` for a value of the wrong JSON type. Members that the model doesn't know are ignored, as AWS
does.  https://docs.aws.amazon.com/config/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

import botocore.session

from watchkeeper.awsconfig.errors import ConfigError

API_VERSION = "2014-11-12"
_FIRST_YEAR, _LAST_SECOND = 1971, 253402214400
_JSON_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "boolean": (bool,),
    "double": (int, float),
    "float": (int, float),
    "timestamp": (int, float, str, datetime),
    "list": (list,),
    "map": (dict,),
    "structure": (dict,),
}


@cache
def service_model() -> Any:
    """botocore's service model of ``config/2014-11-12`` (about 0.1 s the first time)."""
    return botocore.session.get_session().get_service_model("config", api_version=API_VERSION)


def operations() -> tuple[str, ...]:
    """The name of every operation, sorted."""
    return tuple(sorted(service_model().operation_names))


def enum(shape: str) -> frozenset[str]:
    """The values of an enumeration of the model, e.g. ``ResourceType``."""
    return frozenset(service_model().shape_for(shape).enum)


def validate_request(operation: str, request: Any) -> None:
    """Raise ConfigError (SerializationException, ValidationException) unless the request fits the model."""
    shape = service_model().operation_model(operation).input_shape
    if not isinstance(request, dict):
        raise ConfigError("SerializationException", "Start of structure or map found where not expected.")
    if shape is None:
        return
    wrong_kind = next(_kind_errors(shape, request, ""), None)
    if wrong_kind:
        raise ConfigError("SerializationException", wrong_kind)
    problems = list(_constraint_errors(shape, request, ""))
    if problems:
        count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: "
        raise ConfigError("ValidationException", count + "; ".join(problems))


def without_nulls(value: Any) -> Any:
    """The request without members that are null: AWS takes them for absent."""
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [without_nulls(inner) for inner in value if inner is not None]
    return value


def reply_problems(operation: str, reply: Any) -> list[str]:
    """What a reply has that the model doesn't allow: wrong types, unknown or missing members, values out of range."""
    shape = service_model().operation_model(operation).output_shape
    if shape is None:
        return [] if reply == {} else [f"{operation} answers nothing, this is {reply!r:.80}"]
    if not isinstance(reply, dict):
        return [f"{operation}: {type(reply).__name__} instead of an object"]
    problems = list(_kind_errors(shape, reply, ""))
    constraints = _constraint_errors(shape, reply, "")
    # AWS answers empty lists where the model asks for one element at least.
    kept = [problem for problem in constraints if not problem.startswith("Value '[]' at ")]
    return problems or [*_unknown_members(shape, reply, ""), *kept]


def _kind_errors(shape: Any, value: Any, path: str) -> Iterator[str]:
    if value is None:
        return
    kind = shape.type_name
    fits = isinstance(value, _JSON_KINDS[kind]) and (kind == "boolean" or not isinstance(value, bool))
    if not fits:
        yield f"{_json_name(value)} can not be converted to {_wanted(kind)}{f' at {path}' if path else ''}"
        return
    if kind == "timestamp" and not _is_time(value):
        yield f"{value!r:.60} can not be converted to a timestamp at {path}"
    if isinstance(value, str) and not value.isascii() and not _is_text(value):
        yield f"The text at {path} is not valid Unicode"
    for child, inner, where in _children(shape, value, path):
        yield from _kind_errors(child, inner, where)


def _constraint_errors(shape: Any, value: Any, path: str) -> Iterator[str]:
    for name in getattr(shape, "required_members", ()):
        if value.get(name) is None:
            yield f"Value null at '{_join(path, name)}' failed to satisfy constraint: Member must not be null"
    if value is None:
        return
    for constraint in _violated(shape, value):
        yield f"Value {_shown(value)} at '{path}' failed to satisfy constraint: {constraint}"
    for child, inner, where in _children(shape, value, path):
        if inner is not None:
            yield from _constraint_errors(child, inner, where)


def _violated(shape: Any, value: Any) -> Iterator[str]:
    kind, limits = shape.type_name, shape.metadata
    if kind in ("string", "list", "map"):
        yield from _range(len(value), limits, "length")
    if kind in ("integer", "long", "double", "float"):
        yield from _range(value, limits, "value")
    if kind != "string":
        return
    values = getattr(shape, "enum", None)
    if values and value not in values and not (shape.name == "ResourceType" and _third_party(value)):
        yield f"Member must satisfy enum value set: [{', '.join(values)}]"
    pattern = limits.get("pattern")
    if pattern and not _pattern(pattern).fullmatch(value):
        yield f"Member must satisfy regular expression pattern: {pattern}"


def _third_party(resource_type: str) -> bool:
    """A type that its owner registered (PutResourceConfig): the reads take it as well."""
    return resource_type.count("::") == 2 and not resource_type.startswith("AWS::")


def _range(size: float, limits: dict[str, Any], noun: str) -> Iterator[str]:
    low, high = limits.get("min"), limits.get("max")
    if low is not None and size < low:
        yield f"Member must have {noun} greater than or equal to {low}"
    if high is not None and size > high:
        yield f"Member must have {noun} less than or equal to {high}"


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """The model's patterns are Java's; one writes a range that Python refuses: ``\\d-_`` is a digit, ``-`` or ``_``."""
    return re.compile(text.replace(r"\d-_", r"\d\-_"))


def _children(shape: Any, value: Any, path: str) -> Iterator[tuple[Any, Any, str]]:
    kind = shape.type_name
    if kind == "structure":
        for name, member in shape.members.items():
            if name in value:
                yield member, value[name], _join(path, name)
    elif kind == "list":
        for position, inner in enumerate(value, 1):
            yield shape.member, inner, f"{path}.{position}.member"
    elif kind == "map":
        for key, inner in value.items():
            yield shape.value, inner, f"{path}.{key}.member"


def _unknown_members(shape: Any, value: Any, path: str) -> Iterator[str]:
    if value is None:
        return
    if shape.type_name == "structure":
        yield from (f"unknown member {_join(path, name)}" for name in value if name not in shape.members)
    for child, inner, where in _children(shape, value, path):
        yield from _unknown_members(child, inner, where)


def _join(path: str, name: str) -> str:
    """AWS writes member names as its Java classes have them: the first letter small."""
    member = name[:1].lower() + name[1:]
    return f"{path}.{member}" if path else member


def _shown(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str | int | float) else f"'{value!s:.200}'"


def _wanted(kind: str) -> str:
    return {"string": "a String", "structure": "an Object", "list": "a List", "map": "a Map"}.get(kind, f"a {kind}")


def _json_name(value: Any) -> str:
    names = {
        bool: "BOOLEAN_VALUE",
        str: "STRING_VALUE",
        int: "NUMBER_VALUE",
        float: "NUMBER_VALUE",
        list: "START_ARRAY",
    }
    return names.get(type(value), "START_OBJECT")


def _is_time(value: Any) -> bool:
    """Whether a timestamp lies between 1970 and 9999."""
    if isinstance(value, datetime):
        return True
    if not isinstance(value, str):
        return bool(0 <= value < _LAST_SECOND)
    try:
        return datetime.fromisoformat(value).year >= _FIRST_YEAR
    except ValueError:
        return False


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
