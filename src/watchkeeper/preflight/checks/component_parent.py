"""component-parent: what a component makes has the component as its parent."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import WARNING, Check, Result
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import STACK, Views
from watchkeeper.pulumi.graph import Resource

APART = ("pulumi:", "random:", "tls:", "command:")
"""Packages whose resources often stand outside components, with reason."""


def look(views: Views) -> Iterator[Result]:
    """Each AWS resource outside every component, in a program that has components."""
    components = [item for item in views.made if not item.custom and item.type != STACK and not item.remote]
    if not components:
        return
    for resource in views.made:
        if resource.custom and not resource.type.startswith(APART) and _outside(views, resource):
            yield CHECK.finding(
                resource,
                f"the resource has no component as its parent, while the program has {quote(components[0].name)} "
                f"({components[0].type}).",
            )


def _outside(views: Views, resource: Resource) -> bool:
    parent = views.graph.resources.get(resource.parent)
    return parent is None or parent.type == STACK


CHECK = Check(
    id="component-parent",
    severity=WARNING,
    title="A component's resources have it as their parent",
    explanation="Without parent=self a resource stands beside the component: it is not shown, moved, protected "
    "or deleted "
    "with it.",
    aws_does="Nothing: AWS does not see it. Pulumi shows no hierarchy, and options of the component do not reach it.",
    fix="Give ResourceOptions(parent=self).",
    source="https://www.pulumi.com/docs/iac/concepts/components/",
    look=look,
    tags=("pulumi",),
)
