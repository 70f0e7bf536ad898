"""program-error: the program itself runs to its end."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.model import Finding, SourcePosition
from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.code.explain_error import explain
from watchkeeper.preflight.meaning.views import Views
from watchkeeper.text import clean


def look(views: Views) -> Iterator[Result]:
    """The exception that stopped the program, explained."""
    error = views.options.program_error
    if error is None:
        return
    reason = explain(error)
    blamed = next((item for item in views.made if item.name == reason.resource), None)
    position = blamed.position if blamed else None
    yield Finding(
        check=CHECK.id,
        severity=CHECK.severity,
        resource=reason.resource,
        type=blamed.type if blamed else "",
        message=clean(f"the program stops: {error.kind}: {reason.what}"),
        fix=clean(reason.fix) or CHECK.fix,
        aws_does=CHECK.aws_does,
        position=SourcePosition(error.file, error.line) if error.file else position,
        data={
            "kind": error.kind,
            "traceback": error.traceback,
            **({"nearest": reason.nearest} if reason.nearest else {}),
        },
    )


CHECK = Check(
    id="program-error",
    severity=ERROR,
    title="The program runs to its end",
    explanation="A class or an argument that the SDK does not have stops the program before anything is deployed. The "
    "resources that it registered until then are still checked.",
    aws_does="Nothing: the program stops with a traceback before AWS is asked.",
    fix="Correct the line that the position names.",
    source="https://www.pulumi.com/registry/packages/aws/api-docs/",
    look=look,
    tags=("pulumi",),
)
