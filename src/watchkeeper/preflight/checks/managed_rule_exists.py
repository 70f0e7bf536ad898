"""managed-rule-exists: every managed rule's identifier exists."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.aws import facts, suggest
from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.inputs.managed_rules import PACK_TYPES, identifier_of, pack_rules, rules
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import Views
from watchkeeper.pulumi.graph import UNKNOWN
from watchkeeper.text import clean


def look(views: Views) -> Iterator[Result]:
    """Each rule whose owner is AWS, those in conformance packs too."""
    for pack in views.of_type(*PACK_TYPES):
        reason = pack_rules(views, pack)[1]
        if reason:
            yield CHECK.unknown(pack, f"the rules of the pack were not looked at: {clean(reason)}")
    for rule in rules(views):
        identifier, path = identifier_of(views, rule)
        if identifier is UNKNOWN:
            yield CHECK.unknown(rule, "the rule's identifier is known only after the deployment")
        elif isinstance(identifier, str) and identifier not in facts.managed_rules():
            named = facts.managed_rule_by_name(identifier)
            nearest = named.identifier if named else suggest.nearest(identifier, facts.managed_rules())
            yield CHECK.finding(
                rule,
                f"{quote(identifier)} is not an AWS Config managed rule.",
                fix=f"Did you mean {nearest}?" if nearest else "",
                path=path,
                data={"nearest": nearest},
            )


CHECK = Check(
    id="managed-rule-exists",
    severity=ERROR,
    title="Managed rule identifiers exist",
    explanation="A rule with owner AWS names one of AWS's managed rules by its identifier, in capitals with "
    "underscores.",
    aws_does="PutConfigRule answers InvalidParameterValueException.",
    fix="Take the identifier from the list of AWS Config managed rules, or from `watchkeeper rules list`.",
    source="https://docs.aws.amazon.com/config/latest/developerguide/managed-rules-by-aws-config.html",
    look=look,
    tags=("config", "rules"),
)
