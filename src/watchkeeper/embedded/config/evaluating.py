"""Runs rules: over one changed resource, or a rule over all resources in its scope.

https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config-rules.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from watchkeeper import catalog, evaluation
from watchkeeper.embedded.environment import Environment
from watchkeeper.model import ComplianceType, ConfigurationItem

from .active import ActiveRule, active_rules
from .logic import RecordedLookup
from .results import COLUMNS, COMPLIANCE_TYPE, Outcome, Result, no_longer_applicable, result_of, results_of_resource
from .rule_status import note_failure
from .store import Session

NOT_EVALUATED = "NotEvaluatedByEmbeddedConfig"
"""``LastErrorCode`` of a rule that could not evaluate; the message has the reason."""


@dataclass
class _Findings:
    """What one pass over resources brought."""

    outcomes: list[Outcome] = field(default_factory=list)
    ran: set[str] = field(default_factory=set)


def evaluate_change(
    db: Session, environment: Environment, item: ConfigurationItem, state: int, now: float
) -> tuple[list[Outcome], set[str]]:
    """What the change-triggered rules say of a new state, and which rules ran. Custom rules are queued."""
    account, region = item.account_id, item.region
    findings = _Findings()
    if item.resource_type == COMPLIANCE_TYPE:
        return findings.outcomes, findings.ran
    lookup = RecordedLookup(db, environment, account, region, now)
    for rule in active_rules(db, account, region).values():
        if not rule.on_change:
            continue
        if rule.owner == "CUSTOM_LAMBDA":
            _queue_invocation(db, rule, item, state)
        elif rule.prepared is not None:
            _evaluate_managed(db, rule, rule.prepared, item, lookup, now, findings)
    if item.status.deleted:
        answered = {outcome.rule for outcome in findings.outcomes if outcome.resource_id == item.resource_id}
        results = results_of_resource(db, account, region, item.resource_type, item.resource_id)
        others = [result for result in results if result.rule not in answered]
        findings.outcomes += no_longer_applicable(others, "The resource was deleted.", item.capture_time.timestamp())
        db.run("DELETE FROM unevaluated WHERE account=? AND region=? AND type=? AND resource=?", item.key)
    return findings.outcomes, findings.ran


def evaluate_items(
    db: Session, environment: Environment, rule: ActiveRule, account: str, region: str,
    items: Iterable[ConfigurationItem], now: float,
) -> list[Outcome]:  # fmt: skip
    """What a managed rule says of items: those in its scope; nothing of the others."""
    lookup = RecordedLookup(db, environment, account, region, now)
    findings = _Findings()
    for item in items:
        if rule.prepared is not None and rule.in_scope(item):
            _judge(db, rule, rule.prepared, item, lookup, now, findings)
    return findings.outcomes


def stale_outcomes(db: Session, account: str, region: str, rule: str, started: float, now: float) -> list[Outcome]:
    """The outcomes that remove what a complete run, begun at ``started``, did not meet any more."""
    rows = db.rows(
        f"SELECT {COLUMNS} FROM result r WHERE account=? AND region=? AND rule=? AND invoked<? AND NOT EXISTS "  # noqa: S608
        "(SELECT 1 FROM unevaluated u WHERE u.account=r.account AND u.region=r.region AND u.rule=r.rule "
        "AND u.type=r.type AND u.resource=r.resource)",
        (account, region, rule, started),
    )
    return no_longer_applicable([Result(*row) for row in rows], "The resource is no longer in the rule's scope.", now)


def _evaluate_managed(
    db: Session, rule: ActiveRule, prepared: evaluation.PreparedRule, item: ConfigurationItem,
    lookup: RecordedLookup, now: float, findings: _Findings,
) -> None:  # fmt: skip
    if rule.wants(item.resource_type, item.resource_id):
        if rule.in_scope(item) or item.status.deleted:
            _judge(db, rule, prepared, item, lookup, now, findings)
            return
        held = result_of(db, item.account_id, item.region, rule.name, item.resource_type, item.resource_id)
        if held is not None:
            findings.outcomes += no_longer_applicable([held], "The resource left the rule's scope.", now)
        return
    if rule.about_account and item.resource_type in catalog.managed_rules()[rule.identifier].resource_types:
        subject = evaluation.account_item(item.account_id, item.region)
        _judge(db, rule, prepared, subject, lookup, now, findings)


def _judge(
    db: Session, rule: ActiveRule, prepared: evaluation.PreparedRule, item: ConfigurationItem,
    lookup: RecordedLookup, now: float, findings: _Findings,
) -> None:  # fmt: skip
    """An outcome, or, where the logic could not tell, a row in ``unevaluated``: a crash is neither finding nor pass."""
    compliance, annotation = prepared.judge(item, lookup)
    key = (item.account_id, item.region, rule.name, item.resource_type, item.resource_id)
    if compliance is ComplianceType.NOT_EVALUATED:
        db.run("INSERT OR REPLACE INTO unevaluated VALUES (?,?,?,?,?,?)", (*key, annotation))
        message = f"{item.resource_type} {item.resource_id}: {annotation}"
        note_failure(db, item.account_id, item.region, rule.name, now, NOT_EVALUATED, message, invoked=True)
        return
    db.run("DELETE FROM unevaluated WHERE account=? AND region=? AND rule=? AND type=? AND resource=?", key)
    findings.ran.add(rule.name)
    ordering = now if item.resource_type == evaluation.ACCOUNT else item.capture_time.timestamp()
    findings.outcomes.append(
        Outcome(rule.name, item.resource_type, item.resource_id, compliance.value, annotation, ordering)
    )


def _queue_invocation(db: Session, rule: ActiveRule, item: ConfigurationItem, state: int) -> None:
    """Have a custom rule's function invoked; also, with eventLeftScope, when a resource lost the tag of its scope."""
    if not rule.wants(item.resource_type, item.resource_id):
        return
    inside = rule.in_scope(item)
    if (
        not inside
        and result_of(db, item.account_id, item.region, rule.name, item.resource_type, item.resource_id) is None
    ):
        return
    body = {"rule": rule.name, "state": state, "left_scope": not inside}
    db.queue("invoke", "function", item.account_id, item.region, body)
