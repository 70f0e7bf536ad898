"""``terraform show -json`` of a plan or a state, as a graph: planned values, unknowns tied to what they come from.

Format: https://developer.hashicorp.com/terraform/internals/json-format. A value that is unknown and not configured is
the provider's to choose, so the program did not say it; a configured one is a reference where just one thing is
referred to. Names are the resources' addresses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.preflight.inputs import terraform_policy
from watchkeeper.preflight.inputs.spelling import Mapped, environment_of, lower_camel, respell
from watchkeeper.preflight.inputs.target import TargetError
from watchkeeper.preflight.inputs.terraform_config import (
    Configuration,
    Instance,
    Place,
    dig,
    mappings,
    primary,
    references,
    texts_of,
    without_index,
)
from watchkeeper.preflight.inputs.terraform_types import TYPES
from watchkeeper.preflight.meaning.identity import IDENTITIES
from watchkeeper.preflight.meaning.values import DEPTH
from watchkeeper.pulumi.graph import TERRAFORM, UNKNOWN, Archive, Asset, Graph, Reference, Resource, Secret

MAJOR = ("0", "1")
"""Major format versions that are read; Terraform asks readers to refuse any other."""


def is_plan(document: Mapping[str, Any]) -> bool:
    """Whether a document is a plan or a state as Terraform or OpenTofu print it."""
    return "format_version" in document and bool({"planned_values", "values", "terraform_version"} & set(document))


def is_raw_state(document: Mapping[str, Any]) -> bool:
    """Whether a document is a state file itself, which only ``terraform show -json`` turns into a stable format."""
    return "terraform_version" in document and "lineage" in document


def read(document: Mapping[str, Any], name: str, region: str | None = None) -> Graph:
    """The graph of a plan or a state. Raises TargetError when it holds no resource, or has another format."""
    version = str(document.get("format_version"))
    if version.partition(".")[0] not in MAJOR:
        raise TargetError(f"{name} has the format version {version}; 1.x is read")
    return _Plan(document, name, region).graph()


class _Plan:
    def __init__(self, document: Mapping[str, Any], name: str, region: str | None) -> None:
        self.document = document
        self.name = name
        self.is_state = "planned_values" not in document
        self.instances = list(_instances(dig(document, "values" if self.is_state else "planned_values", "root_module")))
        self.configuration = Configuration(dig(document, "configuration", "root_module"), self.instances)
        self.changes = {str(item.get("address")): item for item in mappings(document.get("resource_changes"))}
        self.data = {
            str(item.get("address")): item
            for module in _all_modules(dig(document, "prior_state", "values", "root_module"))
            for item in mappings(module.get("resources"))
            if item.get("mode") == "data"
        }
        self.region = region or self._region()

    def graph(self) -> Graph:
        """Every planned resource that is managed."""
        if not self.instances:
            raise TargetError(
                f"{self.name} holds no resource" if self.is_state else f"{self.name} plans no resource{self._deleted()}"
            )
        return Graph(
            {item.address: self._resource(item) for item in self.instances},
            stack=environment_of({key: dig(value, "value") for key, value in self._variables().items()}),
            source=f"Terraform {'state' if self.is_state else 'plan'} {self.name}",
            region=self.region,
            unread=tuple(self._unread()),
            language=TERRAFORM,
        )

    def _deleted(self) -> str:
        gone = [item for item in self.changes.values() if "delete" in texts_of(dig(item, "change", "actions"))]
        return f": it deletes {len(gone)}" if gone else ""

    def _variables(self) -> Mapping[str, Any]:
        found = self.document.get("variables")
        return found if isinstance(found, Mapping) else {}

    def _unread(self) -> Iterator[str]:
        if self.document.get("errored"):
            yield "the plan stopped at an error: what comes after it is not in it"
        if self.document.get("deferred_changes"):
            yield "some changes are deferred to a later plan"
        for item in self.instances:
            yield from self._local(item)
            if str(item.item.get("type", "")).startswith("aws_config") and item.item.get("type") not in TYPES:
                yield f"{item.address} ({item.item.get('type')}) is of a type without a mapping"

    def _local(self, instance: Instance) -> Iterator[str]:
        """Unknown arguments made of local values: a plan does not say what these are, nor what they wait for."""
        unknown = dig(self.changes.get(instance.address), "change", "after_unknown")
        expressions = self.configuration.block(instance.place, instance.local).get("expressions")
        for key, expression in expressions.items() if isinstance(expressions, Mapping) else ():
            names = [name for name in references(expression) if name.startswith("local.")]
            if names and dig(unknown, key):
                yield f"{instance.address}: {key} is made of {names[0]}, which a plan does not spell out"

    # regions

    def _region(self) -> str | None:
        """The default provider's region: written out, from a variable, or as a data source read it."""
        providers = dig(self.document, "configuration", "provider_config")
        found = self._constant(Place(), dig(providers, "aws", "expressions", "region"))
        if found:
            return found
        for item in self.data.values():
            if item.get("type") == "aws_region" and dig(item, "values", "name"):
                return str(dig(item, "values", "name"))
        said = {dig(item.item, "values", "region") for item in self.instances} - {None}
        only = next(iter(said)) if len(said) == 1 else None
        return only if isinstance(only, str) else None

    def _constant(self, place: Place, expression: Any) -> str | None:
        """The text of an expression that is written out or is a root variable's value."""
        value = dig(expression, "constant_value")
        for name in texts_of(dig(expression, "references")):
            if name.startswith("var.") and not place.module:
                value = dig(self._variables(), name.removeprefix("var."), "value")
        return value if isinstance(value, str) and value else None

    # resources

    def _resource(self, instance: Instance) -> Resource:
        table = _table(instance)
        block = self.configuration.block(instance.place, instance.local)
        expressions = block.get("expressions")
        configured = expressions if isinstance(expressions, Mapping) else {}
        values = self._values(instance, configured)
        inputs = {key: value for key, value in respell(values, table).items() if value is not None}
        if "region" not in configured and not self.is_state:
            inputs.pop("region", None)  # the provider's own, which it writes into every resource from version 6 on
        if table.type == "aws:lambda/function:Function":
            inputs |= self._code(instance, configured)
        depends = {
            table.renames.get(key, lower_camel(key)): urns
            for key, expression in configured.items()
            if (urns := self.configuration.referred(instance.place, expression))
        }
        return Resource(
            urn=instance.address,
            type=table.type,
            name=instance.address,
            inputs=inputs,
            dependencies=(*self.configuration.dependencies(instance.place, block), *self._recorded(instance)),
            property_dependencies=depends,
            provider=str(block.get("provider_config_key") or instance.item.get("provider_name") or ""),
            source_type=str(instance.item.get("type", "")),
        )

    def _recorded(self, instance: Instance) -> list[str]:
        """A state's own list of what a resource depended on."""
        named = {without_index(name) for name in texts_of(instance.item.get("depends_on"))}
        return [item.address for item in self.instances if without_index(item.address) in named]

    def _values(self, instance: Instance, configured: Mapping[str, Any]) -> dict[str, Any]:
        raw = instance.item.get("values")
        values = _hidden(raw if isinstance(raw, Mapping) else {}, instance.item.get("sensitive_values"))
        unknown = dig(self.changes.get(instance.address), "change", "after_unknown")
        found = self._with_unknowns(values, unknown, configured, instance.place)
        identity = IDENTITIES.get(_table(instance).type)
        for key, value in found.items():
            if isinstance(value, Reference) and identity and _renamed(instance, key) == identity.name:
                found[key] = UNKNOWN  # a name is composed from another resource's, hardly ever the same
        return found if isinstance(found, dict) else {}

    def _with_unknowns(self, value: Any, unknown: Any, expression: Any, place: Place, depth: int = 0) -> Any:
        """Planned values with what is known only after the apply put in; None for what nobody configured."""
        if depth > DEPTH:
            return UNKNOWN
        if unknown is True:
            return None if expression is None else self._expression(place, expression)
        if isinstance(unknown, Mapping):
            known = value if isinstance(value, Mapping) else {}
            inner = expression if isinstance(expression, Mapping) else {}
            keys = {**known, **{key: item for key, item in unknown.items() if item}}
            return {
                key: self._with_unknowns(known.get(key), unknown.get(key), inner.get(key), place, depth + 1)
                for key in keys
            }
        if isinstance(unknown, list) and isinstance(value, list | None):
            items = value or []
            inner_list = expression if isinstance(expression, list) else []
            return [
                self._with_unknowns(
                    items[i] if i < len(items) else None,
                    unknown[i] if i < len(unknown) else None,
                    inner_list[i] if i < len(inner_list) else expression,
                    place,
                    depth + 1,
                )
                for i in range(max(len(items), len(unknown)))
            ]
        return value

    def _expression(self, place: Place, expression: Any, depth: int = 0) -> Any:
        """What an unknown value is: a reference, where it comes from just one output of one resource."""
        names = [name for name in primary(expression) if not name.startswith("path.")]
        if len(names) != 1 or depth > DEPTH:
            return UNKNOWN
        parts = without_index(names[0]).split(".")
        if parts[0] == "var" and len(parts) == 2 and place.module:
            outside, module = place.outside()
            given = dig(self.configuration.call(outside, module), "expressions", parts[1])
            return self._expression(outside, given, depth + 1)
        if parts[0] == "module" and len(parts) == 3:
            inside = place.inside(parts[1])
            return self._expression(inside, self.configuration.output(inside, parts[2]), depth + 1)
        if parts[0] == "data" and len(parts) == 4:
            return self._data(place, ".".join(parts[:3]), parts[3])
        found = self.configuration.named(place, names[0]) if len(parts) == 3 else []
        return Reference(found[0].address, _renamed(found[0], parts[2])) if len(found) == 1 else UNKNOWN

    def _data(self, place: Place, local: str, attribute: str) -> Any:
        """A policy document that is read only during the apply, made again from what the plan knows of it."""
        if not local.startswith(f"data.{terraform_policy.TYPE}.") or attribute not in ("json", "minified_json"):
            return UNKNOWN
        address = f"{place.module}.{local}" if place.module else local
        expressions = self.configuration.block(place, local).get("expressions")
        change = dig(self.changes.get(address), "change")
        configured = expressions if isinstance(expressions, Mapping) else {}
        known = self._with_unknowns(
            dig(change, "after") or self._constants(place, configured), dig(change, "after_unknown"), configured, place
        )
        return terraform_policy.document(known, configured, lambda inner: self._several(place, inner))

    def _constants(self, place: Place, expression: Any, depth: int = 0) -> Any:
        """A configuration's own values, where a plan says no other."""
        if depth > DEPTH:
            return UNKNOWN
        if isinstance(expression, list):
            return [self._constants(place, item, depth + 1) for item in expression]
        if not isinstance(expression, Mapping):
            return None
        if "constant_value" in expression:
            return expression["constant_value"]
        if "references" in expression:
            return self._several(place, expression)
        return {key: self._constants(place, item, depth + 1) for key, item in expression.items()}

    def _several(self, place: Place, expression: Any) -> list[Any]:
        """A list of unknown values: what it refers to, and UNKNOWN: ``"${bucket.arn}/*"`` refers to the ARN only."""
        found = [self._expression(place, {"references": [name]}) for name in primary(expression)]
        return [*(item for item in found if isinstance(item, Reference)), UNKNOWN]

    # code

    def _code(self, instance: Instance, configured: Mapping[str, Any]) -> dict[str, Any]:
        """The function's package: what an ``archive_file`` packs, else the file itself."""
        filename = dig(instance.item, "values", "filename")
        for archive in self._archives(instance.place, configured.get("filename"), filename):
            if archive.get("source_dir"):
                return {"code": Archive(path=str(archive["source_dir"]))}
            if archive.get("source_file"):
                path = str(archive["source_file"])
                return {"code": Archive(parts={path.replace("\\", "/").rpartition("/")[2]: Asset(path=path)})}
            parts = {
                str(item.get("filename")): Asset(text=str(item.get("content")))
                for item in (*mappings(archive.get("source")), _content(archive))
                if item.get("filename") and isinstance(item.get("content"), str)
            }
            if parts:
                return {"code": Archive(parts=parts)}
        return {"code": Archive(path=filename)} if isinstance(filename, str) else {}

    def _archives(self, place: Place, expression: Any, filename: Any) -> Iterator[Mapping[str, Any]]:
        """The ``archive_file`` data sources that make the file."""
        wanted = [
            f"{place.module}.{name}" if place.module else name for name in texts_of(dig(expression, "references"))
        ]
        planned = [(address, dig(item, "change", "after")) for address, item in self.changes.items()]
        for address, values in [*((key, item.get("values")) for key, item in self.data.items()), *planned]:
            if ".archive_file." in f".{address}" and isinstance(values, Mapping):
                named = any(name.startswith(f"{address}.") for name in wanted)
                if named or (filename is not None and values.get("output_path") == filename):
                    yield values


