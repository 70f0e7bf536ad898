"""compliance-processor: every six hours has AWS Config evaluate all rules again, and publishes what came out.

StartConfigRulesEvaluation is asynchronous. The function notes each rule's evaluation status before it starts them and
waits, up to a minute, until the status has moved. A rule that has not finished by then is published with its results
from before, and logged as pending: its new results come with the next run, and its changes reach the alerts anyway,
through EventBridge. Nothing is guessed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from watchkeeper.model import Severity
from watchkeeper.monitoring.functions import runtime
from watchkeeper.monitoring.functions.collect import collect_results, evaluation_status, last_finished
from watchkeeper.monitoring.functions.incoming import parse_run
from watchkeeper.monitoring.functions.metrics import Point, batches, point, publish
from watchkeeper.monitoring.functions.runtime import error_code, log
from watchkeeper.reports.results import ComplianceReport, Counts

RULES_PER_CALL = 25
"""StartConfigRulesEvaluation takes at most 25 names (AWS Config API reference)."""
WAIT_SECONDS = 60.0
POLL_SECONDS = 2.0
RESERVE_SECONDS = 120.0
"""Kept back from the waiting for collecting and publishing."""
START_PAUSES = (5.0, 15.0, 40.0)
"""Seconds before each new try of a start that AWS refused: LimitExceededException means once a minute."""
_BUSY = frozenset({"LimitExceededException", "ResourceInUseException", "ThrottlingException"})


@runtime.entry("compliance-processor")
def handler(event: object, context: Any) -> dict[str, Any]:
    """Evaluates, collects, publishes; gives the totals."""
    run = parse_run(event)
    rules = runtime.deployed_rules()
    call = runtime.invocation(context)
    config = runtime.client("config")

    before = evaluation_status(config, rules)
    budget = min(
        WAIT_SECONDS if run.wait_seconds is None else run.wait_seconds,
        max(0.0, call.remaining_seconds() - RESERVE_SECONDS),
    )
    deadline = time.monotonic() + budget
    # botocore would take the limit of one start a minute for throttling and try again within seconds.
    started = start_evaluations(runtime.client("config", attempts=1), sorted(before), deadline)
    pending = wait_for_evaluations(config, {name: before[name] for name in started}, deadline)

    now = datetime.now(UTC)
    environment = runtime.environment("ENVIRONMENT_SUFFIX")
    report = collect_results(
        config,
        rules,
        account=call.account,
        region=call.region,
        environment=environment,
        at=now,
        pending=pending | (frozenset(before) - started),
    )
    published = publish(
        runtime.client("cloudwatch"), runtime.environment("METRIC_NAMESPACE"), compliance_points(report), now
    )
    totals = report.totals
    summary: dict[str, Any] = {
        "rules": len(rules),
        "started": len(started),
        "pending": sorted(rule.rule.name for rule in report.rules if rule.pending),
        "compliant": totals.compliant,
        "non_compliant": totals.non_compliant,
        "not_evaluated": totals.not_evaluated,
        "rules_not_evaluated": {rule.rule.name: rule.reason for rule in report.not_evaluated},
        "metrics": published,
    }
    log("compliance processed", "INFO", **summary)
    return summary


def start_evaluations(
    config: Any, names: Iterable[str], deadline: float, sleep: Callable[[float], None] = time.sleep
) -> frozenset[str]:
    """Starts the evaluation of the rules, 25 a call; gives the names that AWS took.

    A refusal for being busy is tried again while there is time before ``deadline`` (``time.monotonic``), then logged:
    the rule's present results are collected all the same. Any other error is raised.
    """
    started: set[str] = set()
    for batch in batches(names, RULES_PER_CALL):
        if _start(config, batch, deadline, sleep):
            started.update(batch)
    return frozenset(started)


def _start(config: Any, names: list[str], deadline: float, sleep: Callable[[float], None]) -> bool:
    for pause in (*START_PAUSES, None):
        try:
            config.start_config_rules_evaluation(ConfigRuleNames=names)
        except Exception as error:
            code = error_code(error)
            if code not in _BUSY:
                raise
            if pause is None or time.monotonic() + pause > deadline:
                log("AWS Config is busy; these rules were not started", "WARNING", rules=names, error=code)
                return False
            sleep(pause)
        else:
            return True
    return False


def wait_for_evaluations(
    config: Any,
    before: Mapping[str, Mapping[str, Any]],
    deadline: float,
    sleep: Callable[[float], None] = time.sleep,
) -> frozenset[str]:
    """Waits until every rule's evaluation status has moved on from ``before``; gives the names that had not in time.

    A rule that never finished and already says why is not waited for.
    """
    waiting = frozenset(before)
    while waiting:
        now = evaluation_status(config, waiting)
        waiting = frozenset(name for name in waiting if name in now and not _moved(before[name], now[name]))
        if not waiting or time.monotonic() + POLL_SECONDS > deadline:
            break
        sleep(POLL_SECONDS)
    return waiting


def _moved(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    hopeless = last_finished(now) is None and bool(now.get("LastErrorCode"))
    return hopeless or last_finished(now) != last_finished(before)


def compliance_points(report: ComplianceReport) -> Iterator[Point]:
    """The metrics of a report: overall, per rule, category, severity and resource type; zeros included."""
    environment = report.environment
    yield from _result_points(report.totals, Environment=environment)
    for rule in report.rules:
        yield from _result_points(rule.counts, Environment=environment, Rule=rule.rule.name)
    for category, counts in report.by_category.items():
        yield from _result_points(counts, Environment=environment, Category=category)
    by_severity = report.by_severity
    for severity in Severity:
        yield from _result_points(
            by_severity.get(severity.value, Counts()), Environment=environment, Severity=severity.value
        )
    for resource_type, counts in report.by_resource_type.items():
        yield from _result_points(counts, Environment=environment, ResourceType=resource_type)
    yield point("RulesNotEvaluated", len(report.not_evaluated), Environment=environment)


def _result_points(counts: Counts, **dimensions: str) -> Iterator[Point]:
    yield point("Compliant", counts.compliant, **dimensions)
    yield point("NonCompliant", counts.non_compliant, **dimensions)
    yield point("NotEvaluated", counts.not_evaluated, **dimensions)
