"""Tags: REQUIRED_TAGS and the family of rules that ask one resource type for tags.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watchkeeper.aws import facts
from watchkeeper.model import ConfigurationItem, Severity, Unavailable, Verdict
from watchkeeper.rules.base import (
    COMPLIANT,
    REGISTRY,
    Lookup,
    Parameters,
    RuleFunction,
    RuleLogic,
    listed,
    need,
    not_applicable,
    pick,
    rule,
    shown,
    text,
    verdict,
    violation,
)
from watchkeeper.rules.elbv2 import is_of_gateway

REQUIRED_TAGS_TYPES = facts.managed_rules()["REQUIRED_TAGS"].resource_types


@rule("REQUIRED_TAGS", types=REQUIRED_TAGS_TYPES, severity=Severity.LOW, category="Tags", looks_at_tags=True)
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
    return _judge(item.tags, parameters)


def _judge(tags: Mapping[str, Any], parameters: Parameters) -> Verdict:
    own = {key for key in tags if not key.startswith("aws:")}
    wanted = parameters.get("requiredKeyTags", ())
    if not wanted:
        return verdict(bool(own), "The resource has no tags; add some.")
    missing = [key for key in wanted if key not in own]
    return verdict(not missing, f"Tags missing: {listed(missing)}; add them.")


_KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "ALB_TAGGED": ("type", ("application",)),
    "NLB_TAGGED": ("type", ("network",)),
    "GLB_TAGGED": ("type", ("gateway",)),
    "ALB_LISTENER_TAGGED": ("Protocol", ("HTTP", "HTTPS")),
    "NLB_LISTENER_TAGGED": ("Protocol", ("TCP", "UDP", "TCP_UDP", "TLS", "QUIC", "TCP_QUIC")),
    "GLB_LISTENER_TAGGED": ("Protocol", ("GENEVE",)),
}
"""Rules about some resources of their type only: what tells them apart.
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Listener.html"""


def _of_kind(field: str, kinds: tuple[str, ...]) -> RuleFunction:
    def judge(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
        kind = "GENEVE" if field == "Protocol" and is_of_gateway(item) else text(item.configuration, field)
        if kind not in kinds:
            return not_applicable(f"The rule is not for {field} {shown(kind)}.")
        return tagged(item, parameters, lookup)

    return judge


def compute_resources_tagged(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """What a managed compute environment starts gets tags: those of ComputeResources, not the environment's own."""
    if text(item.configuration, "Type").upper() != "MANAGED":
        return not_applicable("The compute environment is not managed.")
    held = pick(need(item.configuration, "ComputeResources"), "Tags") or {}
    if not isinstance(held, Mapping):
        raise Unavailable("the item holds something else where the tags of its resources belong")
    return _judge(held, parameters)


_FUNCTIONS: dict[str, RuleFunction] = {
    **{identifier: _of_kind(*kind) for identifier, kind in _KINDS.items()},
    "BATCH_MANAGED_COMPUTE_ENV_COMPUTE_RESOURCES_TAGGED": compute_resources_tagged,
}


def _register_family() -> None:
    """Every managed rule named …_TAGGED with the one parameter requiredKeyTags says the same of one resource type, but
    for those in the tables above."""
    for managed in facts.managed_rules().values():
        names = [parameter.name for parameter in managed.parameters]
        if not managed.identifier.endswith("_TAGGED") or names != ["requiredKeyTags"]:
            continue
        function = _FUNCTIONS.get(managed.identifier, tagged)
        service = managed.resource_types[0].removeprefix("AWS::")
        REGISTRY[managed.identifier] = RuleLogic(
            managed.identifier, function, managed.resource_types,
            Severity.LOW, "Tags", (), (),
            f"The {service} has tags of its own, all of requiredKeyTags where they are given.",
            looks_at_tags=function is not compute_resources_tagged,
        )  # fmt: skip


_register_family()
