"""Runs rules: over one changed resource, or a rule over all resources in its scope.

https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config-rules.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from watchkeeper.aws import facts
from watchkeeper.awsconfig.active import ActiveRule, change_rules
from watchkeeper.awsconfig.logic import RecordedLookup
from watchkeeper.awsconfig.outcomes import Outcome, Result
from watchkeeper.awsconfig.results import COLUMNS, COMPLIANCE_TYPE, no_longer_applicable
from watchkeeper.awsconfig.services import Services
from watchkeeper.awsconfig.store import Session
from watchkeeper.evaluation import item as evaluation
from watchkeeper.model import ComplianceType, ConfigurationItem

_Subject = tuple[str, str, str]
"""Rule, resource type, resource id."""
NOT_EVALUATED = "NotEvaluatedByEmbeddedConfig"
"""``LastErrorCode`` of a rule that could not evaluate; the message has the reason."""


@dataclass
class Findings:
    """What one pass over resources brought."""

    outcomes: list[Outcome] = field(default_factory=list)
    ran: set[str] = field(default_factory=set)
    """The rules that evaluated something."""
    failed: dict[str, str] = field(default_factory=dict)
    """The rules that could not evaluate something, with the reason of the last."""
    judged: set[_Subject] = field(default_factory=set)
    unjudged: dict[_Subject, str] = field(default_factory=dict)


def evaluate_change(
    db: Session,
    services: Services,
    item: ConfigurationItem,
    state: int,
    held: Mapping[tuple[str, str, str], Result],
    now: float,
) -> Findings:
    """What the change-triggered rules say of a new state. ``held``: the resource's results so far. Custom rules are
    queued for invocation."""
    account, region = item.account_id, item.region
    findings = Findings()
    if item.resource_type == COMPLIANCE_TYPE:
        return findings
    lookup = RecordedLookup(db, services, account, region, now)
    for rule in change_rules(db, account, region).of(item.resource_type):
        if rule.owner == "CUSTOM_LAMBDA":
            _queue_invocation(db, rule, item, state, held)
        elif rule.prepared is not None:
            _evaluate_managed(rule, rule.prepared, item, lookup, held, now, findings)
    if item.status.deleted:
        answered = {outcome.rule for outcome in findings.outcomes if outcome.resource_id == item.resource_id}
        others = [result for result in held.values() if result.rule not in answered]
        findings.outcomes += no_longer_applicable(others, "The resource was deleted.", item.capture_time.timestamp())
        findings.judged |= {(result.rule, item.resource_type, item.resource_id) for result in others}
    known = db.rows(
        "SELECT rule, type, resource FROM unevaluated WHERE account=? AND region=? AND type=? AND resource=?", item.key
    )
    subjects = {tuple(row) for row in known}
    _keep_unevaluated(db, account, region, findings, subjects, subjects if item.status.deleted else set())
    return findings


def evaluate_items(
    db: Session, services: Services, rule: ActiveRule, account: str, region: str,
    items: Iterable[ConfigurationItem], now: float,
) -> Findings:  # fmt: skip
    """What a managed rule says of items: those in its scope; nothing of the others."""
    lookup = RecordedLookup(db, services, account, region, now)
    findings = Findings()
    for item in items:
        if rule.prepared is not None and rule.in_scope(item):
            _judge(rule, rule.prepared, item, lookup, now, findings)
    known = db.rows(
        "SELECT rule, type, resource FROM unevaluated WHERE account=? AND region=? AND rule=?",
        (account, region, rule.name),
    )
    _keep_unevaluated(db, account, region, findings, {tuple(row) for row in known}, set())
    return findings


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
    rule: ActiveRule, prepared: evaluation.PreparedRule, item: ConfigurationItem, lookup: RecordedLookup,
    held: Mapping[tuple[str, str, str], Result], now: float, findings: Findings,
) -> None:  # fmt: skip
    if rule.wants(item.resource_type, item.resource_id):
        if rule.in_scope(item) or item.status.deleted:
            _judge(rule, prepared, item, lookup, now, findings)
            return
        result = held.get((rule.name, item.resource_type, item.resource_id))
        if result is not None:
            findings.outcomes += no_longer_applicable([result], "The resource left the rule's scope.", now)
        return
    if rule.about_account and item.resource_type in facts.managed_rules()[rule.identifier].resource_types:
        subject = evaluation.account_item(item.account_id, item.region)
        _judge(rule, prepared, subject, lookup, now, findings)


def _judge(
    rule: ActiveRule, prepared: evaluation.PreparedRule, item: ConfigurationItem, lookup: RecordedLookup, now: float,
    findings: Findings,
) -> None:  # fmt: skip
    """An outcome, or, where the logic could not tell, the reason: a crash is neither finding nor pass."""
    compliance, annotation = prepared.judge(item, lookup)
    subject = (rule.name, item.resource_type, item.resource_id)
    if compliance is ComplianceType.NOT_EVALUATED:
        findings.unjudged[subject] = annotation
        findings.failed[rule.name] = f"{item.resource_type} {item.resource_id}: {annotation}"
        return
    findings.judged.add(subject)
    findings.ran.add(rule.name)
    ordering = now if item.resource_type == evaluation.ACCOUNT else item.capture_time.timestamp()
    findings.outcomes.append(Outcome(*subject, compliance.value, annotation, ordering))


def _keep_unevaluated(
    db: Session, account: str, region: str, findings: Findings, known: set[_Subject], gone: set[_Subject]
) -> None:
    """Bring the ``unevaluated`` table up to date: new reasons in, what was judged or is gone out."""
    over = (known & findings.judged) | gone
    db.run_many(
        "DELETE FROM unevaluated WHERE account=? AND region=? AND rule=? AND type=? AND resource=?",
        [(account, region, *subject) for subject in over],
    )
    db.run_many(
        "INSERT OR REPLACE INTO unevaluated VALUES (?,?,?,?,?,?)",
        [(account, region, *subject, reason) for subject, reason in findings.unjudged.items()],
    )


def _queue_invocation(
    db: Session, rule: ActiveRule, item: ConfigurationItem, state: int, held: Mapping[tuple[str, str, str], Result]
) -> None:
    """Have a custom rule's function invoked; also, with eventLeftScope, when a resource lost the tag of its scope."""
    if not rule.wants(item.resource_type, item.resource_id):
        return
    inside = rule.in_scope(item)
    if not inside and (rule.name, item.resource_type, item.resource_id) not in held:
        return
    body = {"rule": rule.name, "state": state, "left_scope": not inside}
    db.queue("invoke", "function", item.account_id, item.region, body)
