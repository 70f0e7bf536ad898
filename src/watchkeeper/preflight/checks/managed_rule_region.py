"""managed-rule-region: a managed rule is offered in the stack's region."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.aws import facts
from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.inputs.managed_rules import known_rules
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import Views


def look(views: Views) -> Iterator[Result]:
    """Each managed rule, in its own region or the stack's."""
    for rule, managed in known_rules(views):
        region = views.place(rule)[1]
        if region not in facts.regions():
            yield CHECK.unknown(rule, "the stack's region is not known")
        elif not managed.in_region(region):
            yield CHECK.finding(
                rule, f"{managed.identifier} is not offered in {quote(region)}.", path="source.sourceIdentifier"
            )


CHECK = Check(
    id="managed-rule-region",
    severity=ERROR,
    title="Managed rules are offered in the region",
    explanation="Not every managed rule exists in every region.",
    aws_does="PutConfigRule answers InvalidParameterValueException.",
    fix="Leave the rule out in this region, or write a custom one.",
    source="https://docs.aws.amazon.com/config/latest/developerguide/managing-rules-by-region-availability.html",
    look=look,
    tags=("config", "rules"),
)
