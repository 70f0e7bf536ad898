"""``aws_iam_policy_document`` data sources as the policy documents that they will be.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from watchkeeper.preflight.inputs.terraform_config import mappings
from watchkeeper.pulumi.graph import UNKNOWN

TYPE = "aws_iam_policy_document"
LISTS = (
    ("actions", "Action"),
    ("not_actions", "NotAction"),
    ("resources", "Resource"),
    ("not_resources", "NotResource"),
)
MERGED = ("source_policy_documents", "override_policy_documents", "source_json", "override_json")
"""Arguments that bring in other documents."""
Several = Callable[[Any], list[Any]]


def document(known: Any, configured: Mapping[str, Any], several: Several) -> Any:
    """The document of the data source's values; UNKNOWN where it merges others, or holds none.

    ``configured`` has its expressions; ``several`` gives the values that a list's expression refers to.
    """
    statements = known.get("statement") if isinstance(known, Mapping) else None
    if not isinstance(statements, list) or any(name in configured for name in MERGED):
        return UNKNOWN
    blocks = configured.get("statement")
    expressions = blocks if isinstance(blocks, list) and len(blocks) == len(statements) else [{}] * len(statements)
    return {
        "Version": "2012-10-17",
        "Statement": [
            _statement(item, expression, several) if isinstance(item, Mapping) else UNKNOWN
            for item, expression in zip(statements, expressions, strict=True)
        ],
    }


def _statement(raw: Mapping[str, Any], expressions: Any, several: Several) -> dict[str, Any]:
    made: dict[str, Any] = {"Effect": raw.get("effect") or "Allow"}
    if raw.get("sid"):
        made["Sid"] = raw["sid"]
    blocks = expressions if isinstance(expressions, Mapping) else {}
    made |= {name: _list(raw[key], blocks.get(key), several) for key, name in LISTS if raw.get(key)}
    principals: dict[str, list[Any]] = {}
    for item in mappings(raw.get("principals")):
        principals.setdefault(str(item.get("type")), []).extend(_list(item.get("identifiers"), None, several))
    if principals:
        made["Principal"] = "*" if list(principals) == ["*"] else principals
    if raw.get("not_principals"):
        made["NotPrincipal"] = UNKNOWN
    conditions: dict[str, dict[str, Any]] = {}
    for item in mappings(raw.get("condition")):
        given = _list(item.get("values"), None, several)
        conditions.setdefault(str(item.get("test")), {})[str(item.get("variable"))] = given
    return {**made, **({"Condition": conditions} if conditions else {})}


def _list(value: Any, expression: Any, several: Several) -> list[Any]:
    """The values of a list; where one comes only with the apply, what the list refers to and UNKNOWN in its place."""
    values = value if isinstance(value, list) else [value]
    known = [item for item in values if isinstance(item, str)]
    if len(known) == len(values):
        return known
    return [*known, *(several(expression) if expression is not None else [UNKNOWN])]
