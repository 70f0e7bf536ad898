"""circular-references: no resource of a template waits for itself."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.meaning.views import Views
from watchkeeper.pulumi.graph import Resource


def look(views: Views) -> Iterator[Result]:
    """Each circle of references in a template. A Pulumi program cannot write one; Terraform refuses to plan it."""
    if not views.cloudformation:
        return
    waits = {resource.urn: _waits_for(resource) for resource in views.graph}
    while (circle := _circle(waits)) is not None:
        first = views.graph.resources[circle[0]]
        names = " → ".join(views.graph.resources[urn].name for urn in circle)
        yield CHECK.finding(first, f"it waits for itself: {names}.")
        del waits[first.urn]


def _waits_for(resource: Resource) -> set[str]:
    return {*resource.dependencies, *(urn for urns in resource.property_dependencies.values() for urn in urns)}


def _circle(waits: dict[str, set[str]]) -> list[str] | None:
    """The URNs around one circle, the first one again at the end."""
    sorter = TopologicalSorter({urn: sorted(before & waits.keys()) for urn, before in waits.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        return list(error.args[1])[::-1]
    return None


CHECK = Check(
    id="circular-references",
    severity=ERROR,
    title="No resource waits for itself",
    explanation="Ref, Fn::GetAtt, Fn::Sub and DependsOn make a resource wait for the one that they name. Two security "
    "groups that name each other in their rules wait for each other forever.",
    aws_does="It refuses the template: circular dependency between resources.",
    fix="Take one of the references out into a resource of its own, such as AWS::EC2::SecurityGroupIngress.",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html",
    look=look,
    tags=("order",),
)
