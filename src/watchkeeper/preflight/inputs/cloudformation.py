"""A CloudFormation template, JSON or YAML, as a graph: intrinsic functions resolved as far as a template tells.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-reference.html. A parameter without default, an
import and the like are unknown. CloudFormation starts recorders and orders recorder and channel by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from watchkeeper.engine.program import YamlLoader, read_problem
from watchkeeper.graph import CLOUDFORMATION, UNKNOWN, Archive, Asset, Graph, Reference, Resource
from watchkeeper.model import SourcePosition
from watchkeeper.preflight.identity import ACCOUNT, IDENTITIES, outputs_of
from watchkeeper.preflight.inputs.cloudformation_types import ATTRIBUTES, REF, TYPES, UNREAD
from watchkeeper.preflight.inputs.json_lines import load_json
from watchkeeper.preflight.inputs.spelling import Mapped, environment_of, lower_camel, respell
from watchkeeper.preflight.inputs.target import TargetError
from watchkeeper.preflight.values import DEPTH

PSEUDO_REGION = "${AWS::Region}"
"""Stands for the region when nobody says which: any region written out is then one written by hand."""
LARGEST_YAML = 10_000_000
"""Bytes; CloudFormation itself takes one million."""
MOST_VALUES = 3_000_000
_SUBSTITUTE = re.compile(r"\$\{(!?)([^${}]+)\}")


def load(text: str, name: str) -> tuple[Mapping[str, Any], Mapping[str, int]]:
    """The template as an object, and the lines of its resources. Raises TargetError."""
    if text.lstrip()[:1] == "{":
        try:
            return load_json(text)
        except (ValueError, RecursionError) as error:
            raise TargetError(f"{name} is not JSON: {error}") from None
    if len(text) > LARGEST_YAML:
        raise TargetError(f"{name} has {len(text)} bytes; YAML templates are read up to {LARGEST_YAML}")
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        document = loader.construct_document(node) if node is not None else None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise TargetError(f"{name} is not YAML: {read_problem(error)}") from None
    if not isinstance(document, Mapping):
        raise TargetError(f"{name} is not a template: it has no Resources")
    return document, dict(_lines(node))


def _lines(root: yaml.Node | None) -> Iterator[tuple[str, int]]:
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value == "Resources" and isinstance(value, yaml.MappingNode):
            for logical, _ in value.value:
                yield str(logical.value), logical.start_mark.line + 1


class _Loader(YamlLoader):
    """YAML with CloudFormation's short forms."""


def _short_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        return {name: str(value).split(".", 1) if suffix == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)} if isinstance(node, yaml.MappingNode) else {name: None}


_Loader.add_multi_constructor("!", _short_form)


def is_template(document: Mapping[str, Any]) -> bool:
    """Whether a document looks like a template."""
    resources = document.get("Resources")
    return isinstance(resources, Mapping) and any(
        isinstance(item, Mapping) and isinstance(item.get("Type"), str) for item in resources.values()
    )


def read(
    document: Mapping[str, Any], name: str, lines: Mapping[str, int] | None = None, region: str | None = None
) -> Graph:
    """The template's graph. Raises TargetError when it is too large to be read."""
    return _Template(document, name, lines or {}, region or PSEUDO_REGION).graph()


@dataclass
class _Seen:
    """Logical ids that a value refers to, by top-level property."""

    by_property: dict[str, set[str]] = field(default_factory=dict)
    current: str = ""

    def note(self, urn: str) -> None:
        self.by_property.setdefault(self.current, set()).add(urn)


