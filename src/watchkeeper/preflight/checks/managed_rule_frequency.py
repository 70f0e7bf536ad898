"""managed-rule-frequency: a frequency stands only on rules that run periodically, and is one of AWS's."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.aws import facts, suggest
from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.inputs.managed_rules import known_rules
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import Views
from watchkeeper.pulumi.graph import UNKNOWN

PATH = "maximumExecutionFrequency"


def look(views: Views) -> Iterator[Result]:
    """Each managed rule that has a frequency."""
    for rule, managed in known_rules(views):
        value = views.get(rule, PATH)
        if value is None:
            continue
        if value is UNKNOWN:
            yield CHECK.unknown(rule, "the frequency is known only after the deployment")
        elif not managed.takes_frequency:
            yield CHECK.finding(
                rule,
                f"{managed.identifier} runs when a resource changes and refuses the frequency {quote(value)}.",
                fix=f"Remove {PATH}; to have it evaluated on a schedule call StartConfigRulesEvaluation.",
                path=PATH,
            )
        elif value not in facts.FREQUENCIES:
            nearest = suggest.nearest(str(value), facts.FREQUENCIES)
            yield CHECK.finding(
                rule,
                f"{quote(value)} is not a frequency: {', '.join(facts.FREQUENCIES)}.",
                fix=f"Did you mean {nearest}?" if nearest else "",
                path=PATH,
            )


CHECK = Check(
    id="managed-rule-frequency",
    severity=ERROR,
    title="Only periodic rules have a frequency",
    explanation="maximumExecutionFrequency belongs to rules with a periodic trigger. A change-triggered rule "
    "refuses it.",
    aws_does="PutConfigRule answers InvalidParameterValueException.",
    fix="Remove maximumExecutionFrequency.",
    source="https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigRule.html",
    look=look,
    tags=("config", "rules"),
)
