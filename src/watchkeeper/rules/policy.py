"""IAM and resource policies, read once for every rule that judges them: statements, principals, conditions.

Pages: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html and, for what counts as public,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html ("The meaning of public").
"""

from __future__ import annotations

import fnmatch
import functools
import ipaddress
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson

from watchkeeper.model import Unavailable
from watchkeeper.rules.base import shown

FIXED_VALUE_KEYS = frozenset(
    {
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:sourceorgid",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:userid",
        "aws:callerarn",
        "kms:calleraccount",
        "kms:viaservice",
        "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "lambda:eventsourcetoken",
        "elasticfilesystem:accesspointarn",
        "sns:endpoint",
    }
)
"""Condition keys that, given a fixed value, keep a statement for everybody from being public. In lower case."""

ARNS_WITH_WILDCARDS = frozenset({"s3"})
"""The services for whose rule an ARN with a wildcard is a fixed value, as long as its account is fixed.

S3 says so of aws:SourceArn, aws:PrincipalArn and s3:DataAccessPointArn (Block public access, "The meaning of public").
For KMS keys, SNS topics, SQS queues and Lambda functions the conditions must hold fixed values only, without wildcards
and without policy variables: https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html#kms-5,
…/sns-controls.html#sns-4, …/sqs-controls.html#sqs-3, and lambda-function-public-access-prohibited's own page.
"""

_EQUALS = re.compile(
    r"^(?:for(?:any|all)values:)?(?:string(?:equals(?:ignorecase)?|like)|arn(?:equals|like))(?:ifexists)?$"
)
ANYTHING = "\N{SNOWMAN}\N{SNOWMAN}"
"""Stands for any text: no pattern fits it but one that fits everything in its place."""
_MIN_PREFIX_V4 = 8
_MIN_PREFIX_V6 = 32


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of a condition block: operator and key in lower case, values as texts."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy. Actions are in lower case; what is not given is empty."""

    effect: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    principals: tuple[tuple[str, str], ...] = ()
    """Kind (``AWS``, ``Service``, ``Federated``, ``CanonicalUser``) and value; everybody is ``("AWS", "*")``."""
    not_principals: tuple[tuple[str, str], ...] = ()
    conditions: tuple[Condition, ...] = ()
    sid: str = ""

    @property
    def allows(self) -> bool:
        """Whether its effect is Allow."""
        return self.effect == "Allow"

    @property
    def for_everybody(self) -> bool:
        """Whether anonymous and foreign callers are among its principals, conditions aside."""
        return ("AWS", "*") in self.principals or bool(self.not_principals)

    def covers_action(self, action: str) -> bool:
        """Whether the action (``s3:GetObject``) is among its actions."""
        wanted = action.lower()
        if self.not_actions:
            return not any(matches(pattern, wanted) for pattern in self.not_actions)
        return any(matches(pattern, wanted) for pattern in self.actions)

    def may_match(self, pattern: str) -> bool:
        """Whether some action that the pattern (``s3:Delete*``) names is among its actions."""
        wanted = pattern.lower()
        if self.not_actions:
            return not any(_covers(own, wanted) for own in self.not_actions)
        return any(overlaps(own, wanted) for own in self.actions)

    def covers_resources(self, pattern: str) -> bool:
        """Whether all that the pattern (``arn:aws:s3:::reports/*``) names is among its resources."""
        if self.not_resources:
            return not any(overlaps(own, pattern) for own in self.not_resources)
        return any(_covers(own, pattern) for own in self.resources)

    def is_public(self, service: str) -> bool:
        """Whether it gives something to everybody, in the sense of the service's rule (:data:`ARNS_WITH_WILDCARDS`)."""
        wildcards = service in ARNS_WITH_WILDCARDS
        return self.allows and self.for_everybody and not any(_restricts(c, wildcards) for c in self.conditions)

    def held_to(self, keys: Collection[str]) -> bool:
        """Whether a condition holds one of these keys (in lower case) to a fixed value."""
        return any(condition.key in keys and _restricts(condition, wildcards=False) for condition in self.conditions)

    @property
    def label(self) -> str:
        """How an annotation names it."""
        return f"statement {shown(self.sid, 40)}" if self.sid else "a statement"


