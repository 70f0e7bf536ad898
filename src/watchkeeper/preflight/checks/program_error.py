"""program-error: the program itself runs to its end."""

from __future__ import annotations

import json
from collections.abc import Iterator

from watchkeeper.model import Finding, SourcePosition
from watchkeeper.preflight.check import ERROR, UNSURE, Check, Result
from watchkeeper.preflight.code.explain_error import explain
from watchkeeper.preflight.meaning.views import Views
from watchkeeper.pulumi.engine.program import MissingValue
from watchkeeper.text import clean

OF_VALUES = frozenset({"IndexError", "JSONDecodeError", "KeyError", "StopIteration", "ValueError", "ZeroDivisionError"})
"""Exceptions that come of a value: perhaps of one that preflight made up for a look-up."""
MADE_UP = " (it was given made-up values for look-ups or for missing configuration: with real ones it may go on)"


def look(views: Views) -> Iterator[Result]:
    """The exception that stopped the program, explained, and each configuration value that would stop it."""
    for missing in views.options.missing:
        yield _missing(missing)
    error = views.options.program_error
    if error is None:
        return
    reason = explain(error)
    blamed = next((item for item in views.made if item.name == reason.resource), None)
    position = blamed.position if blamed else None
    made_up = error.kind in OF_VALUES and bool(views.graph.guessed or views.options.missing)
    yield Finding(
        check=CHECK.id,
        severity=UNSURE if made_up else CHECK.severity,
        resource=reason.resource,
        type=blamed.type if blamed else "",
        message=clean(f"the program stops: {error.kind}: {reason.what}") + (MADE_UP if made_up else ""),
        fix=clean(reason.fix) or CHECK.fix,
        aws_does=CHECK.aws_does,
        position=SourcePosition(error.file, error.line) if error.file else position,
        data={
            "kind": error.kind,
            "traceback": error.traceback,
            **({"nearest": reason.nearest} if reason.nearest else {}),
        },
    )


def _missing(value: MissingValue) -> Finding:
    instead = "a made-up text" if isinstance(value.value, str) else json.dumps(value.value)
    return Finding(
        check=CHECK.id,
        severity=CHECK.severity,
        resource="",
        type="",
        message=clean(
            f"the program requires the configuration value {value.key}, and the stack has none (it was given {instead} "
            "to go on)."
        ),
        fix=clean(f"Set it, as `pulumi config set {value.key} <value>` does: under config in Pulumi.<stack>.yaml."),
        aws_does=CHECK.aws_does,
        position=SourcePosition(value.file, value.line) if value.file else None,
        data={"kind": "ConfigMissingError", "key": value.key},
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
