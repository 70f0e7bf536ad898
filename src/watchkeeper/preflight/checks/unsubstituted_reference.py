"""unsubstituted-reference: ``${Name}`` stands inside Fn::Sub."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.meaning.views import Views


def look(views: Views) -> Iterator[Result]:
    """Each text of a template that names a resource or a parameter in ``${…}`` and is not substituted."""
    for urn, path, name in views.graph.unsubstituted:
        resource = views.graph.resources.get(urn)
        if resource is not None:
            message = f"{path} holds ${{{name}}} as it is written: nothing puts the value in its place."
            yield CHECK.finding(resource, message, path=path)


CHECK = Check(
    id="unsubstituted-reference",
    severity=ERROR,
    title="What a text refers to is substituted",
    explanation="CloudFormation puts values in the place of ${Name} only inside Fn::Sub. Elsewhere the text stays as "
    "it is written.",
    aws_does="It takes the text for the value, so that a policy, a name or a setting speaks of nothing that exists.",
    fix="Write Fn::Sub before the text; in Fn::Sub, ${!Name} stays as it is.",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
    "intrinsic-function-reference-sub.html",
    look=look,
    tags=("shape",),
)
