"""A CloudFormation template, JSON or YAML, as a graph: intrinsic functions resolved as far as a template tells.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-reference.html. A parameter without default, an
import and the like are unknown; in an ARN or a name they get a stand-in, so that two texts that are made of the same
parts stay equal. CloudFormation starts recorders and orders recorder and channel by itself.

What is there may depend on a parameter without default. The graph is then the one where conditions compare it with
something else, and its ``variants`` are those where it is one of the values that they name.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from watchkeeper.model import SourcePosition
from watchkeeper.preflight.inputs import language_extensions, sam
from watchkeeper.preflight.inputs.cloudformation_names import wrong_names
from watchkeeper.preflight.inputs.cloudformation_shapes import shape
from watchkeeper.preflight.inputs.cloudformation_types import ATTRIBUTES, REF, TYPES, UNREAD
from watchkeeper.preflight.inputs.spelling import Mapped, environment_of, lower_camel, respell
from watchkeeper.preflight.inputs.target import TargetError
from watchkeeper.preflight.inputs.template_text import refuse_size
from watchkeeper.preflight.meaning.identity import ACCOUNT, IDENTITIES, outputs_of
from watchkeeper.preflight.meaning.values import DEPTH
from watchkeeper.pulumi.graph import CLOUDFORMATION, STAND_IN, UNKNOWN, Graph, Reference, Resource

PSEUDO_REGION = "${AWS::Region}"
"""Stands for the region when nobody says which: any region written out is then one written by hand."""
MOST_VALUES = 3_000_000
MOST_VARIANTS = 8
APPLIED = (sam.TRANSFORM, "AWS::LanguageExtensions")
"""Transforms whose result is read."""
FREE_TEXT = ("code", "dashboardBody", "templateBody")
"""Properties whose text is read with stand-ins in it."""
OTHERS_TEXT = frozenset(
    {"buildSpec", "code", "content", "definition", "definitionString", "inlineCode", "templateBody", "userData"}
)
"""Properties whose ``${…}`` may be for somebody else: a shell, a program, another template, a state machine."""
_SUBSTITUTE = re.compile(r"\$\{(!?)([^${}]+)\}")
_DYNAMIC = "{{resolve:"


def is_template(document: Mapping[str, Any]) -> bool:
    """Whether a document looks like a template."""
    resources = document.get("Resources")
    return isinstance(resources, Mapping) and any(
        (isinstance(item, Mapping) and isinstance(item.get("Type"), str)) or str(key).startswith("Fn::")
        for key, item in resources.items()
    )


def read(
    document: Mapping[str, Any],
    name: str,
    lines: Mapping[str, int] | None = None,
    region: str | None = None,
    notes: tuple[str, ...] = (),
) -> Graph:
    """The template's graph, with its variants. Raises TargetError when it is too large to be read."""
    refuse_size(document, name, MOST_VALUES)
    unrolled = language_extensions.Unrolled(document)
    written_out, origin, unread = sam.expand(unrolled.document)
    places = {**(lines or {})}
    for made, source in (*unrolled.origin.items(), *origin.items()):
        if source in places:
            places.setdefault(made, places[source])
    notes = (*notes, *unrolled.unread, *unread)
    base = _Template(written_out, name, places, region or PSEUDO_REGION, {}, notes, frozenset(origin))
    graph = base.graph()
    worlds = list(base.compared.items())
    variants = [
        _Template(written_out, name, places, region or PSEUDO_REGION, {key: value}, (), frozenset(origin)).graph()
        for (key, value) in list(base.compared)[:MOST_VARIANTS]
    ]
    more = len(worlds) - MOST_VARIANTS
    unlooked = (f"{more} more values that conditions compare parameters with were not tried",) if more > 0 else ()
    return replace(graph, variants=tuple(variants), unread=(*graph.unread, *unlooked))


@dataclass
class _Seen:
    """Logical ids that a value refers to, by top-level property."""

    urn: str = ""
    """Of the resource whose properties are read; empty for one that no one wrote."""
    by_property: dict[str, set[str]] = field(default_factory=dict)
    current: str = ""

    def note(self, urn: str) -> None:
        self.by_property.setdefault(self.current, set()).add(urn)


class _Foreseen(str):
    """A text that holds a stand-in for what is not known: fit to be compared, not to be judged."""

    __slots__ = ()


