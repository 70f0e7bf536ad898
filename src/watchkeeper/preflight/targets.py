"""Which functions EventBridge rules target, and the permissions that let it invoke them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from watchkeeper.graph import UNKNOWN, Resource
from watchkeeper.preflight.policy import matches
from watchkeeper.preflight.views import EVENT_RULE, EVENT_TARGET, FUNCTION, PERMISSION, Views

EVENTS = "events.amazonaws.com"
ACTIONS = ("lambda:InvokeFunction", "lambda:*", "*")


@dataclass(frozen=True, slots=True)
class Target:
    """A rule's target that is a function of the graph."""

    resource: Resource
    function: Resource
    rule: Resource | None


def function_targets(views: Views) -> Iterator[Target]:
    """Every EventBridge target that is a function of the graph."""
    for resource in views.of_type(EVENT_TARGET):
        function = views.link(resource, "arn", FUNCTION).resource
        if function is not None and function.type == FUNCTION:
            yield Target(resource, function, views.link(resource, "rule", EVENT_RULE).resource)


def permissions_for(views: Views, target: Target) -> tuple[list[Resource], bool]:
    """The permissions that let EventBridge invoke the target, and whether one may do so that is not known."""
    found: list[Resource] = []
    unknown = False
    for permission in views.of_type(PERMISSION):
        answer = _lets_in(views, permission, target)
        if answer:
            found.append(permission)
        unknown = unknown or answer is None
    return found, unknown


def _lets_in(views: Views, permission: Resource, target: Target) -> bool | None:
    action, principal = views.get(permission, "action"), views.get(permission, "principal")
    if (action is not UNKNOWN and action not in ACTIONS) or (principal is not UNKNOWN and principal != EVENTS):
        return False
    link = views.link(permission, "function", FUNCTION)
    if link.resource is not None and link.resource.urn != target.function.urn:
        return False
    if link.resource is None and not link.unknown:
        return False
    source = _source_fits(views, permission, target)
    if source is False:
        return False
    return None if link.unknown or source is None or UNKNOWN in (action, principal) else True


def _source_fits(views: Views, permission: Resource, target: Target) -> bool | None:
    link = views.link(permission, "sourceArn", EVENT_RULE)
    if not link.present:
        return True
    if target.rule is None:
        return None
    if link.resource is not None:
        return link.resource.urn == target.rule.urn
    if link.text is None:
        return None
    return matches(link.text, views.arn(target.rule))
