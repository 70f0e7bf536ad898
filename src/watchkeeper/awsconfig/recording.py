"""Takes the new states of resources: keeps what changed, evaluates it, and announces it, in one transaction.

https://docs.aws.amazon.com/config/latest/developerguide/select-resources-recording-frequency.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from watchkeeper.awsconfig.active import active_rules
from watchkeeper.awsconfig.context import config_arn
from watchkeeper.awsconfig.evaluating import NOT_EVALUATED, Findings, evaluate_change
from watchkeeper.awsconfig.notifications import item_change, queue_notification
from watchkeeper.awsconfig.recorders import frequency_of, running_recorder, scope_of
from watchkeeper.awsconfig.results import COMPLIANCE_TYPE, ChunkResults, record_outcomes, results_of_resource
from watchkeeper.awsconfig.rule_status import note_failure, note_success
from watchkeeper.awsconfig.services import Services
from watchkeeper.awsconfig.states import append_state, current, fingerprint, pack, state_by_id, unpack
from watchkeeper.awsconfig.store import Session
from watchkeeper.model import EPOCH, ConfigurationItem, ItemStatus

DAY = 24 * 3600
_Rule = tuple[str, str, str]
"""Account, region, name."""


def record_items(db: Session, services: Services, items: Iterable[ConfigurationItem], now: float) -> None:
    """Record states as they came in: what the recorder leaves out is dropped, daily types wait for the day's end."""
    items = list(items)
    recorders = {}
    chunks: dict[tuple[str, str], ChunkResults] = {}
    ran: set[_Rule] = set()
    failed: dict[_Rule, str] = {}
    for item in items:
        place = (item.account_id, item.region)
        if place not in recorders:
            recorders[place] = running_recorder(db, *place)
        recorder = recorders[place]
        if recorder is None or not scope_of(recorder).records(item.resource_type):
            continue
        if frequency_of(recorder, item.resource_type) == "DAILY" and current(db, *item.key) is not None:
            db.run("INSERT OR REPLACE INTO daily VALUES (?,?,?,?,?)", (*item.key, pack(item)))
            continue
        if place not in chunks:
            resources = {(each.resource_type, each.resource_id) for each in items if each.key[:2] == place}
            chunks[place] = ChunkResults(db, *place, resources)
        findings = _record(db, services, item, now, chunks[place])
        if findings is not None:
            ran |= {(*place, rule) for rule in findings.ran}
            failed |= {(*place, rule): reason for rule, reason in findings.failed.items()}
    for chunk in chunks.values():
        chunk.write(db)
    for rule in ran - set(failed):
        note_success(db, *rule, now)
    for rule, reason in failed.items():
        note_failure(db, *rule, now, NOT_EVALUATED, reason, invoked=True)


def flush_daily(db: Session, services: Services, account: str, region: str, now: float) -> None:
    """Record the last state of the day of what is recorded daily."""
    rows = db.rows("SELECT body FROM daily WHERE account=? AND region=?", (account, region))
    db.run("DELETE FROM daily WHERE account=? AND region=?", (account, region))
    items = [unpack(row[0]) for row in rows]
    chunk = ChunkResults(db, account, region, {(item.resource_type, item.resource_id) for item in items})
    for item in items:
        _record(db, services, item, now, chunk)
    chunk.write(db)


def keep_compliance(
    db: Session, account: str, region: str, resources: Iterable[tuple[str, str]], now: float,
    chunk: ChunkResults | None = None,
) -> None:  # fmt: skip
    """Record the compliance of resources as states of type ``AWS::Config::ResourceCompliance``, if that is recorded.
    ``chunk`` holds their results where those are not in the store yet."""
    recorder = running_recorder(db, account, region)
    if recorder is None or not scope_of(recorder).records(COMPLIANCE_TYPE):
        return
    for resource_type, resource_id in resources:
        keep_state(db, _compliance_item(db, account, region, resource_type, resource_id, now, chunk), now)


def keep_state(db: Session, item: ConfigurationItem, now: float) -> tuple[ConfigurationItem, int] | None:
    """Keep a state and announce it; the item as kept and its row id, or None where nothing changed."""
    held = current(db, *item.key)
    previous = state_by_id(db, held[1]) if held else None
    if item.status.deleted and (previous is None or previous.status.deleted):
        return None
    if item.status.deleted and previous is not None:
        item = _buried(previous, item)
    mark = fingerprint(item)
    if held is not None and held[0] == mark:
        return None
    captured = item.capture_time if item.capture_time != EPOCH else datetime.fromtimestamp(now, UTC)
    if previous is not None:
        captured = max(captured, previous.capture_time)
    first = previous is None or previous.status.deleted
    status = item.status if item.status.deleted else ItemStatus.DISCOVERED if first else ItemStatus.OK
    item = replace(item, status=status, capture_time=captured, state_id=str(int(captured.timestamp() * 1000)))
    state = append_state(db, item, mark)
    queue_notification(db, item.account_id, item.region, item_change(item, previous, now))
    return item, state


def _record(
    db: Session, services: Services, item: ConfigurationItem, now: float, chunk: ChunkResults
) -> Findings | None:
    """Keep a state and evaluate it; None where nothing changed."""
    kept = keep_state(db, item, now)
    if kept is None:
        return None
    item, state = kept
    account, region = item.account_id, item.region
    held = chunk.of(item.resource_type, item.resource_id) or {}
    findings = evaluate_change(db, services, item, state, held, now)
    own = [outcome for outcome in findings.outcomes if outcome.resource_type == item.resource_type]
    others = [outcome for outcome in findings.outcomes if outcome.resource_type != item.resource_type]
    changed = record_outcomes(db, account, region, own, now, now, chunk=chunk)
    changed |= record_outcomes(db, account, region, others, now, now)
    keep_compliance(db, account, region, changed, now, chunk)
    return findings


def _buried(previous: ConfigurationItem, item: ConfigurationItem) -> ConfigurationItem:
    """A deleted resource keeps its names; it has no configuration any more."""
    return replace(
        previous,
        status=item.status,
        capture_time=item.capture_time,
        tags={},
        relationships=(),
        configuration={},
        supplementary={},
    )


def _compliance_item(
    db: Session, account: str, region: str, resource_type: str, resource_id: str, now: float, chunk: ChunkResults | None
) -> ConfigurationItem:
    """https://docs.aws.amazon.com/config/latest/developerguide/view-compliance-history.html"""
    rules = active_rules(db, account, region)
    held = chunk.of(resource_type, resource_id) if chunk else None
    if held is None:
        results = results_of_resource(db, account, region, resource_type, resource_id)
    else:
        results = sorted(held.values(), key=lambda result: result.rule)
    listed = [
        {
            "configRuleArn": rules[r.rule].arn if r.rule in rules else "",
            "configRuleId": rules[r.rule].id if r.rule in rules else "",
            "configRuleName": r.rule,
            "complianceType": r.compliance,
        }
        for r in results
    ]
    worst = "NON_COMPLIANT" if any(r.compliance == "NON_COMPLIANT" for r in results) else "COMPLIANT"
    identity = f"{resource_type}/{resource_id}"
    return ConfigurationItem(
        resource_type=COMPLIANCE_TYPE,
        resource_id=identity,
        account_id=account,
        region=region,
        arn=config_arn(account, region, f"resource-compliance/{identity}"),
        status=ItemStatus.OK if results else ItemStatus.DELETED,
        capture_time=datetime.fromtimestamp(now, UTC),
        configuration={
            "complianceType": worst,
            "targetResourceId": resource_id,
            "targetResourceType": resource_type,
            "configRuleList": listed,
        },
    )
