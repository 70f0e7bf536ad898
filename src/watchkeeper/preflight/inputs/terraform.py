"""``terraform show -json`` of a plan, as a graph: planned values, unknowns tied to what they come from.

Format: https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.graph import UNKNOWN, Archive, Graph, Reference, Resource
from watchkeeper.preflight.identity import ACCOUNT, outputs_of
from watchkeeper.preflight.inputs.spelling import Mapped, lower_camel, respell
from watchkeeper.preflight.inputs.target import TargetError
from watchkeeper.preflight.inputs.terraform_types import TYPES
from watchkeeper.preflight.values import DEPTH

_INDEX = re.compile(r"\[[^\]]*\]")
DOCUMENT = "aws_iam_policy_document"


def is_plan(document: Mapping[str, Any]) -> bool:
    """Whether a document is a plan (or a state) as Terraform or OpenTofu print it."""
    return "format_version" in document and ("planned_values" in document or "values" in document)


def read(document: Mapping[str, Any], name: str, region: str | None = None) -> Graph:
    """The plan's graph. Raises TargetError when it plans nothing."""
    return _Plan(document, name, region).graph()


class _Plan:
    def __init__(self, document: Mapping[str, Any], name: str, region: str | None) -> None:
        self.document = document
        self.name = name
        self.planned = list(
            _planned(_dig(document, "planned_values", "root_module") or _dig(document, "values", "root_module"))
        )
        self.configured = dict(_configured(_dig(document, "configuration", "root_module"), ""))
        self.unknown = {
            str(change.get("address")): _dig(change, "change", "after_unknown")
            for change in document.get("resource_changes") or ()
            if isinstance(change, Mapping)
        }
        self.region = region or self._provider_region()
        self.stubs: dict[str, Resource] = {}

    def _provider_region(self) -> str | None:
        found = _dig(
            self.document, "configuration", "provider_config", "aws", "expressions", "region", "constant_value"
        )
        if isinstance(found, str):
            return found
        names = (
            _dig(self.document, "configuration", "provider_config", "aws", "expressions", "region", "references") or []
        )
        for item in names if isinstance(names, list) else ():
            value = _dig(self.document, "variables", str(item).removeprefix("var."), "value")
            if isinstance(value, str):
                return value
        return None

    def graph(self) -> Graph:
        """Every planned resource that is managed."""
        managed = [item for item in self.planned if item.get("mode", "managed") == "managed" and item.get("address")]
        if not managed:
            raise TargetError(f"{self.name} plans no resource")
        for item in managed:
            table = self._table(item)
            values = item.get("values") if isinstance(item.get("values"), Mapping) else {}
            self.stubs[str(item["address"])] = Resource(
                str(item["address"]), table.type, str(item.get("name", "")), respell(values, table)
            )
        resources = [self._resource(item) for item in managed]
        unread = [
            f"{item['address']} ({item.get('type')}) is of a type without a mapping"
            for item in managed
            if str(item.get("type", "")).startswith("aws_config") and item.get("type") not in TYPES
        ]
        return Graph(
            {resource.urn: resource for resource in resources},
            stack=str(_dig(self.document, "variables", "environment", "value") or ""),
            source=f"Terraform plan {self.name}",
            region=self.region,
            unread=tuple(unread),
        )

    def _table(self, item: Mapping[str, Any]) -> Mapped:
        kind = str(item.get("type", ""))
        return TYPES.get(kind, Mapped(f"terraform:{kind}"))

    def _resource(self, item: Mapping[str, Any]) -> Resource:
        address = str(item["address"])
        table = self._table(item)
        block = self.configured.get(_INDEX.sub("", address), {})
        expressions = block.get("expressions") if isinstance(block.get("expressions"), Mapping) else {}
        raw = item.get("values") if isinstance(item.get("values"), Mapping) else {}
        values = self._with_unknowns(raw, self.unknown.get(address), expressions, 0)
        depends: dict[str, tuple[str, ...]] = {}
        for key, expression in (expressions or {}).items():
            urns = tuple(dict.fromkeys(urn for name in _references(expression) for urn in self._addresses(name)))
            if urns:
                depends[table.renames.get(key, lower_camel(key))] = urns
        inputs = {key: value for key, value in respell(values, table).items() if value is not None}
        if table.type == "aws:lambda/function:Function" and isinstance(raw, Mapping) and raw.get("filename"):
            inputs["code"] = Archive(path=str(raw["filename"]))
        if table.type == "aws:s3/bucket:Bucket":
            inputs.pop("versioning", None) if inputs.get("versioning") == [] else None
        named = block.get("depends_on") if isinstance(block.get("depends_on"), list) else []
        return Resource(
            urn=address,
            type=table.type,
            name=str(item.get("name", "")),
            inputs=inputs,
            dependencies=tuple(urn for name in named or () for urn in self._addresses(str(name))),
            property_dependencies=depends,
        )

    def _with_unknowns(self, value: Any, unknown: Any, expression: Any, depth: int) -> Any:
        """Planned values with what is known only after the apply: a reference where just one thing is referred to."""
        if depth > DEPTH:
            return UNKNOWN
        if unknown is True:
            return self._expression(expression)
        if isinstance(unknown, Mapping):
            known = value if isinstance(value, Mapping) else {}
            inner = expression if isinstance(expression, Mapping) else {}
            return {
                key: self._with_unknowns(known.get(key), unknown.get(key), inner.get(key), depth + 1)
                for key in {**known, **{key: item for key, item in unknown.items() if item}}
            }
        if isinstance(unknown, list) and isinstance(value, list | None):
            items = value or []
            inner_list = expression if isinstance(expression, list) else []
            return [
                self._with_unknowns(
                    items[i] if i < len(items) else None,
                    unknown[i] if i < len(unknown) else None,
                    inner_list[i] if i < len(inner_list) else expression,
                    depth + 1,
                )
                for i in range(max(len(items), len(unknown)))
            ]
        return value

    def _expression(self, expression: Any) -> Any:
        names = _dig(expression, "references") if isinstance(expression, Mapping) else None
        if not isinstance(names, list) or not names:
            return UNKNOWN
        first = str(names[0])
        if first.startswith(f"data.{DOCUMENT}."):
            return self._document(".".join(first.split(".")[:3]))
        others = [name for name in map(str, names) if name != first and not first.startswith(f"{_INDEX.sub('', name)}")]
        return UNKNOWN if others else self._reference(first)

    def _reference(self, name: str) -> Any:
        parts = _INDEX.sub("", name).split(".")
        if len(parts) < 3 or parts[0] in ("var", "local", "data", "module", "each", "count", "path"):
            return UNKNOWN
        address = ".".join(parts[:2])
        urns = self._addresses(address)
        return Reference(urns[0], lower_camel(parts[2])) if len(urns) == 1 else UNKNOWN

    def _addresses(self, name: str) -> list[str]:
        """The planned resources that a reference names, all instances of it."""
        wanted = ".".join(_INDEX.sub("", name).split(".")[:2])
        return [address for address in self.stubs if _INDEX.sub("", address) in (wanted, _INDEX.sub("", name))]

    def _document(self, address: str) -> Any:
        """A policy document data source that is read during the apply, made again from its configuration."""
        block = self.configured.get(address, {})
        statements = _dig(block, "expressions", "statement")
        if not isinstance(statements, list):
            return UNKNOWN
        return {
            "Version": "2012-10-17",
            "Statement": [self._statement(item) for item in statements if isinstance(item, Mapping)],
        }

    def _statement(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {"Effect": self._constant(raw.get("effect")) or "Allow"}
        for key, name in (("sid", "Sid"), ("actions", "Action"), ("not_actions", "NotAction")):
            if key in raw:
                made[name] = self._constant(raw[key])
        for key, name in (("resources", "Resource"), ("not_resources", "NotResource")):
            if key in raw:
                made[name] = self._texts(raw[key])
        principals: dict[str, list[Any]] = {}
        for item in raw.get("principals") or ():
            kind = self._constant(item.get("type")) if isinstance(item, Mapping) else None
            principals.setdefault(str(kind), []).extend(self._texts(item.get("identifiers")))
        if principals:
            made["Principal"] = "*" if list(principals) == ["*"] else principals
        conditions: dict[str, dict[str, Any]] = {}
        for item in raw.get("condition") or ():
            test, variable = str(self._constant(item.get("test"))), str(self._constant(item.get("variable")))
            conditions.setdefault(test, {})[variable] = self._texts(item.get("values"))
        return {**made, **({"Condition": conditions} if conditions else {})}

    def _constant(self, expression: Any) -> Any:
        return expression.get("constant_value") if isinstance(expression, Mapping) else None

    def _texts(self, expression: Any) -> list[Any]:
        """The values of a list; a reference to an ARN becomes what it will be, anything composed stays unknown."""
        constant = self._constant(expression)
        if constant is not None:
            return constant if isinstance(constant, list) else [constant]
        names = _dig(expression, "references") if isinstance(expression, Mapping) else None
        found: list[Any] = []
        for name in names if isinstance(names, list) else ():
            reference = self._reference(str(name))
            if isinstance(reference, Reference):
                stub = self.stubs[reference.urn]
                found.append(outputs_of(stub, self.region, ACCOUNT).get(reference.property, UNKNOWN))
        # "${bucket.arn}/*" refers to the bucket's ARN only: what is added to it is not in the plan
        return [*found, UNKNOWN]


def _dig(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _planned(module: Any) -> Iterator[Mapping[str, Any]]:
    stack = [module]
    while stack:
        current = stack.pop()
        if isinstance(current, Mapping):
            yield from (item for item in current.get("resources") or () if isinstance(item, Mapping))
            stack.extend(current.get("child_modules") or ())


def _configured(module: Any, prefix: str, depth: int = 0) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if not isinstance(module, Mapping) or depth > DEPTH:
        return
    for item in module.get("resources") or ():
        if isinstance(item, Mapping):
            yield f"{prefix}{item.get('address')}", item
    calls = module.get("module_calls")
    for name, call in calls.items() if isinstance(calls, Mapping) else ():
        yield from _configured(_dig(call, "module"), f"{prefix}module.{name}.", depth + 1)


def _references(expression: Any, depth: int = 0) -> Iterator[str]:
    if depth > DEPTH:
        return
    if isinstance(expression, Mapping):
        names = expression.get("references")
        if isinstance(names, list):
            yield from map(str, names)
        else:
            for item in expression.values():
                yield from _references(item, depth + 1)
    elif isinstance(expression, list):
        for item in expression:
            yield from _references(item, depth + 1)
