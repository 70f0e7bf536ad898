"""Conformance pack templates: the part of CloudFormation that AWS Config takes.

Parameters, Conditions and Resources of type ``AWS::Config::ConfigRule`` and ``AWS::Config::RemediationConfiguration``,
with ``Ref``, ``Fn::If``, ``Fn::Equals``, ``Fn::Not``, ``Fn::And``, ``Fn::Or`` and ``Fn::Sub``, also in short form.
https://docs.aws.amazon.com/config/latest/developerguide/custom-conformance-pack.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import yaml

RULE, REMEDIATION = "AWS::Config::ConfigRule", "AWS::Config::RemediationConfiguration"
_NOTHING = object()
"""What ``AWS::NoValue`` becomes: the property is left out."""


class TemplateError(ValueError):
    """The template is not one that AWS Config takes; the message names the place."""


@dataclass(frozen=True, slots=True)
class Template:
    """What a template asks for: the properties of its rules and remediations by logical id."""

    rules: dict[str, dict[str, Any]]
    remediations: dict[str, dict[str, Any]]


def read_template(text: str, given: Mapping[str, str], pseudo: Mapping[str, str]) -> Template:
    """The template with its parameters filled in. ``pseudo``: ``AWS::Region`` and the like. Raises TemplateError."""
    body = _load(text)
    declared = body.get("Parameters") or {}
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise TemplateError(f"the input parameters {', '.join(unknown)} are not parameters of the template")
    values = {name: _parameter(name, shape or {}, given) for name, shape in declared.items()}
    resources = body.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise TemplateError("the template has no Resources")
    resolver = _Resolver({**pseudo, **values}, body.get("Conditions") or {}, set(resources))
    found: dict[str, dict[str, dict[str, Any]]] = {RULE: {}, REMEDIATION: {}}
    for logical_id, resource in resources.items():
        kind = resource.get("Type") if isinstance(resource, dict) else None
        if kind not in found:
            raise TemplateError(
                f"Resources.{logical_id}: the type {kind} is not supported, only {RULE} and {REMEDIATION} are"
            )
        if "Condition" in resource and not resolver.condition(resource["Condition"]):
            continue
        found[kind][logical_id] = resolver.resolve(resource.get("Properties") or {})
    return Template(found[RULE], found[REMEDIATION])


def rule_shape(properties: Mapping[str, Any]) -> dict[str, Any]:
    """A ConfigRule shape of a resource's properties: the parameters become JSON text, numbers text."""
    shape = {key: value for key, value in properties.items() if key not in ("InputParameters", "Tags", "Compliance")}
    parameters = properties.get("InputParameters")
    if isinstance(parameters, str):
        return shape | {"InputParameters": parameters}
    if parameters:
        texts = {
            name: value if isinstance(value, str) else orjson.dumps(value).decode()
            for name, value in parameters.items()
        }
        return shape | {"InputParameters": orjson.dumps(texts).decode()}
    return shape


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms; dates stay text."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {name: loader.construct_mapping(node, deep=True)}
    raise TemplateError(f"!{suffix} holds nothing that can be read")


_Loader.add_multi_constructor("!", _short_form)
_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for letter, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _load(text: str) -> dict[str, Any]:
    try:
        body = yaml.load(text, _Loader)  # noqa: S506 -- a SafeLoader
    except (yaml.YAMLError, RecursionError) as error:
        raise TemplateError(f"the template is not valid YAML: {error}") from error
    if not isinstance(body, dict):
        raise TemplateError("the template is not an object")
    return body


def _parameter(name: str, shape: Mapping[str, Any], given: Mapping[str, str]) -> str:
    if name in given:
        return given[name]
    if "Default" not in shape:
        raise TemplateError(f"Parameters.{name} has no default and no value was given")
    return str(shape["Default"])


class _Resolver:
    """Fills references and conditions in."""

    def __init__(self, values: Mapping[str, str], conditions: Mapping[str, Any], resources: set[str]) -> None:
        self._values = values
        self._conditions = conditions
        self._resources = resources
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Fn::If": self._if,
            "Fn::Sub": self._sub,
            "Fn::GetAtt": lambda argument: argument,
        }

    def resolve(self, value: Any) -> Any:
        """The value without functions."""
        if isinstance(value, list):
            return [v for v in (self.resolve(each) for each in value) if v is not _NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name in self._functions:
                return self._functions[name](argument)
            if str(name).startswith("Fn::"):
                raise TemplateError(f"{name} is not supported in a conformance pack here")
        resolved = {key: self.resolve(each) for key, each in value.items()}
        return {key: each for key, each in resolved.items() if each is not _NOTHING}

    def condition(self, value: Any) -> bool:
        """Whether a condition, or the condition of that name, holds."""
        if isinstance(value, str):
            if value not in self._conditions:
                raise TemplateError(f"Conditions.{value} is not defined")
            return self.condition(self._conditions[value])
        if not isinstance(value, dict) or len(value) != 1:
            raise TemplateError(f"not a condition: {value!r:.80}")
        name, argument = next(iter(value.items()))
        if name == "Condition":
            return self.condition(argument)
        if not isinstance(argument, list):
            raise TemplateError(f"{name} needs a list")
        if name == "Fn::Equals" and len(argument) == 2:
            return str(self.resolve(argument[0])) == str(self.resolve(argument[1]))
        if name == "Fn::Not" and len(argument) == 1:
            return not self.condition(argument[0])
        if name == "Fn::And":
            return all(self.condition(each) for each in argument)
        if name == "Fn::Or":
            return any(self.condition(each) for each in argument)
        raise TemplateError(f"{name} is not a condition that can be evaluated")

    def _ref(self, name: Any) -> Any:
        if name == "AWS::NoValue":
            return _NOTHING
        if name in self._values:
            return self._values[name]
        if name in self._resources:
            return name
        raise TemplateError(f"Ref: {name} is neither a parameter nor a resource of the template")

    def _if(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != 3:
            raise TemplateError("Fn::If needs a condition and two values")
        return self.resolve(argument[1] if self.condition(argument[0]) else argument[2])

    def _sub(self, argument: Any) -> str:
        if not isinstance(argument, str):
            raise TemplateError("Fn::Sub with a list is not supported here: write the text alone")
        return re.sub(r"\$\{([\w:]+)\}", lambda match: str(self._ref(match.group(1))), argument)