class _Template:
    def __init__(self, document: Mapping[str, Any], name: str, lines: Mapping[str, int], region: str) -> None:
        self.document = document
        self.name = name
        self.lines = lines
        self.region = region
        self.raw = {
            str(key): value
            for key, value in document["Resources"].items()
            if isinstance(value, Mapping) and isinstance(value.get("Type"), str)
        }
        self.unread: list[str] = [
            f"resource {key} has no Type" for key in document["Resources"] if str(key) not in self.raw
        ]
        self.parameters = self._parameters()
        self.seen = _Seen()
        self.budget = MOST_VALUES
        self.open: set[str] = set()

    def _parameters(self) -> dict[str, Any]:
        raw = self.document.get("Parameters")
        found: dict[str, Any] = {}
        for key, item in raw.items() if isinstance(raw, Mapping) else ():
            default = item.get("Default") if isinstance(item, Mapping) else None
            found[str(key)] = UNKNOWN if default is None else default
        return found

    def graph(self) -> Graph:
        """Everything, with what could not be read beside it."""
        resources: dict[str, Resource] = {}
        for logical, raw in self.raw.items():
            if not self._wanted(raw):
                continue
            for resource in self._resources(logical, raw):
                resources[resource.urn] = resource
        if self.document.get("Transform"):
            self.unread.append(f"the transform {self.document['Transform']} was not applied")
        return Graph(
            resources,
            stack=environment_of(self.parameters),
            source=f"CloudFormation template {self.name}",
            region=self.region,
            unread=tuple(dict.fromkeys(self.unread)),
            language=CLOUDFORMATION,
        )

    def _wanted(self, raw: Mapping[str, Any]) -> bool:
        condition = raw.get("Condition")
        return not isinstance(condition, str) or self._condition({"Condition": condition}) is not False

    def _urn(self, logical: str) -> str:
        return f"urn:cloudformation::{self._type(logical).type}::{logical}"

    def _type(self, logical: str) -> Mapped:
        kind = str(self.raw[logical]["Type"])
        return TYPES.get(kind, Mapped(f"cloudformation:{kind}"))

    def _resources(self, logical: str, raw: Mapping[str, Any]) -> Iterator[Resource]:
        table = self._type(logical)
        if raw["Type"] in UNREAD:
            self.unread.append(f"{UNREAD[raw['Type']]} ({logical}) was not read")
        properties = raw.get("Properties")
        self.seen = _Seen()
        values: dict[str, Any] = {}
        for key, value in properties.items() if isinstance(properties, Mapping) else ():
            self.seen.current = table.renames.get(str(key), lower_camel(str(key)))
            resolved = self._resolve(value)
            if resolved is not None:
                values[str(key)] = resolved
        inputs = respell(values, table)
        depends = raw.get("DependsOn")
        named = [depends] if isinstance(depends, str) else depends if isinstance(depends, list) else []
        resource = Resource(
            urn=self._urn(logical),
            type=table.type,
            name=logical,
            inputs=inputs,
            dependencies=tuple(self._urn(item) for item in named if item in self.raw),
            property_dependencies={key: tuple(sorted(urns)) for key, urns in self.seen.by_property.items()},
            source_type=str(raw["Type"]),
            retain_on_delete=raw.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate"),
            position=SourcePosition(self.name, self.lines[logical]) if logical in self.lines else None,
        )
        yield from _shape(resource)

    # intrinsic functions

    def _resolve(self, value: Any, depth: int = 0) -> Any:
        self.budget -= 1
        if self.budget < 0:
            raise TargetError(f"{self.name} holds more than {MOST_VALUES} values")
        if depth > DEPTH:
            return UNKNOWN
        if isinstance(value, Mapping):
            if len(value) == 1:
                name, argument = next(iter(value.items()))
                if name == "Ref" or (isinstance(name, str) and name.startswith("Fn::")):
                    return self._function(str(name), argument, depth + 1)
            made = {str(key): self._resolve(item, depth + 1) for key, item in value.items()}
            return {key: item for key, item in made.items() if item is not None}
        if isinstance(value, list):
            return [item for item in (self._resolve(item, depth + 1) for item in value) if item is not None]
        return value

    def _function(self, name: str, argument: Any, depth: int) -> Any:
        if name == "Ref":
            return self._ref(str(argument))
        if name == "Fn::GetAtt":
            parts = argument.split(".", 1) if isinstance(argument, str) else argument
            return self._attribute(*map(str, parts)) if isinstance(parts, list) and len(parts) == 2 else UNKNOWN
        if name == "Fn::Sub":
            return self._sub(argument, depth)
        if name == "Fn::If" and isinstance(argument, list) and len(argument) == 3:
            answer = self._condition({"Condition": str(argument[0])})
            return UNKNOWN if answer is None else self._resolve(argument[1 if answer else 2], depth)
        resolved = self._resolve(argument, depth)
        if name == "Fn::Join":
            return self._join(resolved)
        return _PLAIN[name](resolved, self.document) if name in _PLAIN else UNKNOWN

    def _ref(self, name: str) -> Any:
        pseudo = {
            "AWS::Region": self.region,
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::NoValue": None,
        }
        if name in pseudo:
            return pseudo[name]
        if name in self.parameters:
            return self.parameters[name]
        if name not in self.raw:
            return UNKNOWN
        urn = self._urn(name)
        self.seen.note(urn)
        return Reference(urn, REF.get(self._type(name).type, ""))

    def _attribute(self, name: str, attribute: str) -> Any:
        if name not in self.raw:
            return UNKNOWN
        urn = self._urn(name)
        self.seen.note(urn)
        return Reference(urn, ATTRIBUTES.get(attribute, lower_camel(attribute)))

    def _sub(self, argument: Any, depth: int) -> Any:
        template, given = (
            (argument[0], argument[1]) if isinstance(argument, list) and len(argument) == 2 else (argument, {})
        )
        if not isinstance(template, str):
            return UNKNOWN
        values = self._resolve(given, depth) if isinstance(given, Mapping) else {}
        unknown = False

        def put(match: re.Match[str]) -> str:
            nonlocal unknown
            if match.group(1):
                return f"${{{match.group(2)}}}"
            name = match.group(2).strip()
            value = values[name] if isinstance(values, Mapping) and name in values else self._named(name)
            text = self._text(value)
            unknown = unknown or text is None
            return text or ""

        made = _SUBSTITUTE.sub(put, template)
        return UNKNOWN if unknown else made

    def _named(self, name: str) -> Any:
        head, dot, attribute = name.partition(".")
        return self._attribute(head, attribute) if dot else self._ref(name)

    def _text(self, value: Any) -> str | None:
        """A value inside a text: a reference becomes the name or ARN that it will be."""
        if isinstance(value, Reference):
            value = self._foreseen(value)
        if isinstance(value, bool):
            return str(value).lower()
        return str(value) if isinstance(value, str | int | float) else None

    def _foreseen(self, reference: Reference) -> Any:
        logical = reference.urn.rpartition("::")[2]
        table = self._type(logical)
        identity = IDENTITIES.get(table.type)
        if identity is None or logical in self.open:
            return UNKNOWN
        self.open.add(logical)
        original = next((key for key, name in table.renames.items() if name == identity.name), None)
        properties = self.raw[logical].get("Properties")
        raw = (
            properties.get(original or identity.name[:1].upper() + identity.name[1:])
            if isinstance(properties, Mapping)
            else None
        )
        name = self._text(self._resolve(raw)) if raw is not None else None
        self.open.discard(logical)
        stub = Resource(reference.urn, table.type, logical, {identity.name: name} if name and identity.name else {})
        return outputs_of(stub, self.region, ACCOUNT).get(reference.property or "id", UNKNOWN)

    def _join(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[1], list):
            return UNKNOWN
        parts = [self._text(item) for item in argument[1]]
        return UNKNOWN if any(part is None for part in parts) else str(argument[0]).join(str(part) for part in parts)

    def _condition(self, expression: Any, depth: int = 0) -> bool | None:
        """A condition's value; None when it depends on something unknown."""
        if not isinstance(expression, Mapping) or len(expression) != 1 or depth > DEPTH:
            return None
        name, argument = next(iter(expression.items()))
        if name == "Condition":
            conditions = self.document.get("Conditions")
            return self._condition(conditions.get(argument) if isinstance(conditions, Mapping) else None, depth + 1)
        if not isinstance(argument, list):
            return None
        if name == "Fn::Equals" and len(argument) == 2:
            left, right = self._text(self._resolve(argument[0])), self._text(self._resolve(argument[1]))
            return None if left is None or right is None else left == right
        answers = [self._condition(item, depth + 1) for item in argument]
        if name == "Fn::Not" and answers:
            return None if answers[0] is None else not answers[0]
        decided = {"Fn::And": False, "Fn::Or": True}.get(str(name))
        if decided is None:
            return None
        return decided if decided in answers else (None if None in answers else not decided)


