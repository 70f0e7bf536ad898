"""An earlier result to compare with: which violations are known, so that only new ones count."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Key = tuple[str, str, str, str, str]
"""Rule, account, region, resource type, resource id."""


class BaselineError(ValueError):
    """The text is no result that can be compared with."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The violations of an earlier result, and the rules that were not evaluated then."""

    violations: frozenset[Key]
    not_evaluated: frozenset[str]
    """Names of rules."""


def read(text: str) -> Baseline:
    """The baseline in the JSON that ``status``, ``scan``, ``evaluate`` or ``whatif`` printed.

    Raises
    ------
    BaselineError
        When it is not such a document, or lists fewer violations than it counts.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BaselineError(f"it is not JSON: {error}") from error
    try:
        if isinstance(document, Mapping) and isinstance(document.get("results"), list):
            return _of_status(document)
        return _of_rules(document)
    except (KeyError, TypeError, AttributeError) as error:
        raise BaselineError(
            f"it is not the --json output of status, scan, evaluate or whatif: {type(error).__name__} {error}"
        ) from error


def _of_status(document: Mapping[str, Any]) -> Baseline:
    where = (str(document["account"]), str(document["region"]))
    found = frozenset(
        (str(each["rule"]), *where, str(each["resource_type"]), str(each["resource_id"]))
        for each in document["results"]
        if each["compliance"] == "NON_COMPLIANT"
    )
    unknown = frozenset(str(rule["name"]) for rule in document["rules"] if rule["counts"]["not_evaluated"])
    return Baseline(found, unknown)


def _of_rules(document: Mapping[str, Any]) -> Baseline:
    listed = document["violations"]
    counted = sum(rule["non_compliant"] for rule in document["rules"].values())
    if len(listed) < counted:
        raise BaselineError(f"it lists {len(listed)} of {counted} violations; narrow the rules or the files")
    return Baseline(
        frozenset(_keys(listed)),
        frozenset(
            str(rule["name"]) for rule in document["rules"].values() if not rule["evaluated"] or rule["not_evaluated"]
        ),
    )


def _keys(violations: list[Mapping[str, Any]]) -> Iterator[Key]:
    for each in violations:
        yield (
            str(each["rule"]),
            str(each["account"]),
            str(each["region"]),
            str(each["resource_type"]),
            str(each["resource_id"]),
        )