class _Template:
    def __init__(
        self,
        document: Mapping[str, Any],
        name: str,
        lines: Mapping[str, int],
        region: str,
        assumed: Mapping[str, str],
        notes: tuple[str, ...],
        made: frozenset[str],
    ) -> None:
        self.document = document
        self.name = name
        self.lines = lines
        self.region = assumed.get("AWS::Region", region)
        self.assumed = assumed
        self.made = made
        """Resources that no one wrote: a transform's."""
        self.raw = {
            str(key): value
            for key, value in document["Resources"].items()
            if isinstance(value, Mapping) and isinstance(value.get("Type"), str)
        }
        self.unread = [*notes, *(_no_type(str(key)) for key in document["Resources"] if str(key) not in self.raw)]
        self.compared: dict[tuple[str, str], None] = {}
        """Parameters without a value, and the texts that conditions compare them with."""
        self.parameters = self._parameters()
        self.seen = _Seen()
        self.budget = MOST_VALUES
        self.open: set[str] = set()
        self.names_account = False
        self.unsubstituted: list[tuple[str, str, str]] = []
        self.present = set(self.raw)
        self.present = {logical for logical, raw in self.raw.items() if self._wanted(raw)}

    def _parameters(self) -> dict[str, Any]:
        raw = self.document.get("Parameters")
        return {
            str(key): self.assumed.get(str(key), _default(item))
            for key, item in (raw.items() if isinstance(raw, Mapping) else ())
        }

    def graph(self) -> Graph:
        """Everything, with what could not be read beside it."""
        resources: dict[str, Resource] = {}
        for logical, raw in self.raw.items():
            if logical in self.present:
                for resource in self._resources(logical, raw):
                    resources[resource.urn] = resource
        written = self.present - self.made
        wrong = [
            name
            for logical, raw in self.raw.items()
            if logical in written
            for name in wrong_names(self._urn(logical), str(raw["Type"]), raw.get("Properties"))
        ]
        transforms = self.document.get("Transform")
        listed = transforms if isinstance(transforms, list) else [transforms] if transforms else []
        macros = [str(_name_of(transform)) for transform in listed if transform not in APPLIED]
        self.unread += [f"the transform {name} was not applied" for name in macros]
        compared = sorted({key for key, _ in self.compared})
        return Graph(
            resources,
            stack=environment_of(self.parameters),
            source=f"CloudFormation template {self.name}",
            region=self.region,
            unread=tuple(dict.fromkeys(self.unread)),
            guessed=tuple(_guess(key, [value for name, value in self.compared if name == key]) for key in compared),
            language=CLOUDFORMATION,
            account=ACCOUNT if self.names_account else "",
            wrong_names=tuple(wrong),
            rewritten_by=", ".join(macros),
            unsubstituted=tuple(dict.fromkeys(self.unsubstituted)),
            assumption=" and ".join(f'{key} is "{value}"' for key, value in self.assumed.items()),
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
        kind = str(raw["Type"])
        if kind in UNREAD or kind.endswith("::MODULE"):
            self.unread.append(f"{UNREAD.get(kind, 'what a module holds')} ({logical}) was not read")
        properties = raw.get("Properties")
        self.seen = _Seen(self._urn(logical) if logical not in self.made else "")
        identity = IDENTITIES.get(table.type)
        values: dict[str, Any] = {}
        for key, value in properties.items() if isinstance(properties, Mapping) else ():
            self.seen.current = table.renames.get(str(key), lower_camel(str(key)))
            named = identity is not None and self.seen.current == identity.name
            resolved = self._settled(self._resolve(value), named or self.seen.current in FREE_TEXT)
            if named and resolved is UNKNOWN:
                resolved = _stand_in(value)
            if resolved is not None:
                values[str(key)] = resolved
        self.seen.urn = ""
        inputs = respell(values, table)
        depends = raw.get("DependsOn")
        named_urns = [depends] if isinstance(depends, str) else depends if isinstance(depends, list) else []
        resource = Resource(
            urn=self._urn(logical),
            type=table.type,
            name=logical,
            inputs={**inputs, **_asset(raw)},
            dependencies=tuple(self._urn(item) for item in named_urns if item in self.present),
            property_dependencies={key: tuple(sorted(urns)) for key, urns in self.seen.by_property.items()},
            source_type=kind,
            retain_on_delete=raw.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate"),
            position=SourcePosition(self.name, self.lines[logical]) if logical in self.lines else None,
        )
        yield from shape(resource)

    def _settled(self, value: Any, free: bool, depth: int = 0) -> Any:
        """A value whose texts with stand-ins are unknown, unless they are names or ARNs."""
        if depth > DEPTH:
            return UNKNOWN
        if isinstance(value, _Foreseen):
            return str(value) if free or value.startswith("arn:") else UNKNOWN
        if isinstance(value, Mapping):
            return {key: self._settled(item, free, depth + 1) for key, item in value.items()}
        if isinstance(value, list):
            return [self._settled(item, free, depth + 1) for item in value]
        return value

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
        if not isinstance(value, str):
            return value
        self._note_unsubstituted(value)
        return UNKNOWN if _DYNAMIC in value else value

    def _note_unsubstituted(self, text: str) -> None:
        """Keep that a text names something of the template in ``${…}``, unless others put values into it."""
        if "${" not in text or not self.seen.urn or self.seen.current in OTHERS_TEXT:
            return
        for literal, name in _SUBSTITUTE.findall(text):
            named = name.strip().partition(".")[0]
            if not literal and (named in self.raw or named in self.parameters or named.startswith("AWS::")):
                self.unsubstituted.append((self.seen.urn, self.seen.current, name))

    def _function(self, name: str, argument: Any, depth: int) -> Any:
        if name == "Ref":
            return self._ref(str(argument))
        if name == "Fn::GetAtt":
            parts = argument.split(".", 1) if isinstance(argument, str) else argument
            return self._attribute(*map(str, parts)) if isinstance(parts, list) and len(parts) == 2 else UNKNOWN
        if name == "Fn::Sub":
            return self._sub(argument, depth)
        if name == "Fn::Join":
            return self._join(argument, depth)
        if name == "Fn::If" and isinstance(argument, list) and len(argument) == 3:
            return self._if(argument, depth)
        resolved = self._resolve(argument, depth)
        if name == "Fn::FindInMap":
            return _find_in_map(resolved, self.document.get("Mappings"))
        return _PLAIN[name](resolved) if name in _PLAIN else UNKNOWN

    def _if(self, argument: list[Any], depth: int) -> Any:
        answer = self._condition({"Condition": str(argument[0])})
        if answer is not None:
            return self._resolve(argument[1 if answer else 2], depth)
        either = [self._resolve(item, depth) for item in argument[1:]]
        return either[0] if _same(*either) else UNKNOWN

    def _ref(self, name: str) -> Any:
        pseudo = {
            "AWS::Region": self.region,
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::NoValue": None,
        }
        if name in pseudo:
            self.names_account = self.names_account or name == "AWS::AccountId"
            return pseudo[name]
        if name in self.parameters:
            return self.parameters[name]
        if name not in self.present:
            return UNKNOWN
        urn = self._urn(name)
        self.seen.note(urn)
        return Reference(urn, REF.get(self._type(name).type, ""))

    def _attribute(self, name: str, attribute: str) -> Any:
        if name not in self.present:
            return UNKNOWN
        urn = self._urn(name)
        self.seen.note(urn)
        own = self._type(name).renames.get(attribute)
        return Reference(urn, own or ATTRIBUTES.get(attribute, lower_camel(attribute)))

    def _sub(self, argument: Any, depth: int) -> Any:
        template, given = (
            (argument[0], argument[1]) if isinstance(argument, list) and len(argument) == 2 else (argument, {})
        )
        if not isinstance(template, str) or not isinstance(given, Mapping) or _DYNAMIC in template:
            return UNKNOWN
        foreseen = False

        def put(match: re.Match[str]) -> str:
            nonlocal foreseen
            if match.group(1):
                return f"${{{match.group(2)}}}"
            name = match.group(2).strip()
            raw = given.get(name, {"Fn::GetAtt": name.split(".", 1)} if "." in name else {"Ref": name})
            text = self._text(self._resolve(raw, depth), raw)
            foreseen = foreseen or isinstance(text, _Foreseen)
            return text

        made = _SUBSTITUTE.sub(put, template)
        return _Foreseen(made) if foreseen else made

    def _join(self, argument: Any, depth: int) -> Any:
        if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str):
            return UNKNOWN
        raw = argument[1] if isinstance(argument[1], list) else self._resolve(argument[1], depth)
        if not isinstance(raw, list):
            return UNKNOWN
        pairs = [(item, self._resolve(item, depth)) for item in raw]
        parts = [self._text(value, item) for item, value in pairs if value is not None]
        made = argument[0].join(parts)
        return _Foreseen(made) if any(isinstance(part, _Foreseen) for part in parts) else made

    def _text(self, value: Any, raw: Any) -> str:
        """A value inside a text: a reference becomes the name or ARN that it will be, what is not known a stand-in."""
        if isinstance(value, Reference):
            value = self._foreseen(value)
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, _Foreseen):
            return value
        return str(value) if isinstance(value, str | int | float) else _stand_in(raw)

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
        name = self._text(self._resolve(raw), raw) if raw is not None else None
        self.open.discard(logical)
        inputs = {identity.name: str(name)} if name and identity.name else {}
        found = outputs_of(Resource(reference.urn, table.type, logical, inputs), self.region, ACCOUNT)
        made = found.get(reference.property or "id", UNKNOWN)
        self.names_account = self.names_account or (isinstance(made, str) and ACCOUNT in made)
        return made

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
            return self._equals(*argument)
        answers = [self._condition(item, depth + 1) for item in argument]
        if name == "Fn::Not" and answers:
            return None if answers[0] is None else not answers[0]
        decided = {"Fn::And": False, "Fn::Or": True}.get(str(name))
        if decided is None:
            return None
        return decided if decided in answers else (None if None in answers else not decided)

    def _equals(self, left: Any, right: Any) -> bool | None:
        texts = [self._text(self._resolve(raw), raw) for raw in (left, right)]
        if texts[0] == texts[1]:
            return True
        for raw, other in ((left, texts[1]), (right, texts[0])):
            name = raw.get("Ref") if isinstance(raw, Mapping) else None
            if isinstance(name, str) and not isinstance(other, _Foreseen) and self._is_open(name):
                return self._guessed(name, other)
        unknown = any(isinstance(text, _Foreseen) or PSEUDO_REGION in text for text in texts)
        return None if unknown else False

    def _is_open(self, name: str) -> bool:
        """Whether nobody says what the parameter's value is, or the region."""
        return self.parameters.get(name) is UNKNOWN or (name == "AWS::Region" and self.region == PSEUDO_REGION)

    def _guessed(self, name: str, other: str) -> bool:
        """Whether a parameter without a value is taken for this one: for the first that is allowed, else for none."""
        declared = self.document.get("Parameters")
        raw = declared.get(name) if isinstance(declared, Mapping) else None
        allowed = raw.get("AllowedValues") if isinstance(raw, Mapping) else None
        values = [str(item) for item in allowed] if isinstance(allowed, list) and allowed else []
        self.compared |= dict.fromkeys((name, value) for value in (values[1:] if values else [other]))
        return values[:1] == [other]


