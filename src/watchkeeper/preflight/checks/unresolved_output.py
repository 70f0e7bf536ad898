"""unresolved-output: no text holds what an Output turns into when it is used as text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.meaning.values import texts
from watchkeeper.preflight.meaning.views import Views

MARKS = re.compile(
    r"Calling __str__ on an Output|Calling \[to(?:String|JSON)\] on an \[?Output|<pulumi\.output\.Output object at|"
    r"\[object (?:Promise|Object)\]|OutputImpl\b|<coroutine object"
)


def look(views: Views) -> Iterator[Result]:
    """Every text of every resource."""
    for resource in views.made:
        for path, value in texts(views.inputs(resource)):
            found = MARKS.search(value)
            if found:
                yield CHECK.finding(
                    resource, f'{path} holds an Output turned into text: "{found.group()}…".', path=path
                )
                break


CHECK = Check(
    id="unresolved-output",
    severity=ERROR,
    title="No Output is turned into text",
    explanation="An Output is a value to come. In an f-string, in json.dumps or in a template literal it "
    "becomes a warning "
    "text instead of the value.",
    aws_does="It refuses the policy (MalformedPolicyDocument), or takes the warning for a name.",
    fix="Use pulumi.Output.concat, pulumi.Output.format, pulumi.Output.json_dumps or .apply "
    "(TypeScript: pulumi.interpolate, pulumi.jsonStringify).",
    source="https://www.pulumi.com/docs/iac/concepts/inputs-outputs/all/",
    look=look,
    tags=("pulumi",),
)