def _content(archive: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"filename": archive.get("source_content_filename"), "content": archive.get("source_content")}


def _table(instance: Instance) -> Mapped:
    kind = str(instance.item.get("type", ""))
    return TYPES.get(kind, Mapped(f"terraform:{kind}"))


def _renamed(instance: Instance, key: str) -> str:
    return _table(instance).renames.get(key, lower_camel(key))


def _hidden(value: Any, sensitive: Any, depth: int = 0) -> Any:
    """Values with the sensitive texts marked: Terraform prints them in the clear."""
    if depth > DEPTH or not sensitive:
        return value
    if isinstance(value, Mapping):
        return {
            key: _hidden(item, sensitive.get(key) if isinstance(sensitive, Mapping) else sensitive is True, depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list):
        marks = sensitive if isinstance(sensitive, list) else [sensitive is True] * len(value)
        return [_hidden(item, marks[i] if i < len(marks) else None, depth + 1) for i, item in enumerate(value)]
    return Secret(value) if sensitive is True and isinstance(value, str) else value


def _all_modules(module: Any) -> Iterator[Mapping[str, Any]]:
    stack = [module]
    while stack:
        current = stack.pop()
        if isinstance(current, Mapping):
            yield current
            children = current.get("child_modules")
            stack.extend(children if isinstance(children, list) else [])


def _instances(module: Any) -> Iterator[Instance]:
    for current in _all_modules(module):
        for item in mappings(current.get("resources")):
            if item.get("mode", "managed") == "managed" and isinstance(item.get("address"), str):
                index = item.get("index")
                place = Place(str(current.get("address") or ""), index if isinstance(index, str | int) else None)
                yield Instance(item["address"], place, f"{item.get('type')}.{item.get('name')}", item)
