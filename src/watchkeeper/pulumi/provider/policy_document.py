"""``aws.iam.get_policy_document``: the JSON that the Terraform data source ``aws_iam_policy_document`` makes.

Lists of one are a string, actions, resources and principals stand in descending order, condition values in the order
given, ``&{…}`` becomes ``${…}``
(https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document).
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from watchkeeper.pulumi.engine.provider import ProviderError
from watchkeeper.pulumi.provider.values import Values

_VERSION = "2012-10-17"
_LISTS = (
    ("actions", "Action"),
    ("notActions", "NotAction"),
    ("resources", "Resource"),
    ("notResources", "NotResource"),
)
_HTML = (("&", "\\u0026"), ("<", "\\u003c"), (">", "\\u003e"))


def policy_document(arguments: Mapping[str, Any]) -> Values:
    """The look-up's result: ``json``, ``minifiedJson``, ``id`` and the arguments. Raises ProviderError for a source
    document that is not JSON, or whose statement ids repeat."""
    sources = [*_texts(arguments, "sourceJson"), *arguments.get("sourcePolicyDocuments", ())]
    overrides = [*arguments.get("overridePolicyDocuments", ()), *_texts(arguments, "overrideJson")]
    statements: list[Values] = []
    policy_id, version = "", ""
    for text in sources:
        source = _parsed(text)
        policy_id, version = source.get("Id", policy_id), source.get("Version", version)
        _append(statements, _statements(source))
    statements = _overridden(statements, [_statement(entry) for entry in arguments.get("statements", ())])
    policy_id, version = arguments.get("policyId", policy_id), arguments.get("version", version) or _VERSION
    for text in overrides:
        override = _parsed(text)
        policy_id, version = override.get("Id", policy_id), override.get("Version", version)
        statements = _overridden(statements, _statements(override))
    body: Values = {"Version": version}
    if policy_id:
        body["Id"] = policy_id
    if statements:
        body["Statement"] = statements
    text = _escaped(json.dumps(body, indent=2, ensure_ascii=False))
    minified = _escaped(json.dumps(body, separators=(",", ":"), ensure_ascii=False))
    return {
        **arguments,
        "version": version,
        "id": str(zlib.crc32(text.encode())),
        "json": text,
        "minifiedJson": minified,
    }


def _texts(arguments: Mapping[str, Any], name: str) -> list[str]:
    return [arguments[name]] if arguments.get(name) else []


def _escaped(text: str) -> str:
    """Go's encoder, which the data source uses, escapes what HTML would misread."""
    for sign, escape in _HTML:
        text = text.replace(sign, escape)
    return text


def _parsed(text: Any) -> Values:
    try:
        found = json.loads(text) if isinstance(text, str) else text
    except ValueError as error:
        raise ProviderError(f"a source policy document is not JSON: {error}", code="MalformedPolicyDocument") from error
    if not isinstance(found, dict):
        raise ProviderError("a source policy document is not a JSON object", code="MalformedPolicyDocument")
    return found


def _statements(document: Values) -> list[Values]:
    found = document.get("Statement", [])
    return list(found) if isinstance(found, list) else [found]


def _append(statements: list[Values], more: Iterable[Values]) -> None:
    taken = {entry["Sid"] for entry in statements if entry.get("Sid")}
    for entry in more:
        if entry.get("Sid") in taken:
            raise ProviderError(f"the statement id {entry['Sid']!r} is in two source documents", code="DuplicateSid")
        statements.append(entry)


def _overridden(statements: list[Values], more: list[Values]) -> list[Values]:
    """A statement replaces the one with its id; without an id, or with a new one, it is added."""
    found = list(statements)
    for entry in more:
        place = next(
            (i for i, other in enumerate(found) if entry.get("Sid") and other.get("Sid") == entry["Sid"]), None
        )
        if place is None:
            found.append(entry)
        else:
            found[place] = entry
    return found


def _statement(entry: Mapping[str, Any]) -> Values:
    found: Values = {}
    if entry.get("sid"):
        found["Sid"] = entry["sid"]
    found["Effect"] = entry.get("effect") or "Allow"
    for name, member in _LISTS:
        if entry.get(name):
            found[member] = _single([_variable(text) for text in entry[name]])
    for name, member in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        if entry.get(name):
            found[member] = _principals(entry[name])
    if entry.get("conditions"):
        found["Condition"] = _conditions(entry["conditions"])
    return found


def _variable(text: Any) -> str:
    return str(text).replace("&{", "${")


def _single(texts: list[str]) -> str | list[str]:
    return texts[0] if len(texts) == 1 else sorted(texts, reverse=True)


def _principals(entries: list[Mapping[str, Any]]) -> Any:
    if len(entries) == 1 and entries[0]["type"] == "*" and list(entries[0]["identifiers"]) == ["*"]:
        return "*"
    by_type: dict[str, list[str]] = {}
    for entry in entries:
        names = sorted((_variable(text) for text in entry["identifiers"]), reverse=True)
        by_type.setdefault(entry["type"], []).extend(names)
    return {kind: names[0] if len(names) == 1 else names for kind, names in sorted(by_type.items())}


def _conditions(entries: list[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, list[str]]] = {}
    for entry in entries:
        values = [_variable(text) for text in entry["values"]]
        found.setdefault(entry["test"], {}).setdefault(_variable(entry["variable"]), []).extend(values)
    return {
        test: {name: values[0] if len(values) == 1 else values for name, values in sorted(variables.items())}
        for test, variables in sorted(found.items())
    }
