"""component-outputs: a component registers its outputs."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import WARNING, Check, Result
from watchkeeper.preflight.meaning.views import STACK, Views


def look(views: Views) -> Iterator[Result]:
    """Each component of the program."""
    for resource in views.made:
        if resource.custom or resource.type == STACK or resource.outputs_registered or resource.outputs:
            continue
        if views.graph.shows_components:
            yield CHECK.finding(resource, "the component never registers its outputs.")
        else:
            yield CHECK.unknown(resource, "a preview's JSON never shows what a component registers")


CHECK = Check(
    id="component-outputs",
    severity=WARNING,
    title="Components register their outputs",
    explanation="register_outputs tells Pulumi that the component is complete, and what of it others may use. "
    "Pulumi's Node SDK registers a component's outputs by itself, so only Python programs can forget it.",
    aws_does="Nothing: AWS does not see it. Pulumi takes the component for unfinished and shows no outputs.",
    fix="Call self.register_outputs({...}) at the end of the constructor.",
    source="https://www.pulumi.com/docs/iac/concepts/components/#registering-component-outputs",
    look=look,
    tags=("pulumi",),
    needs_all=True,
)
