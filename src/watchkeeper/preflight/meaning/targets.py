"""Which functions AWS's services are told to invoke, and the permissions that let them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from watchkeeper.preflight.meaning.identity import BUCKET_TYPES
from watchkeeper.preflight.meaning.policy import matches
from watchkeeper.preflight.meaning.views import (
    BUCKET_NOTIFICATION,
    CONFIG_SERVICE,
    EVENT_RULE,
    EVENT_TARGET,
    FUNCTION,
    PERMISSION,
    RULE,
    SUBSCRIPTION,
    TOPIC,
    Views,
)
from watchkeeper.pulumi.graph import UNKNOWN, Resource


@dataclass(frozen=True, slots=True)
class Invoker:
    """A service that invokes functions: the resource that tells it to, the property with the function's ARN, and the
    one with what the events come from (``source_types``)."""

    type: str
    function: str
    service: str
    word: str
    without: str
    """What AWS does where the permission is missing."""
    source: str = ""
    source_types: tuple[str, ...] = ()
    refuses: bool = False
    """Whether AWS refuses the resource as long as the permission is missing."""


EVENTS = Invoker(
    EVENT_TARGET,
    "arn",
    "events.amazonaws.com",
    "EventBridge",
    "It accepts the target and never invokes the function, silently (FailedInvocations counts).",
    "rule",
    (EVENT_RULE,),
)
INVOKERS = (
    EVENTS,
    Invoker(
        RULE,
        "source.sourceIdentifier",
        CONFIG_SERVICE,
        "AWS Config",
        "PutConfigRule answers InsufficientPermissionsException.",
        refuses=True,
    ),
    Invoker(
        SUBSCRIPTION,
        "endpoint",
        "sns.amazonaws.com",
        "SNS",
        "It accepts the subscription and never invokes the function.",
        "topic",
        (TOPIC,),
    ),
    Invoker(
        BUCKET_NOTIFICATION,
        "lambdaFunctions.lambdaFunctionArn",
        "s3.amazonaws.com",
        "S3",
        "PutBucketNotificationConfiguration answers InvalidArgument.",
        "bucket",
        BUCKET_TYPES,
        refuses=True,
    ),
)
"""Lambda's page of each: https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html."""
FUNCTION_ALIAS = "aws:lambda/alias:Alias"
ACTIONS = ("lambda:InvokeFunction", "lambda:*", "*")


@dataclass(frozen=True, slots=True)
class Target:
    """A resource that makes a service invoke a function of the graph."""

    invoker: Invoker
    resource: Resource
    function: Resource
    source: Resource | None


def function_targets(views: Views) -> Iterator[Target]:
    """Every function of the graph that a service is told to invoke."""
    for invoker in INVOKERS:
        for resource in views.of_type(invoker.type):
            source = views.link(resource, invoker.source, *invoker.source_types).resource if invoker.source else None
            for link in views.links(resource, invoker.function, FUNCTION):
                if link.resource is not None and link.resource.type == FUNCTION:
                    yield Target(invoker, resource, link.resource, source)


def alias_targets(views: Views) -> Iterator[Resource]:
    """What makes a service invoke an alias: its permissions are the alias's own, and are not followed."""
    for invoker in INVOKERS:
        for resource in views.of_type(invoker.type):
            links = views.links(resource, invoker.function, FUNCTION_ALIAS)
            if any(link.resource is not None and link.resource.type == FUNCTION_ALIAS for link in links):
                yield resource


def permissions_for(views: Views, target: Target) -> tuple[list[Resource], bool]:
    """The permissions that let the service invoke the target, and whether one may do so that is not known."""
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
    service = target.invoker.service
    if (action is not UNKNOWN and action not in ACTIONS) or (principal is not UNKNOWN and principal != service):
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
    link = views.link(permission, "sourceArn", *target.invoker.source_types)
    if not link.present:
        return True
    if target.source is None:
        return None
    if link.resource is not None:
        return link.resource.urn == target.source.urn
    if link.text is None:
        return None
    return matches(link.text, views.arn(target.source))