def statements(document: Any) -> tuple[Statement, ...]:
    """The statements of a policy given as object, JSON text (also URL-encoded), or in a list as Config wraps them.

    Nothing (None, empty text or object) has none. Raises Unavailable where it is not a policy.
    """
    if isinstance(document, str):
        return _of_text(document)
    return _of_value(document)


def needed_statements(document: Any) -> tuple[Statement, ...]:
    """As :func:`statements`, of a policy that has to be there. Raises Unavailable where it is missing or has no
    statement: IAM's grammar wants one."""
    found = statements(document)
    if not found:
        raise Unavailable("the item does not say its policy")
    return found


@functools.lru_cache(maxsize=2048)
def _of_text(document: str) -> tuple[Statement, ...]:
    return _of_value(_decoded(document))


def _of_value(decoded: Any) -> tuple[Statement, ...]:
    if not decoded:
        return ()
    if isinstance(decoded, list):
        return tuple(statement for part in decoded for statement in statements(part))
    if not isinstance(decoded, Mapping):
        raise Unavailable("the policy is not a JSON object")
    if "Statement" not in decoded:
        raise Unavailable("the policy has no Statement")
    raw = decoded["Statement"]
    return tuple(_statement(entry) for entry in (raw if isinstance(raw, list) else [raw]))


def matches(pattern: str, value: str) -> bool:
    """IAM's wildcards, ``*`` and ``?`` only, over lower-case texts."""
    if pattern == "*" or pattern == value:
        return True
    if "?" in pattern:
        return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))
    return "*" in pattern and _fits(pattern.split("*"), value)


def _fits(parts: list[str], value: str) -> bool:
    """Whether the value has the parts in their order, the first at its start, the last at its end: without a regular
    expression, as most patterns name one resource and would be compiled for one comparison."""
    first, *middle, last = parts
    at, end = len(first), len(value) - len(last)
    if at > end or not value.startswith(first) or not value.endswith(last):
        return False
    for part in middle:
        found = value.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


_LONGEST_COMPARED = 1_000_000


@functools.lru_cache(maxsize=4096)
def overlaps(left: str, right: str) -> bool:
    """Whether some text fits both patterns. Raises Unavailable where they are too long to tell."""
    if not _wild(left) or not _wild(right):
        return matches(left, right) or matches(right, left)
    if len(left) * len(right) > _LONGEST_COMPARED:
        raise Unavailable("the policy has an action that is too long to compare")
    reached = {(0, 0)}
    for i in range(len(left) + 1):
        for j in range(len(right) + 1):
            if (i, j) in reached:
                reached.update(_steps(left, i, right, j))
    return (len(left), len(right)) in reached


def _steps(left: str, i: int, right: str, j: int) -> Iterator[tuple[int, int]]:
    """How far both patterns can get with one character more, or with none."""
    a, b = left[i : i + 1], right[j : j + 1]
    if "*" in (a, b):
        if a:
            yield i + 1, j
        if b:
            yield i, j + 1
    elif a and b and (a == b or "?" in (a, b)):
        yield i + 1, j + 1


def _covers(own: str, pattern: str) -> bool:
    """Whether ``own`` fits all that the pattern fits."""
    filled = (pattern.replace("*", text).replace("?", ANYTHING[:1]) for text in ("", ANYTHING))
    return all(matches(own, text) for text in filled)


