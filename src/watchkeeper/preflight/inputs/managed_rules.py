"""Managed rules as a graph names them: in a rule, an organization's rule, or the template of a conformance pack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

from watchkeeper.aws import facts
from watchkeeper.preflight.inputs import cloudformation
from watchkeeper.preflight.inputs.target import TargetError
from watchkeeper.preflight.inputs.template_text import load
from watchkeeper.preflight.meaning.views import CONFORMANCE_PACK, RULE, Views
from watchkeeper.pulumi.graph import UNKNOWN, Resource

ORGANIZATION_RULE = "aws:cfg/organizationManagedRule:OrganizationManagedRule"
RULE_TYPES = (RULE, ORGANIZATION_RULE)
PACK_TYPES = (CONFORMANCE_PACK, "aws:cfg/organizationConformancePack:OrganizationConformancePack")
BODY = "templateBody"


def rules(views: Views) -> Iterator[Resource]:
    """Every rule of the graph, those in the templates of its conformance packs with the pack's name before theirs."""
    yield from views.of_type(*RULE_TYPES)
    for pack in views.of_type(*PACK_TYPES):
        for rule in pack_rules(views, pack)[0]:
            name = f"{pack.name}/{rule.name}"
            yield replace(rule, urn=f"{pack.urn}/{rule.urn}", name=name, position=pack.position, provider=pack.provider)


def pack_rules(views: Views, pack: Resource) -> tuple[tuple[Resource, ...], str]:
    """The rules in a conformance pack's template, or why they cannot be read."""
    body = views.get(pack, BODY)
    if isinstance(body, str):
        return _rules_in(body)
    return (), f"its template is {'known only after the deployment' if body is UNKNOWN else 'not in the program'}"


@lru_cache(maxsize=64)
def _rules_in(body: str) -> tuple[tuple[Resource, ...], str]:
    try:
        document = load(body, BODY).document
        if not cloudformation.is_template(document):
            return (), f"{BODY} has no Resources"
        return tuple(cloudformation.read(document, BODY).of_type(RULE)), ""
    except TargetError as error:
        return (), str(error)


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


def known_rules(views: Views) -> Iterator[tuple[Resource, facts.ManagedRule]]:
    """Each rule of the graph and of its conformance packs that is a managed rule of the catalog."""
    for rule in rules(views):
        identifier, _ = identifier_of(views, rule)
        if isinstance(identifier, str) and identifier in facts.managed_rules():
            yield rule, facts.managed_rules()[identifier]
