"""rule-needs-recorder: rules and conformance packs are made after the recorder."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, UNSURE, Check, Result
from watchkeeper.preflight.inputs.wording import order_fix
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import RECORDER, RECORDER_STATUS, RULE, Views
from watchkeeper.pulumi.graph import Resource

NEEDS = (RULE, "aws:cfg/conformancePack:ConformancePack")


def look(views: Views) -> Iterator[Result]:
    """Each rule against the recorders of its region in the program, or of the account when that was asked."""
    alone: dict[tuple[str, str], list[Resource]] = {}
    for rule in views.of_type(*NEEDS):
        recorders = views.beside(rule, RECORDER)
        if recorders:
            if not any(views.after(rule, recorder) for recorder in recorders):
                started = views.beside(rule, RECORDER_STATUS) or recorders
                name = recorders[0].name
                yield CHECK.finding(
                    rule,
                    f"nothing makes this rule wait for the recorder {quote(name)}.",
                    fix=order_fix(views.graph, started[0].name, "rule"),
                )
        elif views.adopted(RECORDER):
            continue
        elif views.options.account is None:
            alone.setdefault(views.place(rule), []).append(rule)
        elif not views.options.account.recorders:
            yield CHECK.finding(rule, "neither the program nor the account has a recorder in this region.")
    for first, *others in alone.values():
        refused = f"the rule and {len(others)} more are refused" if others else "the rule is refused"
        yield CHECK.finding(
            first,
            f"the program has no recorder in this region; if the account has none there, {refused}.",
            fix="Add a recorder, or ask the account with --account.",
            severity=UNSURE,
        )


CHECK = Check(
    id="rule-needs-recorder",
    severity=ERROR,
    title="Rules are made after the recorder",
    explanation="AWS Config accepts a rule only when a configuration recorder exists. No property of a rule refers to "
    "it, so the order has to be said.",
    aws_does="PutConfigRule answers NoAvailableConfigurationRecorderException.",
    fix="Add depends_on=[recorder_status] to the rule's ResourceOptions.",
    source="https://docs.aws.amazon.com/config/latest/APIReference/API_PutConfigRule.html",
    look=look,
    tags=("config", "rules", "order"),
)
