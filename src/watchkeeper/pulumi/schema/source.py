"""Write the table: what the provider's SDK says of each resource type of the services that monitoring is made of.

``python -m watchkeeper.pulumi.schema.source`` reads the sources of the installed ``pulumi_aws`` package
(they are parsed, never imported: importing them takes seconds) and writes the table that
:mod:`watchkeeper.pulumi.schema` loads. Generated, not to be edited: a test compares it with the SDK.
"""

from __future__ import annotations

import ast
import gzip
import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from watchkeeper.pulumi.schema import TABLE

SERVICES = (
    "athena",
    "cfg",
    "cloudtrail",
    "cloudwatch",
    "dynamodb",
    "ebs",
    "ec2",
    "glue",
    "iam",
    "kms",
    "lambda",
    "rds",
    "s3",
    "scheduler",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
)

_SCALARS = {"str": "string", "bool": "boolean", "int": "integer", "float": "number"}
_WRAPPERS = {"Input", "Output", "Optional", "NotRequired", "InputType"}
_TOKEN = re.compile(r"^\s+'(aws:\w+/\w+:\w+)',\s*$", re.MULTILINE)


def sdk_folder() -> Path:
    """Where the installed ``pulumi_aws`` package is."""
    spec = importlib.util.find_spec("pulumi_aws")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package pulumi_aws is not installed")
    return Path(spec.origin).parent


def sdk_version() -> str:
    """The version of the installed ``pulumi_aws`` package."""
    plugin = json.loads((sdk_folder() / "pulumi-plugin.json").read_text())
    return str(plugin["version"])


def type_of(annotation: ast.expr) -> Any:
    """An annotation as JSON: a scalar's name, ``{"list": T}``, ``{"map": T}`` or ``{"object": "ClassName"}``."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return {"object": annotation.value.rsplit(".", 1)[-1]}
    if isinstance(annotation, ast.Attribute):
        return _SCALARS.get(annotation.attr, annotation.attr.lower())
    if isinstance(annotation, ast.Name):
        return "any"
    if not isinstance(annotation, ast.Subscript):
        return "any"
    outer = (
        annotation.value.attr if isinstance(annotation.value, ast.Attribute) else getattr(annotation.value, "id", "")
    )
    inner = annotation.slice
    if outer in _WRAPPERS:
        return type_of(inner)
    if outer == "Sequence":
        return {"list": type_of(inner)}
    if outer == "Mapping" and isinstance(inner, ast.Tuple):
        return {"map": type_of(inner.elts[1])}
    if outer == "Union" and isinstance(inner, ast.Tuple):
        return type_of(inner.elts[0])
    return "any"


def _getters(class_: ast.ClassDef) -> Iterator[tuple[str, str, ast.expr | None]]:
    """Python name, Pulumi name and annotation of each property of a class."""
    for function in class_.body:
        if not isinstance(function, ast.FunctionDef):
            continue
        for decorator in function.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if not (isinstance(called, ast.Attribute) and called.attr == "getter"):
                continue
            given = decorator.keywords if isinstance(decorator, ast.Call) else []
            names = [str(keyword.value.value) for keyword in given if isinstance(keyword.value, ast.Constant)]
            yield function.name, names[0] if names else function.name, function.returns


def _required(class_: ast.ClassDef) -> set[str]:
    """The Python names of the constructor's arguments without a default."""
    for function in class_.body:
        if isinstance(function, ast.FunctionDef) and function.name == "__init__":
            pairs = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
            return {argument.arg for argument, default in pairs if default is None}
    return set()


def _inputs_of(class_: ast.ClassDef) -> dict[str, Any]:
    required = _required(class_)
    found: dict[str, Any] = {}
    for python_name, name, annotation in _getters(class_):
        entry: dict[str, Any] = {"type": type_of(annotation) if annotation is not None else "any"}
        if python_name in required:
            entry["required"] = True
        found[name] = entry
    return found


@lru_cache(maxsize=64)
def _classes(path: Path) -> dict[str, ast.ClassDef]:
    tree = ast.parse(path.read_text())
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _references(type_: Any) -> Iterator[str]:
    if isinstance(type_, dict):
        if "object" in type_:
            yield type_["object"]
        for inner in (type_.get("list"), type_.get("map")):
            yield from _references(inner)


@lru_cache(maxsize=1)
def token_files() -> dict[str, Path]:
    """The source file of each resource type of the services."""
    found: dict[str, Path] = {}
    for service in SERVICES:
        folder = sdk_folder() / ("lambda_" if service == "lambda" else service)
        for path in sorted(folder.glob("*.py")):
            for token in _TOKEN.findall(path.read_text()):
                found.setdefault(token, path)
    return found


def describe(token: str) -> dict[str, Any]:
    """Inputs, outputs and nested object types of one resource type."""
    path = token_files()[token]
    name = token.rsplit(":", 1)[-1]
    classes = _classes(path)
    nested_classes = _classes(path.with_name("_inputs.py")) if path.with_name("_inputs.py").exists() else {}
    arguments = classes.get(f"{name}Args") or classes[f"{name}InitArgs"]
    inputs = _inputs_of(arguments)
    outputs = sorted(name for _, name, _ in _getters(classes[name]))
    nested: dict[str, Any] = {}
    queue = [reference for entry in inputs.values() for reference in _references(entry["type"])]
    while queue:
        reference = queue.pop()
        if reference in nested or reference not in nested_classes:
            continue
        nested[reference] = _inputs_of(nested_classes[reference])
        queue.extend(inner for entry in nested[reference].values() for inner in _references(entry["type"]))
    enums = _classes(path.with_name("_enums.py")) if path.with_name("_enums.py").exists() else {}
    for fields in (inputs, *nested.values()):
        for entry in fields.values():
            entry["type"] = _known_type(entry["type"], nested, enums)
    return {"inputs": inputs, "outputs": outputs, "objects": dict(sorted(nested.items()))}


def _known_type(type_: Any, nested: Mapping[str, Any], enums: Mapping[str, ast.ClassDef]) -> Any:
    """The type; for an enum that of its values, and ``any`` for a class that is neither."""
    if not isinstance(type_, dict):
        return type_
    for outer in ("list", "map"):
        if outer in type_:
            return {outer: _known_type(type_[outer], nested, enums)}
    if type_["object"] in nested:
        return type_
    base = enums[type_["object"]].bases[0] if type_["object"] in enums else None
    return type_of(base) if base is not None else "any"


def generate() -> dict[str, Any]:
    """The whole table."""
    return {
        "comment": "Generated by watchkeeper.pulumi.schema.source; do not edit.",
        "source": f"pulumi_aws {sdk_version()} (PyPI, Apache-2.0)",
        "version": sdk_version(),
        "types": {token: describe(token) for token in sorted(token_files())},
    }


def main() -> None:
    """Write the table beside this module."""
    text = json.dumps(generate(), separators=(",", ":"), sort_keys=True) + "\n"
    TABLE.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()
