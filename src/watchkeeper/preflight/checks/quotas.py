"""quotas: rules and conformance packs are no more than AWS Config allows."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.aws import refusals
from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.inputs.managed_rules import BODY, PACK_TYPES, pack_rules
from watchkeeper.preflight.meaning.views import CONFORMANCE_PACK, RULE, Views
from watchkeeper.pulumi.graph import Resource


def look(views: Views) -> Iterator[Result]:
    """Each pack's rules; all packs and rules of a region."""
    for pack in views.of_type(*PACK_TYPES):
        refused = refusals.pack_rules(len(pack_rules(views, pack)[0]))
        if refused:
            yield CHECK.finding(
                pack,
                f"{refused.reason}.",
                fix="Split it into packs of 130 rules at the most.",
                path=BODY,
                aws_does=f"It answers {refused.code}.",
            )
    yield from _many(views, CONFORMANCE_PACK, refusals.PACKS, "conformance packs", "MaxNumberOfConformancePacks")
    yield from _many(views, RULE, refusals.RULES, "rules", "MaxNumberOfConfigRules")


def _many(views: Views, kind: str, most: int, what: str, error: str) -> Iterator[Result]:
    places: dict[tuple[str, str], list[Resource]] = {}
    for resource in views.of_type(kind):
        places.setdefault(views.place(resource), []).append(resource)
    for resources in places.values():
        if len(resources) > most:
            yield CHECK.finding(
                resources[most],
                f"the program has {len(resources)} {what} in one account and region; {most} are allowed.",
                fix=f"Have no more than {most}, or ask AWS for more.",
                aws_does=f"It answers {error}ExceededException.",
            )


CHECK = Check(
    id="quotas",
    severity=ERROR,
    title="Rules and packs are within AWS Config's limits",
    explanation="A conformance pack holds 130 rules at the most; an account has 50 packs and 1,000 rules in a region, "
    "those of packs included, unless AWS raised the quota.",
    aws_does="It refuses what is too much.",
    fix="Split the pack, or leave rules out.",
    source="https://docs.aws.amazon.com/config/latest/developerguide/configlimits.html",
    look=look,
    tags=("config", "rules"),
)
