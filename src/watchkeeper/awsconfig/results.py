"""The evaluation that holds now for each rule and resource, and what follows from a change of it: a compliance change
event, a notification, a new ``AWS::Config::ResourceCompliance`` state.

https://docs.aws.amazon.com/config/latest/developerguide/view-compliance-history.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from watchkeeper.awsconfig.active import active_rules
from watchkeeper.awsconfig.notifications import compliance_change, queue_notification
from watchkeeper.awsconfig.outcomes import Outcome, Result
from watchkeeper.awsconfig.store import Session

COMPLIANCE_TYPE = "AWS::Config::ResourceCompliance"
_NOT_APPLICABLE = "NOT_APPLICABLE"
_IDS_A_QUERY = 500
_Key = tuple[str, str, str]
"""Rule, resource type, resource id."""


COLUMNS = "rule, type, resource, compliance, annotation, ordering, recorded, invoked"


class ChunkResults:
    """The results of some resources of one account and region: read in a few queries, and written at once, sorted as
    the table is, by :meth:`write`. Fifty rules over a resource are otherwise as many places in the table to find."""

    def __init__(self, db: Session, account: str, region: str, resources: Collection[tuple[str, str]]) -> None:
        self._place = (account, region)
        self._held: dict[tuple[str, str], dict[_Key, Result]] = {resource: {} for resource in resources}
        self._changed: dict[_Key, Result | None] = {}
        for resource_type in sorted({resource_type for resource_type, _ in resources}):
            ids = [resource_id for each, resource_id in self._held if each == resource_type]
            for start in range(0, len(ids), _IDS_A_QUERY):
                self._read(db, resource_type, ids[start : start + _IDS_A_QUERY])

    def of(self, resource_type: str, resource_id: str) -> Mapping[_Key, Result] | None:
        """What is held for a resource by rule, type and id; None for one that is not of the chunk."""
        return self._held.get((resource_type, resource_id))

    def keep(self, results: Mapping[_Key, Result | None]) -> None:
        """Take results of resources of the chunk, None where there is none any more."""
        for key, result in results.items():
            held = self._held[key[1], key[2]]
            self._changed[key] = result
            if result is None:
                held.pop(key, None)
            else:
                held[key] = result

    def write(self, db: Session) -> None:
        """Put all that changed into the store."""
        _write(db, *self._place, dict(sorted(self._changed.items())))
        self._changed.clear()

    def _read(self, db: Session, resource_type: str, ids: list[str]) -> None:
        marks = ",".join("?" * len(ids))
        rows = db.rows(
            f"SELECT {COLUMNS} FROM result INDEXED BY result_by_resource "  # noqa: S608 -- our own columns
            f"WHERE account=? AND region=? AND type=? AND resource IN ({marks}) ORDER BY resource, rule",
            (*self._place, resource_type, *ids),
        )
        for row in rows:
            result = Result(*row)
            self._held[resource_type, result.resource_id][result.rule, resource_type, result.resource_id] = result


def record_outcomes(
    db: Session,
    account: str,
    region: str,
    outcomes: Iterable[Outcome],
    now: float,
    invoked: float,
    *,
    in_order: bool = False,
    chunk: ChunkResults | None = None,
) -> set[tuple[str, str]]:
    """Keep outcomes; the resources (type, id) whose compliance with a rule changed.

    NOT_APPLICABLE removes a result. With ``in_order`` an outcome older than the one that is held is ignored, as AWS
    does with what PutEvaluations brings. With a ``chunk``, which has to hold the outcomes' resources, they are kept
    there until it is written. Only a changed compliance makes an event.
    """
    changed: set[tuple[str, str]] = set()
    kept: dict[_Key, Result | None] = {}
    rules = active_rules(db, account, region)
    repaired = _repaired(db, account, region)
    for outcome in outcomes:
        key = (outcome.rule, outcome.resource_type, outcome.resource_id)
        before = kept[key] if key in kept else _before(db, account, region, key, chunk)
        if in_order and before is not None and outcome.ordering < before.ordering:
            continue
        result = Result(
            outcome.rule, outcome.resource_type, outcome.resource_id, outcome.compliance, outcome.annotation,
            outcome.ordering, now, invoked,
        )  # fmt: skip
        if result.compliance != _NOT_APPLICABLE:
            kept[key] = result
        elif before is not None:
            kept[key] = None
        if not _differ(before, result):
            continue
        changed.add((result.resource_type, result.resource_id))
        rule = rules.get(result.rule)
        arn = rule.arn if rule else ""
        queue_notification(db, account, region, compliance_change(account, region, arn, before, result, now))
        if result.compliance == "NON_COMPLIANT" and result.rule in repaired:
            subject = {"rule": result.rule, "type": result.resource_type, "id": result.resource_id, "automatic": True}
            db.queue("remediate", "remediation", account, region, subject)
    if chunk is None:
        _write(db, account, region, kept)
    else:
        chunk.keep(kept)
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


def _before(db: Session, account: str, region: str, key: _Key, chunk: ChunkResults | None) -> Result | None:
    held = chunk.of(key[1], key[2]) if chunk else None
    return held.get(key) if held is not None else result_of(db, account, region, *key)


def _write(db: Session, account: str, region: str, results: Mapping[_Key, Result | None]) -> None:
    db.run_many(
        "INSERT INTO result VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT (account, region, rule, type, resource) DO UPDATE "
        "SET compliance=excluded.compliance, annotation=excluded.annotation, ordering=excluded.ordering, "
        "recorded=excluded.recorded, invoked=excluded.invoked",
        [
            (account, region, *key, r.compliance, r.annotation, r.ordering, r.recorded, r.invoked)
            for key, r in results.items()
            if r is not None
        ],
    )
    db.run_many(
        "DELETE FROM result WHERE account=? AND region=? AND rule=? AND type=? AND resource=?",
        [(account, region, *key) for key, result in results.items() if result is None],
    )
