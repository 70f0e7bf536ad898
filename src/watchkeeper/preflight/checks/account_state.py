"""account-state: what the account has already leaves room for the program. Runs only with --account."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, WARNING, Check, Result
from watchkeeper.preflight.identity import is_stand_in
from watchkeeper.preflight.values import at, quote
from watchkeeper.preflight.views import AGGREGATOR, Views


def look(views: Views) -> Iterator[Result]:
    """Rule names, quotas and regions of the account, when it was asked."""
    state = views.options.account
    if state is None:
        return
    for gap in state.gaps:
        yield CHECK.unknown(None, gap)
    names = {views.name(rule): rule for rule in views.rules}
    for name, rule in names.items():
        if name in state.rules and not is_stand_in(name):
            yield CHECK.finding(
                rule,
                f"account {state.account_id} has a rule {quote(name)} in {state.region} already, which this one "
                f"overwrites.",
                fix="Give it another name, or import the existing rule into the stack.",
                path="name",
                severity=WARNING,
                aws_does="PutConfigRule changes the existing rule.",
            )
    new = [name for name in names if name not in state.rules]
    if len(state.rules) + len(new) > state.rule_quota:
        yield CHECK.finding(
            None,
            f"the account has {len(state.rules)} rules and the program adds {len(new)}; the quota is "
            f"{state.rule_quota}.",
            aws_does="PutConfigRule answers MaxNumberOfConfigRulesExceededException.",
        )
    for aggregator in views.of_type(AGGREGATOR) if state.enabled_regions else ():
        for region in at(views.inputs(aggregator), "accountAggregationSource", "regions"):
            if isinstance(region, str) and region not in state.enabled_regions:
                yield CHECK.finding(
                    aggregator,
                    f"the region {quote(region)} is not enabled in account {state.account_id}.",
                    path="accountAggregationSource.regions",
                    severity=WARNING,
                    aws_does="It aggregates nothing from that region.",
                )


CHECK = Check(
    id="account-state",
    severity=ERROR,
    title="The account leaves room for the program",
    explanation="Names that are taken, quotas that are used up and regions that are not enabled are the "
    "account's: they are "
    "looked at only with --account, read-only.",
    aws_does="It refuses what does not fit.",
    fix="Rename, import, or ask for a higher quota.",
    source="https://docs.aws.amazon.com/config/latest/developerguide/configlimits.html",
    look=look,
    tags=("account",),
)
