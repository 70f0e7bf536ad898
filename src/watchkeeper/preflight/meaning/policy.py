"""IAM policy documents, read for what they mean: a string, an object or a data source's JSON all become statements.

Grammar: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html. Answers are three-valued: a
statement that holds an unknown may or may not match, and then the answer is None.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from watchkeeper.preflight.meaning.identity import ACCOUNT, REGION
from watchkeeper.preflight.meaning.values import all_of, any_of
from watchkeeper.pulumi.graph import UNKNOWN, Unknown

Value = str | Unknown


class Malformed(Exception):  # noqa: N818 - a fact about somebody's document, not about us
    """The document is not a policy; the message says why."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, with every list made a tuple. ``principals`` are (kind, value) pairs; kind ``*`` for ``"*"``."""

    allow: bool
    actions: tuple[Value, ...] = ()
    not_actions: tuple[Value, ...] = ()
    resources: tuple[Value, ...] = ()
    not_resources: tuple[Value, ...] = ()
    principals: tuple[tuple[str, Value], ...] = ()
    not_principals: bool = False
    conditions: tuple[tuple[str, str, tuple[Value, ...]], ...] = ()
    """(operator, key in lower case, values)."""
    sid: str = ""
    index: int = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """A readable document."""

    statements: tuple[Statement, ...] = ()


def parse(document: Any) -> Policy | Unknown:
    """The policy in a document: JSON text or an object; UNKNOWN when the whole is. Raises Malformed."""
    if isinstance(document, Unknown):
        return document
    if isinstance(document, str):
        document = _loads(document)
    if not isinstance(document, Mapping):
        raise Malformed(f"a policy is a JSON object, not {type(document).__name__}")
    statements = document.get("Statement", document.get("statement"))
    if isinstance(statements, Unknown):
        return statements
    if isinstance(statements, Mapping):
        statements = [statements]
    if not isinstance(statements, list | tuple):
        raise Malformed('a policy has a "Statement" list')
    return Policy(tuple(_statement(index, raw) for index, raw in enumerate(statements) if raw is not UNKNOWN))


@lru_cache(maxsize=512)
def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from None


def _statement(index: int, raw: Any) -> Statement:
    if not isinstance(raw, Mapping):
        raise Malformed(f"statement {index} is {type(raw).__name__}, not an object")
    effect = raw.get("Effect")
    return Statement(
        allow=effect == "Allow",
        actions=_values(raw.get("Action")),
        not_actions=_values(raw.get("NotAction")),
        resources=_values(raw.get("Resource")),
        not_resources=_values(raw.get("NotResource")),
        principals=_principals(raw.get("Principal")),
        not_principals="NotPrincipal" in raw,
        conditions=_conditions(raw.get("Condition")),
        sid=str(raw.get("Sid", "")),
        index=index,
    )


def _values(raw: Any) -> tuple[Value, ...]:
    if raw is None:
        return ()
    if isinstance(raw, str) or raw is UNKNOWN:
        return (raw,)
    if isinstance(raw, list | tuple):
        return tuple(item if isinstance(item, str) or item is UNKNOWN else str(item) for item in raw)
    return (str(raw),)


def _principals(raw: Any) -> tuple[tuple[str, Value], ...]:
    if raw is None:
        return ()
    if raw == "*":
        return (("*", "*"),)
    if raw is UNKNOWN:
        return (("*", UNKNOWN),)
    if not isinstance(raw, Mapping):
        raise Malformed('a principal is "*" or an object such as {"Service": "config.amazonaws.com"}')
    return tuple((str(kind), value) for kind, values in raw.items() for value in _values(values))


