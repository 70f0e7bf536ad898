"""The violations in a result that ``status``, ``scan`` or ``evaluate`` printed as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.exceptions.entry import Subject


class ResultError(ValueError):
    """The text is no such result."""


def violations(text: str) -> list[Subject]:
    """Every violation, accepted ones too. Their tags are not in a result. Raises ResultError."""
    try:
        document = json.loads(text)
        if isinstance(document, Mapping) and document.get("schema") == "compliance-report":
            return list(_of_status(document))
        return list(_listed(document))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ResultError(f"it is not the --json output of status, scan or evaluate: {error}") from error


def _of_status(document: Mapping[str, Any]) -> Iterator[Subject]:
    identifiers = {rule["name"]: rule["identifier"] for rule in document["rules"]}
    for each in document["results"]:
        if each["compliance"] in ("NON_COMPLIANT", "EXCEPTED"):
            where = (str(document["account"]), str(document["region"]))
            yield Subject(identifiers[each["rule"]], each["rule"], *where, each["resource_type"], each["resource_id"])


def _listed(document: Mapping[str, Any]) -> Iterator[Subject]:
    for each in (*document["violations"], *document.get("excepted", ())):
        where = (each["account"], each["region"], each["resource_type"], each["resource_id"])
        yield Subject(each["identifier"], each["rule"], *where)