def _default(parameter: Any) -> Any:
    """A parameter's default as its type says; UNKNOWN without one, and where it names what Systems Manager holds."""
    default = parameter.get("Default") if isinstance(parameter, Mapping) else None
    kind = str(parameter.get("Type")) if isinstance(parameter, Mapping) else ""
    if default is None or kind.startswith("AWS::SSM::Parameter::Value"):
        return UNKNOWN
    if isinstance(default, str) and (kind == "CommaDelimitedList" or kind.startswith("List<")):
        return [item.strip() for item in default.split(",")]
    return default


def _name_of(transform: Any) -> Any:
    """``{Name, Parameters}``, or the name alone."""
    return transform.get("Name") if isinstance(transform, Mapping) else transform


def _guess(name: str, values: list[str]) -> str:
    said = ", ".join(f'"{value}"' for value in values)
    return f"{name} has no value: looked at as something else than {said}, and as each of these"


def _no_type(key: str) -> str:
    if key.startswith("Fn::"):
        return f"what {key} puts into Resources was not read"
    return f"resource {key} has no Type"


def _stand_in(raw: Any) -> _Foreseen:
    """A text for what is not known: the same for the same expression."""
    digest = hashlib.sha256(json.dumps(raw, sort_keys=True, default=str).encode()).hexdigest()
    return _Foreseen(f"{STAND_IN}{digest[:16]}")