def _wild(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


def grants_admin(statement: Statement) -> bool:
    """Whether the statement allows every action on every resource."""
    everything = "*" in statement.actions or "*:*" in statement.actions
    return statement.allows and everything and "*" in statement.resources


def full_service(statement: Statement) -> str | None:
    """The first ``service:*`` (or ``*``) that the statement allows; None without.

    NotAction allows every service that it does not name:
    https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html#iam-21.
    """
    if not statement.allows:
        return None
    if statement.not_actions and "*" not in statement.not_actions:
        return f"all but {statement.not_actions[0]}"
    return next((action for action in statement.actions if re.fullmatch(r"\*+|[a-z0-9*-]+:\*+", action)), None)


def account_of(principal: str) -> str:
    """The account of an ARN or a bare account id; empty without."""
    if re.fullmatch(r"\d{12}", principal):
        return principal
    parts = principal.split(":")
    return parts[4] if len(parts) > 4 else ""


def denies_plain_http(policy: Iterable[Statement], bucket_arn: str) -> bool:
    """Whether everything in the bucket, and the bucket itself, is denied to everybody without TLS."""
    denials = [statement for statement in policy if _denies_without_tls(statement)]
    whole = (bucket_arn, f"{bucket_arn}/*")
    return all(any(denial.covers_resources(part) for denial in denials) for part in whole)


def _denies_without_tls(statement: Statement) -> bool:
    if statement.effect != "Deny" or not statement.for_everybody or statement.not_principals:
        return False
    if not {"*", "s3:*"} & set(statement.actions) or len(statement.conditions) != 1:
        return False
    only = statement.conditions[0]
    is_bool = only.operator in ("bool", "boolifexists")
    return is_bool and only.key == "aws:securetransport" and tuple(v.lower() for v in only.values) == ("false",)


def _restricts(condition: Condition, wildcards: bool) -> bool:
    if condition.key == "aws:sourceip" and condition.operator.startswith("ipaddress"):
        return bool(condition.values) and all(_narrow_network(value) for value in condition.values)
    if condition.key not in FIXED_VALUE_KEYS or not _EQUALS.match(condition.operator):
        return False
    if condition.operator.endswith("ifexists") or condition.operator.startswith("forallvalues"):
        return False
    return bool(condition.values) and all(_fixed(condition, value, wildcards) for value in condition.values)


def _fixed(condition: Condition, value: str, wildcards: bool) -> bool:
    if "${" in value:
        return False
    if (
        wildcards
        and condition.key in ("aws:sourcearn", "aws:principalarn", "s3:dataaccesspointarn")
        and value.startswith("arn:")
    ):
        return account_fixed(value)
    # "Outside the pattern AROLEID:*": every session of one role is one principal.
    return not _wild(value.removesuffix(":*") if condition.key == "aws:userid" else value)


def account_fixed(arn: str) -> bool:
    """Whether the ARN pattern is held to one account, or to one named resource where its kind has no account (S3)."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return False
    if parts[4]:
        return "*" not in parts[4] and "?" not in parts[4]
    return not parts[5].startswith("*")


def _narrow_network(value: str) -> bool:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    least = _MIN_PREFIX_V4 if network.version == 4 else _MIN_PREFIX_V6
    return network.prefixlen >= least


def _decoded(document: str) -> Any:
    text = document.strip()
    if text.startswith("%"):
        text = unquote(text)
    if not text:
        return None
    try:
        return orjson.loads(text)
    except ValueError:
        raise Unavailable("the policy is not JSON") from None


_STARS = re.compile(r"\*\*+")


def _patterns(value: Any) -> tuple[str, ...]:
    """Actions or resources. Several stars are one star."""
    return tuple(_STARS.sub("*", entry) for entry in _texts(value))


def _statement(raw: Any) -> Statement:
    if not isinstance(raw, Mapping):
        raise Unavailable("the policy has a statement that is not an object")
    if raw.get("Effect") not in ("Allow", "Deny"):
        raise Unavailable("the policy has a statement whose Effect is neither Allow nor Deny")
    return Statement(
        effect=raw["Effect"],
        actions=tuple(action.lower() for action in _patterns(raw.get("Action"))),
        not_actions=tuple(action.lower() for action in _patterns(raw.get("NotAction"))),
        resources=_patterns(raw.get("Resource")),
        not_resources=_patterns(raw.get("NotResource")),
        principals=_principals(raw.get("Principal")),
        not_principals=_principals(raw.get("NotPrincipal")),
        conditions=_conditions(raw.get("Condition")),
        sid=str(raw.get("Sid") or ""),
    )


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(_text(entry) for entry in (value if isinstance(value, list) else [value]))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise Unavailable("the policy holds an object where a text belongs")


def _principals(value: Any) -> tuple[tuple[str, str], ...]:
    if value is None:
        return ()
    if isinstance(value, Mapping):
        return tuple((str(kind), entry) for kind, given in value.items() for entry in _texts(given))
    return tuple(("AWS", entry) for entry in _texts(value))


def _conditions(value: Any) -> tuple[Condition, ...]:
    if value is None:
        return ()
    if not isinstance(value, Mapping) or not all(isinstance(block, Mapping) for block in value.values()):
        raise Unavailable("the policy has a condition that is not an object")
    return tuple(
        Condition(str(operator).lower(), str(key).lower(), _texts(given))
        for operator, block in value.items()
        for key, given in block.items()
    )
