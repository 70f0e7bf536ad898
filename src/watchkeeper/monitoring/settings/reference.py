"""What is generated from the settings: their JSON Schema and the table in the README."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from watchkeeper.monitoring.settings.groups import Part
from watchkeeper.monitoring.settings.meaning import meanings
from watchkeeper.monitoring.settings.reading import model_of
from watchkeeper.monitoring.settings.settings import Settings


@functools.cache
def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the settings without their namespace, as written in ``Pulumi.<env>.yaml``."""
    schema = Settings.model_json_schema(by_alias=True)
    parts = {**schema["$defs"], Settings.__name__: schema}
    for group in _groups(Settings):
        properties = parts[group.__name__]["properties"]
        for name, meaning in meanings(group).items():
            properties[group.model_fields[name].alias or name]["description"] = meaning
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Watchkeeper settings"} | schema


def _groups(group: type[Part]) -> Iterator[type[Part]]:
    """The group and those inside it."""
    yield group
    for field in group.model_fields.values():
        inner = model_of(field.annotation)
        if inner is not None:
            yield from _groups(inner)


def reference() -> str:
    """The settings table as Markdown, one row for each setting, those inside groups included."""
    rows = ["| Setting | Type | Default | Meaning |", "|---|---|---|---|"]
    return "\n".join([*rows, *_rows(Settings, "")]) + "\n"


def _rows(model: type[Part], prefix: str) -> Iterable[str]:
    for name, field in model.model_fields.items():
        path = f"{prefix}{field.alias or name}"
        inner = model_of(field.annotation)
        cells = (
            f"`{path}`",
            _type_text(model, field.alias or name),
            _default_text(field),
            meanings(model).get(name, "").replace("\n", " "),
        )
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        if inner is not None:
            many = "[]" if _type_text(model, field.alias or name).startswith("list") else ""
            yield from _rows(inner, f"{path}{many}.")


def _type_text(model: type[Part], alias: str) -> str:
    schema = model.model_json_schema(by_alias=True)
    return _schema_text(schema["properties"][alias], schema.get("$defs", {}))


def _schema_text(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return _schema_text(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_schema_text(part, definitions) for part in schema["anyOf"] if part.get("type") != "null")
    if schema.get("type") == "array":
        return f"list of {_schema_text(schema['items'], definitions)}"
    if schema.get("type") == "object" and "properties" in schema:
        return "group"
    if schema.get("type") == "object":
        return f"text to {_schema_text(schema.get('additionalProperties', {}), definitions)}"
    return _simple_text(schema)


def _simple_text(schema: Mapping[str, Any]) -> str:
    words = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    text = words.get(str(schema.get("type")), "text")
    low, high = schema.get("minimum"), schema.get("maximum")
    return f"{text}, {low} to {high}" if low is not None and high is not None else text


def _default_text(field: Any) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    if default is None or default == () or default == {} or isinstance(default, Part):
        return ""
    if isinstance(default, tuple):
        return "`" + ", ".join(str(value) for value in default) + "`"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`" if default != "" else ""
