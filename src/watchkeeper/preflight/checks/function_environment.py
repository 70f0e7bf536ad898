"""function-environment: a function's environment has every variable that its code reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.preflight.check import ERROR, UNSURE, Check, Result
from watchkeeper.preflight.code.functions import facts
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import Function, Views
from watchkeeper.pulumi.graph import Unknown

RUNTIME = frozenset(
    {
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_XRAY_CONTEXT_MISSING",
        "AWS_XRAY_DAEMON_ADDRESS",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "TZ",
        "LANG",
        "PATH",
        "LD_LIBRARY_PATH",
        "PYTHONPATH",
        "NODE_PATH",
        "HOME",
        "PWD",
    }
)
"""What the Lambda runtime sets by itself."""


def look(views: Views) -> Iterator[Result]:
    """Each function's code against its environment."""
    for function in views.functions:
        read = facts(views, function)
        for reason in read.unread:
            yield CHECK.unknown(function.resource, reason)
        if isinstance(function.environment, Unknown):
            yield CHECK.unknown(function.resource, "its environment is known only after the deployment")
            continue
        if read.dynamic_environment:
            yield CHECK.unknown(function.resource, "it reads a variable whose name is not written out")
        yield from _missing(function, function.environment, views)


def _missing(function: Function, environment: Mapping[str, Any], views: Views) -> Iterator[Result]:
    seen: set[str] = set()
    reads = sorted(facts(views, function).environment, key=lambda read: not read.required)
    for read in reads:
        set_already = read.name in environment or read.name in RUNTIME or read.name in seen
        if set_already or (not read.required and read.default):
            continue
        seen.add(read.name)
        nobody = f"{read.file}:{read.line} reads the environment variable {quote(read.name)}, which nobody sets"
        yield CHECK.finding(
            function.resource,
            f"{nobody}." if read.required else f"{nobody}; the code may do without it.",
            severity=None if read.required else UNSURE,
            fix=f"Add {read.name} to environment.variables.",
            path="environment.variables",
            data={"file": read.file, "line": read.line, "variable": read.name},
        )


CHECK = Check(
    id="function-environment",
    severity=ERROR,
    title="Functions have every environment variable that their code reads",
    explanation="The function's code is read: os.environ[…], os.getenv(…), process.env.… A read with a default "
    "is let be, "
    "one whose absence the code may handle is reported as unsure.",
    aws_does="It deploys the function; the first invocation fails with KeyError (JavaScript: undefined).",
    fix="Add the variable to environment.variables.",
    source="https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html",
    look=look,
    tags=("lambda", "code"),
)