def _asset(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The folder of a function's code that the AWS CDK names beside what it puts into S3."""
    metadata = raw.get("Metadata")
    if not isinstance(metadata, Mapping) or metadata.get("aws:asset:property") != "Code":
        return {}
    path = metadata.get("aws:asset:path")
    return {"code": path} if isinstance(path, str) else {}


def _same(left: Any, right: Any) -> bool:
    return type(left) is type(right) and left is not UNKNOWN and bool(left == right)


def _select(argument: Any) -> Any:
    if (
        isinstance(argument, list)
        and len(argument) == 2
        and isinstance(argument[1], list)
        and str(argument[0]).isdecimal()
    ):
        index = int(argument[0])
        return argument[1][index] if index < len(argument[1]) else UNKNOWN
    return UNKNOWN


def _split(argument: Any) -> Any:
    if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], str) and argument[0]:
        return UNKNOWN if isinstance(argument[1], _Foreseen) else argument[1].split(str(argument[0]))
    return UNKNOWN


def _find_in_map(argument: Any, mappings: Any) -> Any:
    """The value at the keys; where a key is not known, what all keys there agree on."""
    keys = argument[:3] if isinstance(argument, list) else []
    values = [mappings]
    for key in keys:
        inside = [value for value in values if isinstance(value, Mapping)]
        known = isinstance(key, str | int) and key != PSEUDO_REGION and not isinstance(key, _Foreseen)
        values = (
            [value[key] for value in inside if key in value]
            if known
            else [item for value in inside for item in value.values()]
        )
    if len(keys) == 3 and values and all(_same(value, values[0]) for value in values):
        return values[0]
    otherwise = argument[3] if isinstance(argument, list) and len(argument) == 4 else None
    return otherwise.get("DefaultValue", UNKNOWN) if isinstance(otherwise, Mapping) and not values else UNKNOWN


def _json_string(argument: Any) -> Any:
    return argument


_PLAIN = {"Fn::Select": _select, "Fn::Split": _split, "Fn::ToJsonString": _json_string}
