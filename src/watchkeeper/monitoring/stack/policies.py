"""IAM policy documents: statements as plain data with outputs inside, turned into JSON text at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from watchkeeper.monitoring.stack.context import Context

Statement = Mapping[str, Any]


def document(*statements: Statement) -> pulumi.Output[str]:
    """The policy as JSON text; outputs inside become known with it."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)


def allow(
    actions: Sequence[str], resources: Any, *, sid: str = "", condition: Mapping[str, Any] | None = None
) -> Statement:
    """A statement of a role's policy."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resources}
    return _with(statement, sid, condition)


def allow_service(
    service: str, actions: Sequence[str], resource: Any, *, sid: str, condition: Mapping[str, Any] | None = None
) -> Statement:
    """A statement of a resource's policy that lets one AWS service in."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": list(actions),
        "Resource": resource,
    }
    return _with(statement, sid, condition)


def deny_plain_http(actions: Sequence[str], resources: Any) -> Statement:
    """Nobody without TLS (https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html)."""
    return {
        "Sid": "DenyInsecureTransport",
        "Effect": "Deny",
        "Principal": "*",
        "Action": list(actions),
        "Resource": resources,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def from_account(context: Context) -> dict[str, Any]:
    """The condition that keeps another account from sending a service to us (confused deputy).

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    return {"StringEquals": {"AWS:SourceAccount": context.account_id}}


def trust(service: str, condition: Mapping[str, Any] | None = None) -> pulumi.Output[str]:
    """The trust policy of a role that one AWS service assumes."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return document(_with(statement, "", condition))


def _with(statement: dict[str, Any], sid: str, condition: Mapping[str, Any] | None) -> Statement:
    return ({"Sid": sid} if sid else {}) | statement | ({"Condition": condition} if condition else {})