def _select(argument: Any, _: Mapping[str, Any]) -> Any:
    if (
        isinstance(argument, list)
        and len(argument) == 2
        and isinstance(argument[1], list)
        and str(argument[0]).isdecimal()
    ):
        index = int(argument[0])
        return argument[1][index] if index < len(argument[1]) else UNKNOWN
    return UNKNOWN


def _split(argument: Any, _: Mapping[str, Any]) -> Any:
    if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], str) and argument[0]:
        return argument[1].split(str(argument[0]))
    return UNKNOWN


def _find_in_map(argument: Any, document: Mapping[str, Any]) -> Any:
    value: Any = document.get("Mappings")
    for key in argument if isinstance(argument, list) else ():
        value = value.get(key) if isinstance(value, Mapping) and isinstance(key, str) else None
    return UNKNOWN if value is None else value


def _json_string(argument: Any, _: Mapping[str, Any]) -> Any:
    return argument


_PLAIN = {
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::FindInMap": _find_in_map,
    "Fn::ToJsonString": _json_string,
}


# one CloudFormation resource may be several of Pulumi's


def _shape(resource: Resource) -> Iterator[Resource]:
    inputs = dict(resource.inputs)
    if isinstance(inputs.get("tags"), list):
        inputs["tags"] = {
            str(tag.get("key")): tag.get("value")
            for tag in inputs["tags"]
            if isinstance(tag, Mapping) and tag.get("key")
        }
    resource = replace(resource, inputs=inputs)
    shaper = _SHAPERS.get(resource.type)
    yield from shaper(resource) if shaper else [resource]


