"""What AWS refuses and MiniStack lets through: refused here, after authorisation, with AWS's error and message."""

from __future__ import annotations

import functools
import json
import re
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from watchkeeper.aws import facts
from watchkeeper.local import ministack_adapter as adapter
from watchkeeper.local.ministack_adapter import Handler, Response

Check = Callable[[str, str, dict[str, str], bytes], Response | None]
"""``check(method, path, headers, body)`` -> the refusal, or None to go ahead."""

_ATTACH = ("AttachRolePolicy", "AttachUserPolicy", "AttachGroupPolicy")
_HTTP = ("http", "https")
_RATE = re.compile(r"rate\((\d+) (minute|minutes|hour|hours|day|days)\)")


def install() -> None:
    """Put the refusals around MiniStack's handlers."""
    checks: dict[str, Check] = {"iam": attached_policy, "sns": delivery_policy, "lambda": runtime, "events": schedule}
    for service, check in checks.items():
        adapter.wrap_handler(service, functools.partial(_checked, check))


def _checked(check: Check, handler: Handler) -> Handler:
    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]) -> Any:
        refused = check(method, path, headers, body)
        return refused if refused is not None else await handler(method, path, headers, body, query)

    return handle


def attached_policy(_method: str, _path: str, _headers: dict[str, str], body: bytes) -> Response | None:
    """A managed policy that isn't there can't be attached.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html
    """
    form = _form(body)
    arn = form.get("PolicyArn", "")
    if form.get("Action") not in _ATTACH or not arn or adapter.policy_exists(arn, adapter.current_scope()[0]):
        return None
    return _xml(404, "NoSuchEntity", f"Policy {arn} does not exist or is not attachable.", "iam", "2010-05-08")


def delivery_policy(_method: str, _path: str, _headers: dict[str, str], body: bytes) -> Response | None:
    """A delivery policy is for HTTP and HTTPS subscriptions.

    https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html
    """
    form = _form(body)
    action = form.get("Action")
    if action == "SetSubscriptionAttributes" and form.get("AttributeName") == "DeliveryPolicy":
        protocol = adapter.subscription_protocol(form.get("SubscriptionArn", ""))
    elif action == "Subscribe" and "DeliveryPolicy" in (v for k, v in form.items() if k.endswith(".key")):
        protocol = form.get("Protocol")
    else:
        return None
    if protocol is None or protocol in _HTTP:
        return None
    message = f"Invalid parameter: DeliveryPolicy: protocol [{protocol}] does not support delivery policies"
    return _xml(400, "InvalidParameter", message, "sns", "2010-03-31")


def runtime(method: str, path: str, _headers: dict[str, str], body: bytes) -> Response | None:
    """A function can't be created on, or moved to, a runtime whose end has come.

    https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html#runtime-support-policy
    """
    creating = method == "POST" and path.rstrip("/").endswith("/functions")
    updating = method == "PUT" and path.rstrip("/").endswith("/configuration")
    if not (creating or updating):
        return None
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return None
    name = request.get("Runtime") if isinstance(request, dict) else None
    if not isinstance(name, str):
        return None
    known = facts.lambda_runtimes()
    found = known.get(name)
    today = datetime.now(UTC).date()
    if found is None:
        offered = ", ".join(sorted(r for r in known if _offered(r, today, creating=creating)))
        return adapter.error(
            400,
            "InvalidParameterValueException",
            f"Value {name} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{offered}] "
            "or be a valid ARN",
        )
    if _offered(name, today, creating=creating):
        return None
    verb = "creating or updating" if creating else "updating"
    instead = f" We recommend you use a supported runtime ({found.successor}) while {verb} functions."
    return adapter.error(
        400,
        "InvalidParameterValueException",
        f"The runtime parameter of {name} is no longer supported for {verb} AWS Lambda functions."
        + (instead if found.successor else ""),
    )


def schedule(_method: str, _path: str, headers: dict[str, str], body: bytes) -> Response | None:
    """``rate(1 hours)`` and ``rate(2 hour)`` aren't schedules: the unit is singular for 1 only.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
    """
    if not headers.get("x-amz-target", "").endswith(".PutRule"):
        return None
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return None
    expression = request.get("ScheduleExpression") if isinstance(request, dict) else None
    if not isinstance(expression, str) or not expression.startswith("rate("):
        return None
    found = _RATE.fullmatch(expression)
    if found and int(found[1]) > 0 and (int(found[1]) == 1) != found[2].endswith("s"):
        return None
    return adapter.error(400, "ValidationException", "Parameter ScheduleExpression is not valid.")


def _offered(name: str, today: date, *, creating: bool) -> bool:
    """Whether the runtime may be chosen today."""
    found = facts.lambda_runtimes()[name]
    end = found.create_block if creating else found.update_block
    return end is None or today < end


def _form(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _xml(status: int, code: str, message: str, service: str, version: str) -> Response:
    namespace = f"http{'s' if service == 'iam' else ''}://{service}.amazonaws.com/doc/{version}/"
    text = (
        f'<ErrorResponse xmlns="{namespace}"><Error><Type>Sender</Type><Code>{code}</Code>'
        f"<Message>{escape(message)}</Message></Error><RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    )
    return status, {"Content-Type": "text/xml"}, text.encode()
