"""environment-suffix: names that are chosen carry the environment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from watchkeeper.preflight.check import WARNING, Check, Result
from watchkeeper.preflight.meaning.identity import IDENTITIES, is_stand_in
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import RECORDER_STATUS, Views
from watchkeeper.pulumi.graph import UNKNOWN, Resource

SHARED = frozenset({"default"})
"""Names that are shared by design: an account has one recorder and one channel in a region."""
MADE_UP = re.compile(r".+-[0-9a-f]{7}(\.fifo)?")
"""https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming"""
NAMED_AFTER = frozenset({RECORDER_STATUS})
"""Types whose name is another resource's."""


def look(views: Views) -> Iterator[Result]:
    """Each chosen physical name, against the environment (the stack's name, or --environment)."""
    environment = views.environment
    if not environment:
        if len(views.graph):
            yield CHECK.unknown(None, "the environment is not known: say it with --environment")
        return
    for resource in views.made:
        identity = IDENTITIES.get(resource.type)
        if identity is None or not identity.name or resource.type in NAMED_AFTER:
            continue
        name = views.plain(resource.inputs.get(identity.name))
        if name is UNKNOWN or _made_up(resource, identity.name, name):
            continue
        if isinstance(name, str) and name and name not in SHARED and not is_stand_in(name):
            yield from (
                []
                if environment.lower() in name.lower()
                else [
                    CHECK.finding(
                        resource,
                        f"the name {quote(name)} does not carry the environment {quote(environment)}.",
                        fix=f"Name it {quote(f'{name}-{environment}')}, or leave the name out.",
                        path=identity.name,
                    )
                ]
            )


def _made_up(resource: Resource, property_: str, name: object) -> bool:
    """Whether Pulumi made the name: under its CLI the provider has filled it in before anybody looks.

    A preview and a state say so in ``__defaults``, which the CLI keeps from policy packs; the name itself tells, too:
    the resource's name, a dash and seven hexadecimal digits.
    """
    if property_ in (resource.inputs.get("__defaults") or ()):
        return True
    return isinstance(name, str) and bool(MADE_UP.fullmatch(name)) and _stem(name) == resource.name.lower()


def _stem(name: str) -> str:
    return name.lower().removesuffix(".fifo").rpartition("-")[0]


CHECK = Check(
    id="environment-suffix",
    severity=WARNING,
    title="Chosen names carry the environment",
    explanation="Two environments in one account collide on every name that is the same in both. Names that "
    "Pulumi makes "
    "up do not collide.",
    aws_does="It refuses the second deployment (EntityAlreadyExists, BucketAlreadyOwnedByYou …), or overwrites "
    "the first.",
    fix="Add the environment suffix to the name.",
    source="https://www.pulumi.com/docs/iac/concepts/resources/names/",
    look=look,
    tags=("naming",),
)