def _part(resource: Resource, suffix: str, kind: str, inputs: Mapping[str, Any], top: str) -> Resource:
    """A separate resource for a part of one, which depends on it and on what the part refers to."""
    urns = resource.property_dependencies.get(top, ())
    return Resource(
        urn=f"{resource.urn}/{suffix}",
        type=kind,
        name=f"{resource.name}/{suffix}",
        inputs=inputs,
        dependencies=(resource.urn, *resource.dependencies),
        property_dependencies=dict.fromkeys(inputs, urns),
        position=resource.position,
        source_type=resource.source_type,
    )


def _for_each(prop: str, target: str) -> Any:
    """A policy resource that names several owners becomes one for each."""

    def shape(resource: Resource) -> Iterator[Resource]:
        inputs = dict(resource.inputs)
        owners = inputs.pop(prop, None)
        if target in inputs or not isinstance(owners, list):
            yield replace(resource, inputs=inputs)
            return
        for index, owner in enumerate(owners):
            dependencies = {**resource.property_dependencies, target: resource.property_dependencies.get(prop, ())}
            urn = resource.urn if index == 0 else f"{resource.urn}/{index}"
            yield replace(resource, urn=urn, inputs={**inputs, target: owner}, property_dependencies=dependencies)

    return shape


def _bucket(resource: Resource) -> Iterator[Resource]:
    inputs = dict(resource.inputs)
    lifecycle = inputs.pop("lifecycle", None)
    rules = lifecycle.get("rules") if isinstance(lifecycle, Mapping) else lifecycle
    if isinstance(rules, list):
        inputs["lifecycleRules"] = [_lifecycle_rule(rule) for rule in rules]
    elif lifecycle is UNKNOWN:
        inputs["lifecycleRules"] = UNKNOWN
    yield replace(resource, inputs=inputs)


def _lifecycle_rule(rule: Any) -> Any:
    if not isinstance(rule, Mapping):
        return rule
    expires = {key: value for key, value in rule.items() if key.startswith(("expiration", "noncurrent", "transition"))}
    return {**rule, **({"expiration": expires} if expires else {})}


