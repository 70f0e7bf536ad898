"""function-runtime: a function's runtime exists and is supported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

from watchkeeper.aws import facts, suggest
from watchkeeper.preflight.check import ERROR, WARNING, Check, Result
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import Views
from watchkeeper.pulumi.graph import UNKNOWN, Resource

PATH = "runtime"


def look(views: Views) -> Iterator[Result]:
    """Each function's runtime on the day of the check."""
    today = views.options.today or datetime.now(UTC).date()
    for function in views.functions:
        if function.runtime is UNKNOWN:
            yield CHECK.unknown(function.resource, "the runtime is known only after the deployment")
        elif function.runtime is not None:
            yield from _look_at(function.resource, str(function.runtime), today)


def _look_at(resource: Resource, name: str, today: date) -> Iterator[Result]:
    runtimes = facts.lambda_runtimes()
    runtime = runtimes.get(name)
    if runtime is None:
        nearest = suggest.nearest(name, runtimes)
        yield CHECK.finding(
            resource,
            f"{quote(name)} is not a Lambda runtime.",
            fix=f"Did you mean {nearest}?" if nearest else "",
            path=PATH,
            aws_does="CreateFunction answers ValidationException.",
        )
    elif not runtime.supported(today):
        refused = runtime.create_block is not None and today >= runtime.create_block
        yield CHECK.finding(
            resource,
            f"the runtime {name} is past its end of support ({runtime.deprecated or runtime.create_block}).",
            fix=f"Use {runtime.successor or _newest(name, today)}.",
            path=PATH,
            severity=ERROR if refused else WARNING,
            aws_does="CreateFunction refuses it."
            if refused
            else f"It will refuse new functions from {runtime.create_block}.",
        )


def _newest(name: str, today: date) -> str:
    family = name.rstrip("0123456789.x")
    alive = [item for key, item in facts.lambda_runtimes().items() if key.startswith(family) and item.supported(today)]
    return max(alive, key=lambda item: item.deprecated or date.max).identifier if alive else "a supported runtime"


CHECK = Check(
    id="function-runtime",
    severity=ERROR,
    title="Functions run on a supported runtime",
    explanation="After its end of support a runtime gets no patches; some weeks later AWS refuses new functions "
    "on it, then "
    "updates.",
    aws_does="CreateFunction refuses it with InvalidParameterValueException once the block date has passed.",
    fix="Use a runtime that is supported.",
    source="https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html",
    look=look,
    tags=("lambda",),
)
