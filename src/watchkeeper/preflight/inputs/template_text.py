"""JSON and YAML files as documents, with the lines of a template's resources and what is odd about the text.

YAML has CloudFormation's short forms (``!Ref``). CloudFormation takes the last of a key that stands twice, in YAML and
in JSON (https://github.com/aws-cloudformation/cfn-language-discussion/issues/96); so does this, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from watchkeeper.preflight.inputs.json_lines import load_json
from watchkeeper.preflight.inputs.target import TargetError
from watchkeeper.pulumi.engine.program import read_problem

LARGEST_YAML = 10_000_000
"""Characters; CloudFormation itself takes one million bytes."""
DEEPEST = 200
NO_STREAM = (
    "which say nothing of what depends on what: give the output of `pulumi preview --json` without "
    "PULUMI_ENABLE_STREAMING_JSON_PREVIEW"
)
_EVENTS = re.compile(r'\s*\{"sequence":\s*\d+,\s*"timestamp":')


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document with the lines of its resources by logical id, and notes on the text, one sentence each."""

    document: Mapping[str, Any]
    lines: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def load(text: str, name: str) -> Loaded:
    """The document in a text. Raises TargetError when it is neither JSON nor YAML, or no object."""
    text = text.lstrip("\ufeff")
    if text.lstrip()[:1] == "{":
        return _json(text, name)
    return _yaml(text, name)


def _json(text: str, name: str) -> Loaded:
    twice: dict[str, None] = {}
    try:
        document, lines = load_json(text, twice=lambda key: twice.update({key: None}))
    except (ValueError, RecursionError) as error:
        if _EVENTS.match(text):
            raise TargetError(f"{name} is a stream of Pulumi's events, {NO_STREAM}") from None
        raise TargetError(f"{name} is not JSON: {error}") from None
    return Loaded(document, lines, tuple(_twice(key) for key in twice))


def _twice(key: str, lines: str = "") -> str:
    return f"the key {key} stands twice in one object{lines}: the last one is read, as CloudFormation does"


_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """YAML with CloudFormation's short forms; dates stay text."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.twice: list[str] = []

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """The mapping, with the keys that stand in it twice noted."""
        places: dict[Any, int] = {}
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            line = key.start_mark.line + 1
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in places:
                    self.twice.append(_twice(key.value, f", on lines {places[key.value]} and {line}"))
                places[key.value] = line
        made: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return made


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _short_form(loader: Any, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        return {name: str(value).split(".", 1) if suffix == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)} if isinstance(node, yaml.MappingNode) else {name: None}


_Loader.add_multi_constructor("!", _short_form)


def _yaml(text: str, name: str) -> Loaded:
    if len(text) > LARGEST_YAML:
        raise TargetError(f"{name} has {len(text)} characters; YAML templates are read up to {LARGEST_YAML}")
    try:
        _refuse_depth(text, name)
        loader = _Loader(text)
        node = loader.get_single_node()
        document = loader.construct_document(node) if node is not None else None
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        raise TargetError(f"{name} is not YAML: {read_problem(error)}") from None
    if not isinstance(document, Mapping):
        raise TargetError(f"{name} is not a template: it has no Resources")
    return Loaded(document, dict(_yaml_lines(node)), tuple(dict.fromkeys(loader.twice)))


def _refuse_depth(text: str, name: str) -> None:
    """Before anything recursive reads it: a parser in C has no recursion limit to stop at."""
    depth = 0
    for event in yaml.parse(text, Loader=_Base):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise TargetError(f"{name} is nested more than {DEEPEST} levels deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def refuse_size(document: Any, name: str, most: int) -> None:
    """Raises TargetError for a document that is deeper or, with its aliases written out, larger than can be read."""
    sizes: dict[int, int] = {}

    def size(value: Any, depth: int) -> int:
        if depth > DEEPEST:
            raise TargetError(f"{name} is nested more than {DEEPEST} levels deep")
        if not isinstance(value, Mapping | list):
            return 1
        if id(value) not in sizes:
            inside = value.values() if isinstance(value, Mapping) else value
            sizes[id(value)] = 1 + sum(size(item, depth + 1) for item in inside)
        return sizes[id(value)]

    if size(document, 0) > most:
        raise TargetError(f"{name} holds more than {most} values")


def _yaml_lines(root: yaml.Node | None) -> Iterator[tuple[str, int]]:
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value == "Resources" and isinstance(value, yaml.MappingNode):
            for logical, _ in value.value:
                yield str(logical.value), logical.start_mark.line + 1
