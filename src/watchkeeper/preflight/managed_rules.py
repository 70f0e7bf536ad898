"""Managed rules as a graph names them, from a rule or from an organization's rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from watchkeeper import catalog
from watchkeeper.graph import UNKNOWN, Resource
from watchkeeper.preflight.views import RULE, Views

ORGANIZATION_RULE = "aws:cfg/organizationManagedRule:OrganizationManagedRule"
RULE_TYPES = (RULE, ORGANIZATION_RULE)


def identifier_of(views: Views, rule: Resource) -> tuple[Any, str]:
    """The managed rule's identifier (None for a custom rule, UNKNOWN) and the property that holds it."""
    if rule.type == ORGANIZATION_RULE:
        return views.get(rule, "ruleIdentifier"), "ruleIdentifier"
    owner = views.get(rule, "source", "owner")
    if owner is UNKNOWN:
        return UNKNOWN, "source.owner"
    if owner != "AWS":
        return None, "source.owner"
    return views.get(rule, "source", "sourceIdentifier"), "source.sourceIdentifier"


def known_rules(views: Views) -> Iterator[tuple[Resource, catalog.ManagedRule]]:
    """Each rule of the graph that is a managed rule of the catalog."""
    for rule in views.of_type(*RULE_TYPES):
        identifier, _ = identifier_of(views, rule)
        if isinstance(identifier, str) and identifier in catalog.managed_rules():
            yield rule, catalog.managed_rules()[identifier]
