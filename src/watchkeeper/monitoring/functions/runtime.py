"""What every handler stands on: settings from the environment, boto3 clients, structured logs, the invocation itself.

Errors are raised, never swallowed: Lambda then tries the event again (twice, AWS Lambda developer guide, "Asynchronous
invocation") and puts it into the function's dead-letter queue, so that an event is never lost.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from typing import Any

from watchkeeper.model import Severity
from watchkeeper.monitoring.functions.manifest import ENVIRONMENT, OPTIONAL_ENVIRONMENT, REMEDIATION_MODES, function
from watchkeeper.reports.results import RuleInfo

PING: Mapping[str, str] = {"source": "watchkeeper.verify"}
"""The event that every function answers without doing anything, to prove that it starts and is configured."""

ENVIRONMENT_LIMIT = 4096
FILE_SCHEME = "file:"


class SettingError(RuntimeError):
    """An environment variable of the function is missing or wrong: the deployment has to be corrected."""


class UnknownEventError(ValueError):
    """The function received an event that it does not know. It is kept in the dead-letter queue."""


class ReportBucketGoneError(RuntimeError):
    """The report bucket does not exist."""


class RetryLaterError(RuntimeError):
    """Not now: somebody else is at it, or AWS is. Lambda tries the event again."""


def environment(name: str) -> str:
    """The value of one of the manifest's ``ENVIRONMENT``; empty only for an optional one.

    Raises
    ------
    SettingError
        When it is not set.
    """
    value = os.environ.get(name, "").strip()
    if not value and name not in OPTIONAL_ENVIRONMENT:
        raise SettingError(_not_set(name))
    return value


def _not_set(name: str) -> str:
    return f"environment variable {name} is not set on this function: {ENVIRONMENT[name]}"


Handler = Callable[[object, Any], dict[str, Any]]


def entry(name: str) -> Callable[[Handler], Handler]:
    """Makes a handler answer :data:`PING` as well: it says that it is there, after reading its whole environment.

    The answer is ``{"outcome": "pong", "function": …, "rules": <how many>}``; nothing is read from or written to AWS.
    """

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def answer(event: object, context: Any) -> dict[str, Any]:
            return _pong(name) if event == PING else handler(event, context)

        return answer

    return decorate


def _pong(name: str) -> dict[str, Any]:
    given = {variable for variable, value in os.environ.items() if value.strip()}
    missing = sorted(set(function(name).environment) - OPTIONAL_ENVIRONMENT - given)
    if missing:
        raise SettingError("; ".join(_not_set(variable) for variable in missing))
    return {"outcome": "pong", "function": name, "rules": len(deployed_rules())}


def whole_number(name: str, least: int, most: int) -> int:
    """An environment variable as a number within limits.

    Raises
    ------
    SettingError
        When it is something else.
    """
    text = environment(name)
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise SettingError(f"{name} is {text!r}; it has to be a whole number from {least} to {most}")
    return int(text)


def deployed_rules() -> Mapping[str, RuleInfo]:
    """The rules of RULES, by deployed name.

    Raises
    ------
    SettingError
        Naming the rule and the field that is wrong.
    """
    text = environment("RULES")
    if text.startswith(FILE_SCHEME):
        text = _bundled(text.removeprefix(FILE_SCHEME))
    return parse_rules(text)


def _bundled(name: str) -> str:
    root = Path(os.environ.get("LAMBDA_TASK_ROOT", "."))
    try:
        return (root / name).read_text(encoding="utf-8")
    except OSError as error:
        raise SettingError(f"RULES names the file {name!r}, which is not in the bundle: {error.strerror}") from error


def parse_rules(text: str) -> Mapping[str, RuleInfo]:
    """RULES as JSON text: name -> {identifier, severity, category, remediation}.

    Raises
    ------
    SettingError
        Naming the rule and the field that is wrong.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise SettingError(f"RULES is not JSON: {error}") from error
    if not isinstance(document, dict) or not document:
        raise SettingError("RULES has to be a JSON object with at least one rule: name -> {identifier, severity, …}")
    return {name: _rule(name, fields) for name, fields in document.items()}


def _rule(name: str, fields: object) -> RuleInfo:
    if not isinstance(fields, dict):
        raise SettingError(f"RULES: {name!r} has to be an object with identifier, severity, category, remediation")
    for key in ("identifier", "severity", "category"):
        if not isinstance(fields.get(key), str) or not fields[key]:
            raise SettingError(f"RULES: {name!r} has no {key}")
    levels = [level.value for level in Severity]
    if fields["severity"] not in levels:
        raise SettingError(f"RULES: {name!r} has severity {fields['severity']!r}; it can be {', '.join(levels)}")
    mode = fields.get("remediation", "off")
    if mode not in REMEDIATION_MODES:
        raise SettingError(f"RULES: {name!r} has remediation {mode!r}; it can be {', '.join(REMEDIATION_MODES)}")
    return RuleInfo(name, fields["identifier"], Severity(fields["severity"]), fields["category"], mode)


def rules_text(rules: Mapping[str, RuleInfo]) -> str:
    """RULES for these rules, compact; longer than :data:`ENVIRONMENT_LIMIT` it belongs into a file of the bundle."""
    return json.dumps(
        {
            name: {
                "identifier": rule.identifier,
                "severity": rule.severity.value,
                "category": rule.category,
                "remediation": rule.remediation,
            }
            for name, rule in rules.items()
        },
        separators=(",", ":"),
    )


@cache
def client(service: str, attempts: int = 5) -> Any:
    """The boto3 client of a service: made once, when first needed. botocore retries throttling, ``attempts`` in all."""
    import boto3
    from botocore.config import Config

    retries = {"mode": "standard", "total_max_attempts": attempts}
    return boto3.client(service, config=Config(retries=retries, connect_timeout=5, read_timeout=30))


@dataclass(frozen=True, slots=True)
class Invocation:
    """Who runs: the function's own account and region, from its ARN, and what Lambda calls this request."""

    account: str
    region: str
    request_id: str
    remaining_seconds: Callable[[], float]
    """Until Lambda ends this invocation."""


def invocation(context: Any) -> Invocation:
    """Of a Lambda context.

    Raises
    ------
    SettingError
        When the context carries no function ARN.
    """
    arn = str(getattr(context, "invoked_function_arn", ""))
    parts = arn.split(":")
    if len(parts) < 7 or parts[2] != "lambda":
        raise SettingError(f"the Lambda context has no function ARN, but {arn!r}")
    return Invocation(
        account=parts[4],
        region=parts[3],
        request_id=str(getattr(context, "aws_request_id", "")),
        remaining_seconds=lambda: context.get_remaining_time_in_millis() / 1000,
    )


def error_code(error: Exception) -> str:
    """AWS's code of a botocore ClientError, or an empty text."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


@cache
def _logger() -> logging.Logger:
    logger = logging.getLogger("watchkeeper")
    logger.setLevel(logging.INFO)
    logger.propagate = False  # Lambda's own handler would print every line a second time.
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.addHandler(handler)
    return logger


def log(message: str, level: str = "INFO", **fields: object) -> None:
    """One JSON line, which Logs Insights splits into fields by itself. Give it names and counts, never whole events."""
    line = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "level": level, "message": message, **fields}
    _logger().log(logging.getLevelName(level), json.dumps(line, default=str, ensure_ascii=False))
