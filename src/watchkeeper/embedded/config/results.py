"""The evaluation that holds now for each rule and resource, and what follows from a change of it: a compliance change
event, a notification, a new ``AWS::Config::ResourceCompliance`` state.

https://docs.aws.amazon.com/config/latest/developerguide/view-compliance-history.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .active import active_rules
from .events import compliance_change, queue_notification
from .store import Session

COMPLIANCE_TYPE = "AWS::Config::ResourceCompliance"
_NOT_APPLICABLE = "NOT_APPLICABLE"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule says of a resource. Times are seconds since 1970."""

    rule: str
    resource_type: str
    resource_id: str
    compliance: str
    """``COMPLIANT``, ``NON_COMPLIANT`` or ``NOT_APPLICABLE``."""
    annotation: str
    ordering: float
    """When what was evaluated was captured."""


@dataclass(frozen=True, slots=True)
class Result:
    """An outcome as it was recorded."""

    rule: str
    resource_type: str
    resource_id: str
    compliance: str
    annotation: str
    ordering: float
    recorded: float
    invoked: float


COLUMNS = "rule, type, resource, compliance, annotation, ordering, recorded, invoked"


def record_outcomes(
    db: Session,
    account: str,
    region: str,
    outcomes: Iterable[Outcome],
    now: float,
    invoked: float,
    *,
    in_order: bool = False,
    held: Mapping[tuple[str, str, str], Result] | None = None,
) -> set[tuple[str, str]]:
    """Keep outcomes; the resources (type, id) whose compliance with a rule changed.

    NOT_APPLICABLE removes a result. With ``in_order`` an outcome older than the one that is held is ignored, as AWS
    does with what PutEvaluations brings. ``held`` is what :func:`held_results` gave, where the caller has it: by rule,
    type and id, complete for the outcomes' resources. Only a changed compliance makes an event.
    """
    changed: set[tuple[str, str]] = set()
    kept: dict[tuple[str, str, str], Result] = {}
    removed: dict[tuple[str, str, str], Result] = {}
    rules = active_rules(db, account, region)
    now_held: dict[tuple[str, str, str], Result | None] = dict(held or {})
    for outcome in outcomes:
        key = (outcome.rule, outcome.resource_type, outcome.resource_id)
        if held is None and key not in now_held:
            now_held[key] = result_of(db, account, region, *key)
        before = now_held.get(key)
        if in_order and before is not None and outcome.ordering < before.ordering:
            continue
        result = Result(
            outcome.rule, outcome.resource_type, outcome.resource_id, outcome.compliance, outcome.annotation,
            outcome.ordering, now, invoked,
        )  # fmt: skip
        applicable = result.compliance != _NOT_APPLICABLE
        now_held[key] = result if applicable else None
        if applicable:
            kept[key] = result
        elif before is not None:
            removed[key] = result
        if not _differ(before, result):
            continue
        changed.add((result.resource_type, result.resource_id))
        rule = rules.get(result.rule)
        arn = rule.arn if rule else ""
        queue_notification(db, account, region, compliance_change(account, region, arn, before, result, now))
        if result.compliance == "NON_COMPLIANT" and result.rule in _repaired(db, account, region):
            subject = {"rule": result.rule, "type": result.resource_type, "id": result.resource_id, "automatic": True}
            db.queue("remediate", "remediation", account, region, subject)
    _write(db, account, region, now_held, kept, removed)
    return changed


def result_of(db: Session, account: str, region: str, rule: str, resource_type: str, resource_id: str) -> Result | None:
    """What is held for a rule and a resource."""
    found = db.row(
        f"SELECT {COLUMNS} FROM result WHERE account=? AND region=? AND rule=? AND type=? AND resource=?",  # noqa: S608
        (account, region, rule, resource_type, resource_id),
    )
    return Result(*found) if found else None


def results_of_resource(db: Session, account: str, region: str, resource_type: str, resource_id: str) -> list[Result]:
    """What is held for a resource, by rule."""
    rows = db.rows(
        f"SELECT {COLUMNS} FROM result INDEXED BY result_by_resource "  # noqa: S608
        "WHERE account=? AND region=? AND type=? AND resource=? ORDER BY rule",
        (account, region, resource_type, resource_id),
    )
    return [Result(*row) for row in rows]


def held_results(
    db: Session, account: str, region: str, resource_type: str, resource_id: str
) -> dict[tuple[str, str, str], Result]:
    """What is held for a resource, by rule, type and id."""
    results = results_of_resource(db, account, region, resource_type, resource_id)
    return {(r.rule, r.resource_type, r.resource_id): r for r in results}


def no_longer_applicable(results: Sequence[Result], annotation: str, ordering: float) -> list[Outcome]:
    """The outcomes that remove results."""
    return [
        Outcome(r.rule, r.resource_type, r.resource_id, _NOT_APPLICABLE, annotation, max(ordering, r.ordering))
        for r in results
    ]


def drop_results(db: Session, account: str, region: str, rule: str, now: float) -> None:
    """Forget a rule's results without an event: the rule is deleted, or DeleteEvaluationResults was called."""
    resources = db.rows(
        "SELECT type, resource FROM result WHERE account=? AND region=? AND rule=?", (account, region, rule)
    )
    db.run("DELETE FROM result WHERE account=? AND region=? AND rule=?", (account, region, rule))
    db.run("DELETE FROM unevaluated WHERE account=? AND region=? AND rule=?", (account, region, rule))
    if resources:
        db.queue("evaluate", "compliance", account, region, {"resources": [list(row) for row in resources], "at": now})


def _repaired(db: Session, account: str, region: str) -> frozenset[str]:
    """The rules with automatic remediation."""

    def read() -> frozenset[str]:
        return frozenset(name for name, body in db.entities(account, region, "remediation") if body.get("Automatic"))

    return db.remembered(account, region, "remediation", read)


def _differ(before: Result | None, result: Result) -> bool:
    """Whether the compliance changed: a resource without a result and one that is not applicable are the same."""
    return (before.compliance if before else _NOT_APPLICABLE) != result.compliance


def _write(
    db: Session,
    account: str,
    region: str,
    held: Mapping[tuple[str, str, str], Result | None],
    kept: Mapping[tuple[str, str, str], Result],
    removed: Mapping[tuple[str, str, str], Result],
) -> None:
    db.run_many(
        "INSERT OR REPLACE INTO result VALUES (?,?,?,?,?,?,?,?,?,?)",
        [
            (account, region, *key, r.compliance, r.annotation, r.ordering, r.recorded, r.invoked)
            for key, r in kept.items()
            if held[key] is not None
        ],
    )
    db.run_many(
        "DELETE FROM result WHERE account=? AND region=? AND rule=? AND type=? AND resource=?",
        [(account, region, *key) for key in removed if held[key] is None],
    )