def _rule(resource: Resource) -> Iterator[Resource]:
    inputs = dict(resource.inputs)
    targets = inputs.pop("targets", None)
    yield replace(resource, inputs=inputs)
    for index, target in enumerate(targets if isinstance(targets, list) else []):
        if isinstance(target, Mapping):
            values = {lower_camel(str(key)): value for key, value in target.items()}
            if isinstance(values.get("deadLetterConfig"), Mapping):
                values["deadLetterConfig"] = {lower_camel(str(k)): v for k, v in values["deadLetterConfig"].items()}
            values = {"rule": Reference(resource.urn), **values}
            kind = "aws:cloudwatch/eventTarget:EventTarget"
            yield _part(resource, str(target.get("Id") or index), kind, values, "targets")


def _topic(resource: Resource) -> Iterator[Resource]:
    inputs = dict(resource.inputs)
    subscriptions = inputs.pop("subscription", None)
    yield replace(resource, inputs=inputs)
    for index, item in enumerate(subscriptions if isinstance(subscriptions, list) else []):
        if isinstance(item, Mapping):
            values = {"topic": Reference(resource.urn, "arn"), **item}
            kind = "aws:sns/topicSubscription:TopicSubscription"
            yield _part(resource, f"subscription{index}", kind, values, "subscription")


def _function(resource: Resource) -> Iterator[Resource]:
    inputs = dict(resource.inputs)
    code = inputs.pop("code", None)
    if isinstance(code, Mapping):
        if isinstance(code.get("ZipFile"), str):
            inputs["code"] = Asset(text=code["ZipFile"])
        elif code.get("ZipFile") is UNKNOWN:
            inputs["code"] = UNKNOWN
        else:
            inputs |= {lower_camel(str(key)): value for key, value in code.items()}
    elif isinstance(code, str):
        inputs["code"] = Archive(path=code)
    yield replace(resource, inputs=inputs)


def _alarm(resource: Resource) -> Iterator[Resource]:
    inputs = dict(resource.inputs)
    dimensions = inputs.get("dimensions")
    if isinstance(dimensions, list):
        inputs["dimensions"] = {
            str(item.get("name")): item.get("value")
            for item in dimensions
            if isinstance(item, Mapping) and item.get("name")
        }
    yield replace(resource, inputs=inputs)


def _remediation(resource: Resource) -> Iterator[Resource]:
    inputs = dict(resource.inputs)
    parameters = inputs.get("parameters")
    if isinstance(parameters, Mapping):
        inputs["parameters"] = [_parameter(str(name), value) for name, value in parameters.items()]
    yield replace(resource, inputs=inputs)


def _parameter(name: str, value: Any) -> dict[str, Any]:
    given = value if isinstance(value, Mapping) else {}
    resource, static = given.get("ResourceValue"), given.get("StaticValue")
    return {
        "name": name,
        "resourceValue": resource.get("Value") if isinstance(resource, Mapping) else resource,
        "staticValues": static.get("Values") if isinstance(static, Mapping) else static,
    }


def _managed_policy(resource: Resource) -> Iterator[Resource]:
    inputs = dict(resource.inputs)
    roles = inputs.pop("roles", None)
    yield replace(resource, inputs=inputs)
    if isinstance(roles, list):
        values = {"roles": roles, "policyArn": Reference(resource.urn, "arn")}
        yield _part(resource, "roles", "aws:iam/policyAttachment:PolicyAttachment", values, "roles")


_SHAPERS: Mapping[str, Any] = {
    "aws:s3/bucket:Bucket": _bucket,
    "aws:cloudwatch/eventRule:EventRule": _rule,
    "aws:sns/topic:Topic": _topic,
    "aws:sns/topicPolicy:TopicPolicy": _for_each("topics", "arn"),
    "aws:sqs/queuePolicy:QueuePolicy": _for_each("queues", "queueUrl"),
    "aws:iam/rolePolicy:RolePolicy": _for_each("roles", "role"),
    "aws:iam/policy:Policy": _managed_policy,
    "aws:lambda/function:Function": _function,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:cfg/remediationConfiguration:RemediationConfiguration": _remediation,
}
