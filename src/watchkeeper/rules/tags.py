"""Tags: REQUIRED_TAGS and the family of rules that ask one resource type for tags.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper import catalog
from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    COMPLIANT,
    REGISTRY,
    Lookup,
    Parameters,
    RuleLogic,
    listed,
    rule,
    shown,
    verdict,
    violation,
)

REQUIRED_TAGS_TYPES = catalog.managed_rules()["REQUIRED_TAGS"].resource_types


@rule("REQUIRED_TAGS", types=REQUIRED_TAGS_TYPES, severity=Severity.LOW, category="Tags")
def required_tags(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The resource has the tags tag1Key to tag6Key, each with one of its values where they are given."""
    for index in range(1, 7):
        key = parameters.get(f"tag{index}Key")
        if not key:
            continue
        if key not in item.tags:
            return violation(f"The tag {shown(key)} is missing; add it.")
        allowed = parameters.get(f"tag{index}Value", ())
        if allowed and item.tags[key] not in allowed:
            return violation(f"The tag {shown(key)} is {shown(item.tags[key])}; use one of {listed(allowed)}.")
    return COMPLIANT


def tagged(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The resource has tags of its own, all of requiredKeyTags where they are given (aws:… tags don't count)."""
    own = {key for key in item.tags if not key.startswith("aws:")}
    wanted = parameters.get("requiredKeyTags", ())
    if not wanted:
        return verdict(bool(own), "The resource has no tags; add some.")
    missing = [key for key in wanted if key not in own]
    return verdict(not missing, f"Tags missing: {listed(missing)}; add them.")


def _register_family() -> None:
    """Every managed rule named …_TAGGED with the one parameter requiredKeyTags says the same of one resource type."""
    for managed in catalog.managed_rules().values():
        names = [parameter.name for parameter in managed.parameters]
        if not managed.identifier.endswith("_TAGGED") or names != ["requiredKeyTags"]:
            continue
        service = managed.resource_types[0].removeprefix("AWS::")
        REGISTRY[managed.identifier] = RuleLogic(
            managed.identifier, tagged, managed.resource_types, Severity.LOW, "Tags", (), (),
            f"The {service} has tags of its own, all of requiredKeyTags where they are given.",
        )  # fmt: skip


_register_family()
