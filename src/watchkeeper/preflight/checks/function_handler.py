"""function-handler: a function's handler is in its code, and the clients that it calls have the methods."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.aws import suggest
from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.code.functions import facts
from watchkeeper.preflight.code.services import operations
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import Views

PATH = "handler"


def look(views: Views) -> Iterator[Result]:
    """Each function's handler and the calls of its code."""
    for function in views.functions:
        read = facts(views, function)
        if read.unread:
            yield CHECK.unknown(function.resource, read.unread[0])
        if not read.handler_found and not read.unread:
            handler = views.get(function.resource, PATH)
            yield CHECK.finding(
                function.resource, f"the handler {quote(handler)} is not in the function's code.", path=PATH
            )
        for call in read.calls:
            if not call.exists:
                nearest = suggest.nearest(call.operation, operations(call.service))
                yield CHECK.finding(
                    function.resource,
                    f"{call.file}:{call.line} calls {quote(call.operation)}, which the {call.service} client "
                    f"does not have.",
                    fix=f"Did you mean {nearest}?" if nearest else "",
                    aws_does="The call raises AttributeError at run time.",
                )


CHECK = Check(
    id="function-handler",
    severity=ERROR,
    title="Handlers and the client methods that they call exist",
    explanation="The handler names a module and a function in the package. A method that a client does not have fails "
    "only when it is called.",
    aws_does="Every invocation fails (Runtime.HandlerNotFound, Runtime.ImportModuleError).",
    fix="Write the handler as module.function, as they are in the package.",
    source="https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html",
    look=look,
    tags=("lambda", "code"),
)