def _conditions(raw: Any) -> tuple[tuple[str, str, tuple[Value, ...]], ...]:
    if not isinstance(raw, Mapping):
        return ()
    return tuple(
        (str(operator), str(key).lower(), _values(values))
        for operator, keys in raw.items()
        if isinstance(keys, Mapping)
        for key, values in keys.items()
    )


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern with ``*`` and ``?`` covers a text. Linear in both, whatever the pattern."""
    p = t = 0
    star, mark = -1, 0
    while t < len(text):
        if p < len(pattern) and pattern[p] == "*":
            star, mark = p, t
            p += 1
        elif p < len(pattern) and (pattern[p] == "?" or pattern[p] == text[t]):
            p += 1
            t += 1
        elif star >= 0:
            mark += 1
            p, t = star + 1, mark
        else:
            return False
    return all(character == "*" for character in pattern[p:])


_PLACES = ((ACCOUNT, re.compile(r"\b\d{12}\b")), (REGION, re.compile(rf"\b[a-z]{{2}}(?:-[a-z]+)+-\d\b|{REGION}")))
"""What stands for an account or region that nobody said, and what any of them looks like."""


def any_matches(patterns: Iterable[Value], text: str, *, fold: bool = False) -> bool | None:
    """Whether one of the patterns covers the text; None when only an unknown one could.

    An account or region that stands for an unknown one may be any: what differs in nothing else is not known.
    """
    unsure = False
    wanted = text.lower() if fold else text
    for pattern in patterns:
        if isinstance(pattern, Unknown):
            unsure = True
            continue
        pattern = pattern.lower() if fold else pattern
        if matches(pattern, wanted):
            return True
        unsure = unsure or _may_match(pattern, wanted)
    return None if unsure else False


def _may_match(pattern: str, text: str) -> bool:
    """Whether the two match where each stand-in is what the other has in its place."""
    assumed = [(stands, shape) for stands, shape in _PLACES if stands in pattern or stands in text]
    if not assumed:
        return False
    for stands, shape in assumed:
        pattern, text = shape.sub(stands, pattern), shape.sub(stands, text)
    return matches(pattern, text)


def _negate(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def covers_action(statement: Statement, action: str) -> bool | None:
    """Whether the statement speaks of this action."""
    if statement.not_actions:
        return _negate(any_matches(statement.not_actions, action, fold=True))
    return any_matches(statement.actions, action, fold=True)


def covers_resource(statement: Statement, arn: str | None) -> bool | None:
    """Whether the statement speaks of this resource; with None, whether it speaks of any at all."""
    if arn is None:
        return True
    if statement.not_resources:
        return _negate(any_matches(statement.not_resources, arn))
    if not statement.resources:
        return True
    return any_matches(statement.resources, arn)


def covers_service(statement: Statement, service: str) -> bool | None:
    """Whether the statement's principal is this AWS service (or everyone)."""
    return any_of(_is_service(kind, value, service) for kind, value in statement.principals)


def _is_service(kind: str, value: Value, service: str) -> bool | None:
    if isinstance(value, Unknown):
        return None
    if kind in ("*", "AWS") and value == "*":
        return True
    return kind == "Service" and (
        value == service or (value.startswith(service.split(".")[0] + ".") and ".amazonaws.com" in value)
    )


NEGATED = "Not"
_MANY = re.compile(r"^For(Any|All)Values?:", re.IGNORECASE)


def holds(statement: Statement, context: Mapping[str, str]) -> bool | None:
    """Whether the statement's conditions hold for a request of which ``context`` has some keys (in lower case).

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    return all_of(_condition(operator, context.get(key), values) for operator, key, values in statement.conditions)


def _condition(operator: str, actual: str | None, values: tuple[Value, ...]) -> bool | None:
    kind = _MANY.sub("", operator).removesuffix("IfExists")
    if actual is None or not kind.startswith(("String", "Arn", "Bool")):
        return None
    answer = any_matches(values, actual, fold=kind == "Bool" or kind.endswith("IgnoreCase"))
    return _negate(answer) if NEGATED in kind else answer


def service_allowed(
    policy: Policy, service: str, action: str, arn: str | None = None, context: Mapping[str, str] | None = None
) -> bool | None:
    """Whether a resource policy lets an AWS service do this. A Deny wins when all of its conditions hold; an Allow is
    one unless a condition is known not to hold for what ``context`` has of the request."""
    answers = [
        (
            statement,
            all_of(
                (covers_service(statement, service), covers_action(statement, action), covers_resource(statement, arn))
            ),
        )
        for statement in policy.statements
    ]
    return _decide(answers, context or {})


def identity_allowed(policies: Iterable[Policy], action: str, arn: str | None = None) -> bool | None:
    """Whether a role's policies let it do this on the resource (None: on any)."""
    answers = [
        (statement, all_of((covers_action(statement, action), covers_resource(statement, arn))))
        for policy in policies
        for statement in policy.statements
    ]
    return _decide(answers, {})


def _decide(answers: list[tuple[Statement, bool | None]], context: Mapping[str, str]) -> bool | None:
    if any(
        answer is True and not statement.allow and holds(statement, context) is True for statement, answer in answers
    ):
        return False
    return any_of(answer for statement, answer in answers if statement.allow and holds(statement, context) is not False)
