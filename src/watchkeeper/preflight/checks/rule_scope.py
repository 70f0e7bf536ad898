"""rule-scope: a custom rule that runs on a schedule alone has no scope."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.aws import refusals
from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.meaning.values import at, one
from watchkeeper.preflight.meaning.views import Views
from watchkeeper.pulumi.graph import UNKNOWN

PATH = "scope"


def look(views: Views) -> Iterator[Result]:
    """Each rule that has a scope."""
    for rule in views.rules:
        scope = views.get(rule, PATH)
        if scope is None or scope is UNKNOWN:
            continue
        source = views.get(rule, "source")
        owner, messages = one(source, ("owner",)), at(source, "sourceDetails", "messageType")
        if owner is UNKNOWN or UNKNOWN in messages:
            yield CHECK.unknown(rule, "what triggers the rule is known only after the deployment")
            continue
        refused = refusals.rule_scope(str(owner), [str(message) for message in messages], scoped=True)
        if refused:
            yield CHECK.finding(
                rule, f"{refused.reason}.", path=PATH, aws_does=f"PutConfigRule answers {refused.code}."
            )


CHECK = Check(
    id="rule-scope",
    severity=ERROR,
    title="A custom rule on a schedule has no scope",
    explanation="A rule of one's own that runs on a schedule only finds its resources itself. AWS has refused a scope "
    "on such a rule since February 2025; managed rules may have one.",
    aws_does="PutConfigRule answers InvalidParameterValueException.",
    fix="Remove the scope, or let the rule run on configuration changes too.",
    source="https://docs.aws.amazon.com/config/latest/APIReference/API_Scope.html",
    look=look,
    tags=("config", "rules"),
)
