"""Conformance packs as AWS publishes them: the managed rules of a template, its parameters and conditions resolved.

Page: https://docs.aws.amazon.com/config/latest/developerguide/conformance-pack-sample-templates.html. Resolved are Ref,
Fn::If, Fn::Equals, Fn::Not, Fn::And, Fn::Or, Fn::Join and Fn::Sub.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from watchkeeper.aws import suggest
from watchkeeper.rules.base import shown

_NO_VALUE = object()


class PackError(ValueError):
    """The text is not a conformance pack that can be read; the message says where and why."""


class PackParameterError(PackError):
    """The pack doesn't have parameters that were given, or has some without a value; the message lists all."""


@dataclass(frozen=True, slots=True)
class PackRule:
    """One managed rule of a pack."""

    name: str
    identifier: str
    parameters: Mapping[str, Any]
    types: tuple[str, ...] = ()
    resource_id: str = ""
    tag_key: str = ""
    tag_value: str = ""


@dataclass(frozen=True, slots=True)
class Pack:
    """The managed rules of a conformance pack, and the names of rules that are not managed."""

    rules: tuple[PackRule, ...]
    custom: tuple[str, ...]


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short functions (!Ref X) as their long form ({"Ref": X})."""


def _short_function(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {name: loader.construct_mapping(node, deep=True)}
    raise PackError(f"!{suffix} holds nothing that can be read")


_Loader.add_multi_constructor("!", _short_function)


def read_pack(text: str, parameters: Mapping[str, str] | None = None) -> Pack:
    """The rules of a conformance pack template (YAML or JSON), with the given values for its parameters or their
    defaults. Raises PackError, and PackParameterError where the values don't fit the parameters."""
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 - the loader is a SafeLoader
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise PackError(f"the pack is not YAML: {' '.join(str(error).split())[:200]}") from None
    if not isinstance(document, dict) or not isinstance(document.get("Resources"), dict):
        raise PackError("a conformance pack is a template with Resources; this is something else")
    values = _Values(document, parameters or {})
    rules, custom = [], []
    for logical_id, resource in document["Resources"].items():
        if not isinstance(resource, dict) or resource.get("Type") != "AWS::Config::ConfigRule":
            continue
        found = _rule_of(str(logical_id), resource, values)
        if found is None:
            continue
        if isinstance(found, PackRule):
            rules.append(found)
        else:
            custom.append(found)
    return Pack(tuple(rules), tuple(custom))


def _rule_of(logical_id: str, resource: dict[str, Any], values: _Values) -> PackRule | str | None:
    """The rule, the name of a custom one, or None where its condition does not hold. Raises PackError."""
    try:
        if "Condition" in resource and not values.holds(resource["Condition"]):
            return None
        return _rule(logical_id, values.resolve(resource.get("Properties") or {}))
    except PackError:
        raise
    except (TypeError, ValueError, LookupError, AttributeError, RecursionError) as error:
        raise PackError(f"{logical_id} can't be read: {error}") from None


def _rule(logical_id: str, properties: Any) -> PackRule | str:
    if not isinstance(properties, dict):
        raise PackError(f"{logical_id}: Properties is not an object")
    source = properties.get("Source")
    if not isinstance(source, dict) or not source.get("SourceIdentifier"):
        raise PackError(f"{logical_id}: Source has no SourceIdentifier")
    name = str(properties.get("ConfigRuleName") or logical_id)
    if source.get("Owner", "AWS") != "AWS":
        return name
    scope = properties.get("Scope") or {}
    given = properties.get("InputParameters") or {}
    return PackRule(
        name=name,
        identifier=str(source["SourceIdentifier"]),
        parameters=json.loads(given) if isinstance(given, str) else given,
        types=tuple(map(str, scope.get("ComplianceResourceTypes", ()))),
        resource_id=str(scope.get("ComplianceResourceId", "")),
        tag_key=str(scope.get("TagKey", "")),
        tag_value=str(scope.get("TagValue", "")),
    )


def _unknown(name: str, names: list[Any]) -> str:
    near = suggest.nearest(name, map(str, names))
    hint = f", did you mean {shown(near)}?" if near else ""
    return f"the pack has no parameter {shown(name)}{hint}"


class _Values:
    """The template's parameters and conditions, and what its functions give."""

    def __init__(self, document: Mapping[str, Any], given: Mapping[str, str]) -> None:
        declared = document.get("Parameters") or {}
        if not isinstance(declared, dict):
            raise PackError("the pack's Parameters are not an object")
        names = [name for name, parameter in declared.items() if isinstance(parameter, dict)]
        defaults = {name: declared[name]["Default"] for name in names if "Default" in declared[name]}
        problems = [_unknown(name, names) for name in given if name not in names]
        problems += [
            f"{shown(name)} needs a value, the pack has no default for it"
            for name in names
            if name not in defaults and name not in given
        ]
        if problems:
            raise PackParameterError("; ".join(problems))
        self._parameters = defaults | dict(given)
        self._conditions = document.get("Conditions") or {}

    def resolve(self, value: Any) -> Any:
        """The value with its functions replaced by what they give."""
        if isinstance(value, list):
            return [entry for entry in map(self.resolve, value) if entry is not _NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name in ("Ref", "Condition") or str(name).startswith("Fn::"):
                return self._call(str(name), argument)
        resolved = {key: self.resolve(entry) for key, entry in value.items()}
        return {key: entry for key, entry in resolved.items() if entry is not _NO_VALUE}

    def _call(self, name: str, argument: Any) -> Any:
        if name == "Ref":
            return self._ref(str(argument))
        if name == "Condition":
            return self.holds(str(argument))
        if name == "Fn::If":
            condition, then, otherwise = argument
            return self.resolve(then if self.holds(condition) else otherwise)
        if name == "Fn::Sub" and isinstance(argument, str):
            return re.sub(r"\$\{([^}]+)\}", lambda match: str(self._ref(match[1])), argument)
        return self._over(name, self.resolve(argument))

    def _over(self, name: str, argument: Any) -> Any:
        if name == "Fn::Equals":
            return str(argument[0]) == str(argument[1])
        if name == "Fn::Not":
            return not argument[0]
        if name == "Fn::And":
            return all(argument)
        if name == "Fn::Or":
            return any(argument)
        if name == "Fn::Join":
            return str(argument[0]).join(map(str, argument[1]))
        raise PackError(f"{name} is not one of the functions that a conformance pack can use here")

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self._parameters:
            return self._parameters[name]
        if name.startswith("AWS::"):
            return f"${{{name}}}"
        raise PackError(f'Ref to "{name}", which the pack does not declare')

    def holds(self, name: Any) -> bool:
        """Whether the condition, by name or as functions, is true."""
        if isinstance(name, dict):
            return bool(self.resolve(name))
        if name not in self._conditions:
            raise PackError(f'the condition "{name}" is not declared')
        return bool(self.resolve(self._conditions[name]))
