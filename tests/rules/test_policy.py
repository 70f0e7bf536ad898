"""Policies: what is public, what is everything, and that no document breaks the reading."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.model import Unavailable
from watchkeeper.rules.policy import (
    account_of,
    denies_plain_http,
    full_service,
    grants_admin,
    matches,
    overlaps,
    statements,
)


def one(**fields: Any) -> Any:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"} | fields
    return statements({"Version": "2012-10-17", "Statement": statement})[0]


@pytest.mark.parametrize(
    ("fields", "public"),
    [
        ({}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": {"AWS": ["1", "*"]}}, True),
        ({"Principal": {"AWS": "123456789012"}}, False),
        ({"Principal": {"Service": "*"}}, False),
        ({"Effect": "Deny"}, False),
        ({"Principal": None, "NotPrincipal": {"AWS": "123456789012"}}, True),
        ({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}, False),
        ({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-*"}}}, True),
        ({"Condition": {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}}, True),
        ({"Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}}, True),
        ({"Condition": {"StringEquals": {"aws:SourceAccount": "${aws:PrincipalAccount}"}}}, True),
        ({"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:123456789012:*"}}}, False),
        ({"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::mine"}}}, False),
        ({"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}}, True),
        ({"Condition": {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.0.2.0/24"]}}}, False),
        ({"Condition": {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "0.0.0.0/1"]}}}, True),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "::/0"}}}, True),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, True),
    ],
)
def test_what_is_public(fields: dict[str, Any], public: bool) -> None:
    assert one(**fields).is_public("s3") is public


@pytest.mark.parametrize("service", ["kms", "lambda", "sns", "sqs"])
@pytest.mark.parametrize(
    ("condition", "public"),
    [
        ({"ArnLike": {"aws:SourceArn": "arn:aws:sns:eu-west-1:123456789012:orders"}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:123456789012:*"}}, True),
        ({"StringEquals": {"aws:SourceAccount": "123456789012"}}, False),
        ({"StringEquals": {"aws:SourceAccount": "${aws:PrincipalAccount}"}}, True),
    ],
)
def test_a_wildcard_is_a_fixed_value_for_s3_only(service: str, condition: dict[str, Any], public: bool) -> None:
    assert one(Condition=condition).is_public(service) is public
    assert one(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:123456789012:*"}}).is_public("s3") is False


@pytest.mark.parametrize("statement", [{}, {"Action": "*", "Resource": "*"}, {"Effect": "allow", "Action": "*"}])
def test_a_statement_without_a_proper_effect_is_unknown(statement: dict[str, Any]) -> None:
    with pytest.raises(Unavailable):
        statements({"Statement": [statement]})


def test_several_stars_are_one_star() -> None:
    (found,) = statements({"Statement": {"Effect": "Allow", "Action": "**", "Resource": "***"}})
    assert grants_admin(found)


def test_admin_and_full_services() -> None:
    assert grants_admin(one(Action="*"))
    assert not grants_admin(one(Action="*", Resource="arn:aws:s3:::a"))
    assert not grants_admin(one(Action="*", Effect="Deny"))
    assert full_service(one(Action=["s3:Get*", "EC2:*"])) == "ec2:*"
    assert full_service(one(Action="s3:Get*")) is None
    assert full_service(one(Action="*:*")) == "*:*"
    assert full_service(one(Action=None, NotAction="iam:*")) == "all but iam:*"
    assert full_service(one(Action=None, NotAction="*")) is None


def test_actions_with_wildcards() -> None:
    assert one(Action="s3:Get*").covers_action("s3:GetObject")
    assert not one(Action="s3:Get*").covers_action("s3:PutObject")
    assert one(Action=None, NotAction="s3:Get*").covers_action("s3:PutObject")
    assert one(Action="s3:DeleteObject").may_match("s3:Delete*")
    assert one(Action="s3:*Object").may_match("s3:Delete*")
    assert not one(Action="s3:Get*").may_match("s3:Delete*")
    assert not one(Action=None, NotAction="s3:*").may_match("s3:Delete*")
    assert one(Action=None, NotAction="s3:DeleteObject").may_match("s3:Delete*")


@pytest.mark.parametrize("document", [None, "", {}, [], '{"Statement": []}'])
def test_no_policy_has_no_statements(document: Any) -> None:
    assert statements(document) == ()


@pytest.mark.parametrize(
    "document", ["no json", 5, {"Version": "1"}, {"Statement": ["x"]}, {"Statement": {"Action": [{}]}}]
)
def test_what_is_no_policy_is_unavailable(document: Any) -> None:
    with pytest.raises(Unavailable):
        statements(document)


def test_url_encoded_as_iam_gives_it() -> None:
    assert statements("%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22%2A%22%7D%7D")[0].actions


def test_tls_may_be_asked_for_in_two_statements() -> None:
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    arn = "arn:aws:s3:::a"
    split = statements({"Statement": [deny | {"Resource": arn}, deny | {"Resource": f"{arn}/*"}]})
    assert denies_plain_http(split, arn)
    assert not denies_plain_http(split[:1], arn)


@given(st.text(alphabet="ab*?[]", max_size=6), st.text(alphabet="ab[]", max_size=6))
def test_wildcards_are_iams(pattern: str, value: str) -> None:
    import re

    expected = re.fullmatch("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern), value, re.DOTALL)
    assert matches(pattern, value) is bool(expected)


@given(PATTERN := st.text(alphabet="ab*?", max_size=5), PATTERN)
def test_patterns_overlap_where_one_text_fits_both(left: str, right: str) -> None:
    from itertools import product

    texts = ("".join(letters) for length in range(11) for letters in product("ab", repeat=length))
    assert overlaps(left, right) is any(matches(left, text) and matches(right, text) for text in texts)


def test_patterns_too_long_to_compare_are_not_judged() -> None:
    with pytest.raises(Unavailable):
        overlaps("*a" * 600, "*b" * 600)


@given(
    granted=st.lists(PATTERN, min_size=1),
    action=st.text(alphabet="ab", max_size=4),
    pattern=PATTERN,
    negated=st.booleans(),
)
def test_what_covers_an_action_may_match_every_pattern_of_it(
    granted: list[str], action: str, pattern: str, negated: bool
) -> None:
    statement = one(**({"Action": None, "NotAction": granted} if negated else {"Action": granted}))
    if statement.covers_action(action) and matches(pattern, action):
        assert statement.may_match(pattern)


@given(resource=st.text(alphabet="ab/*", max_size=6), negated=st.booleans())
def test_tls_is_asked_for_where_every_request_is_denied(resource: str, negated: bool) -> None:
    denial = one(
        **{"Resource": None, ("NotResource" if negated else "Resource"): f"arn:{resource}"},
        Effect="Deny",
        Action="s3:*",
        Condition={"Bool": {"aws:SecureTransport": "false"}},
    )
    if denies_plain_http([denial], "arn:a"):
        assert all(denial.covers_resources(f"arn:a{key}") for key in ("", "/", "/a", "/b/a"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda i: st.lists(i) | st.dictionaries(st.text(), i)
)
KEYS = st.sampled_from(["Effect", "Action", "Resource", "Principal", "Condition", "NotAction", "Sid"])


@given(st.lists(st.dictionaries(KEYS, JSON, max_size=5), max_size=3), st.booleans())
def test_any_document_is_read_or_unavailable(entries: list[Any], encoded: bool) -> None:
    document: Any = {"Statement": entries}
    try:
        found = statements(json.dumps(document) if encoded else document)
    except Unavailable:
        return
    for statement in found:
        assert statement.is_public in (True, False)
        assert not (statement.is_public and not statement.allows)


@given(st.text())
def test_account_of_any_text(principal: str) -> None:
    assert account_of(principal) in principal


@given(st.text(alphabet="ab*?[", max_size=8), st.text(alphabet="ab[", max_size=8))
def test_wildcards_match_what_a_regular_expression_would(pattern: str, value: str) -> None:
    parts = {"*": ".*", "?": "."}
    expression = "".join(parts.get(character) or re.escape(character) for character in pattern)
    assert matches(pattern, value) is bool(re.fullmatch(expression, value))
