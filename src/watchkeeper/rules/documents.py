"""Managed rules and frameworks as JSON: ``schemas/rules-list.schema.json``, ``rules-show``, ``rules-frameworks``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from watchkeeper import rules
from watchkeeper.aws.facts import Framework, ManagedRule


def of_list(found: Iterable[ManagedRule]) -> dict[str, Any]:
    """What ``rules list`` found."""
    return {"rules": [of_rule(managed) for managed in found]}


def of_shown(managed: ManagedRule) -> dict[str, Any]:
    """What ``rules show`` says of one."""
    return {"rule": of_rule(managed)}


def of_frameworks(packs: Iterable[Framework]) -> dict[str, Any]:
    """Every framework that is known."""
    return {"frameworks": [of_framework(pack) for pack in packs]}


def of_rule(managed: ManagedRule) -> dict[str, Any]:
    """One managed rule, with all that is known of it."""
    return {
        "identifier": managed.identifier,
        "name": managed.name,
        "description": managed.description,
        "trigger": managed.trigger,
        "resource_types": managed.resource_types,
        "service": managed.service,
        "category": rules.category(managed.identifier),
        "severity": rules.severity(managed.identifier).value,
        "logic": managed.identifier in rules.logic(),
        "frameworks": managed.frameworks,
        "parameters": [
            {
                "name": p.name,
                "type": p.type,
                "required": p.required,
                "default": p.default,
                "minimum": p.minimum,
                "maximum": p.maximum,
                "values": p.values,
            }
            for p in managed.parameters
        ],
        "regions": {"available": managed.available_regions, "excluded": managed.excluded_regions},
        "url": managed.url,
        "verified": managed.verified or None,
    }


def of_framework(pack: Framework) -> dict[str, Any]:
    """One conformance pack, and which of its rules have logic here."""
    evaluated = rules.logic_of(pack)
    return {
        "name": pack.name,
        "rules": pack.rules,
        "evaluated": len(evaluated),
        "not_evaluated": [identifier for identifier in pack.rules if identifier not in evaluated],
        "source": pack.source,
        "read": pack.read,
        "licence": {"name": pack.licence, "source": pack.licence_source},
    }
