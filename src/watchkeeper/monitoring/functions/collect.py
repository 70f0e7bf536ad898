"""Every result of every rule, through the AWS Config API: paged, at any size. For the functions and for the CLI.

GetComplianceDetailsByConfigRule gives up to 100 results a page and all of them in the end; the summary operations cap
their counts (AWS Config API reference), so nothing here is counted from a summary.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from watchkeeper.model import EPOCH, ComplianceType, Evaluation
from watchkeeper.monitoring.functions.metrics import batches
from watchkeeper.monitoring.functions.runtime import error_code
from watchkeeper.reports.results import (
    ComplianceReport,
    RuleInfo,
    RuleResult,
    RuleState,
    count,
    result_key,
    unknown_rule,
)

PAGE = 100
NAMES_PER_CALL = 25
RESTARTS = 3
"""How often the paging of one rule starts anew when AWS takes its token back."""

Status = Mapping[str, Any]
_FAILED = ("LastFailedEvaluationTime", "LastFailedInvocationTime")


def collect_results(
    config: Any,
    rules: Mapping[str, RuleInfo],
    *,
    account: str,
    region: str,
    environment: str,
    at: datetime,
    pending: frozenset[str] = frozenset(),
) -> ComplianceReport:
    """The compliance of everything, now.

    Parameters
    ----------
    config
        A boto3 ``config`` client. It may be throttled: botocore retries, then its error is raised, and nothing partial
        is given.
    rules
        The deployed rules, by name.
    pending
        Names of rules whose re-evaluation was started and has not finished.
    """
    status = evaluation_status(config, rules)
    collected = {name: tuple(rule_results(config, name)) if name in status else () for name in rules}
    results = sorted((result for found in collected.values() for result in found), key=result_key)
    return ComplianceReport(
        account=account,
        region=region,
        environment=environment,
        generated_at=at,
        rules=tuple(
            rule_result(rules[name], status.get(name), collected[name], name in pending) for name in sorted(rules)
        ),
        results=tuple(results),
    )


def resource_tags(config: Any, resource_type: str, resource_id: str) -> Mapping[str, str] | None:
    """The tags that AWS Config recorded last of a resource; None where it recorded none of it."""
    try:
        found = config.get_resource_config_history(resourceType=resource_type, resourceId=resource_id, limit=1)
    except Exception as error:
        if error_code(error) != "ResourceNotDiscoveredException":
            raise
        return None
    items = found["configurationItems"]
    return items[0].get("tags") if items else None


def rule_result(rule: RuleInfo, status: Status | None, results: Iterable[Evaluation], pending: bool) -> RuleResult:
    """A rule's state and counts, from its evaluation status (None: AWS Config has no such rule) and its results."""
    found = tuple(results)
    state, reason = rule_state(status, bool(found))
    last = last_finished(status) if status else None
    return RuleResult(rule, state, count(found) + unknown_rule(state), reason, last, pending)


def rule_state(status: Status | None, has_results: bool) -> tuple[RuleState, str]:
    """The state, and the reason when it is not a known one."""
    if status is None:
        return RuleState.MISSING, "AWS Config has no rule of this name; deploy the stack again"
    failed = _latest_time(status, _FAILED) or EPOCH
    succeeded = status.get("LastSuccessfulEvaluationTime") or EPOCH
    if failed > succeeded or (failed == EPOCH and status.get("LastErrorCode")):
        code = status.get("LastErrorCode") or "no error code"
        return RuleState.ERROR, f"{code}: {status.get('LastErrorMessage') or 'AWS Config gave no message'}"
    if has_results:
        return RuleState.EVALUATED, ""
    if succeeded > EPOCH:
        return RuleState.NO_RESOURCES, ""
    return RuleState.NO_DATA, "AWS Config has not finished an evaluation of this rule yet"


def last_finished(status: Status) -> datetime | None:
    """When the rule's latest evaluation ended, well or not."""
    return _latest_time(status, ("LastSuccessfulEvaluationTime", *_FAILED))


def _latest_time(status: Status, keys: Iterable[str]) -> datetime | None:
    return max((status[key] for key in keys if status.get(key)), default=None)


def evaluation_status(config: Any, names: Iterable[str]) -> dict[str, Status]:
    """DescribeConfigRuleEvaluationStatus of those rules, by name; a rule that does not exist is left out."""
    found: dict[str, Status] = {}
    for batch in batches(sorted(names), NAMES_PER_CALL):
        try:
            found.update(_statuses(config, batch))
        except Exception as error:
            if error_code(error) != "NoSuchConfigRuleException":
                raise
            # One missing name fails the whole call: ask one by one which it is.
            for name in batch:
                found.update(_status_or_nothing(config, name))
    return found


def _status_or_nothing(config: Any, name: str) -> dict[str, Status]:
    try:
        return _statuses(config, [name])
    except Exception as error:
        if error_code(error) != "NoSuchConfigRuleException":
            raise
        return {}


def _statuses(config: Any, names: list[str]) -> dict[str, Status]:
    found: dict[str, Status] = {}
    token: str | None = None
    while True:
        answer = config.describe_config_rule_evaluation_status(
            ConfigRuleNames=names, **({"NextToken": token} if token else {})
        )
        found.update({status["ConfigRuleName"]: status for status in answer.get("ConfigRulesEvaluationStatus", ())})
        token = answer.get("NextToken")
        if not token:
            return found


def rule_results(config: Any, name: str) -> tuple[Evaluation, ...]:
    """Every result of one rule, the latest of each resource; none when the rule does not exist (any more)."""
    for attempt in range(1, RESTARTS + 1):
        try:
            return _latest(_pages(config, name))
        except Exception as error:
            code = error_code(error)
            if code == "NoSuchConfigRuleException":
                return ()
            if code != "InvalidNextTokenException" or attempt == RESTARTS:
                raise
    return ()


def _pages(config: Any, name: str) -> Iterator[Evaluation]:
    token: str | None = None
    while True:
        answer = config.get_compliance_details_by_config_rule(
            ConfigRuleName=name, Limit=PAGE, **({"NextToken": token} if token else {})
        )
        for result in answer.get("EvaluationResults", ()):
            yield from _evaluation(result)
        following = answer.get("NextToken")
        if not following:
            return
        if following == token:
            raise RuntimeError(
                f"AWS Config repeats the page token of rule {name!r}: its results cannot be read to the end"
            )
        token = following


def _evaluation(result: Mapping[str, Any]) -> Iterator[Evaluation]:
    """The result as our value; a proactive one is of a resource that does not exist yet, and is left out."""
    identifier = result["EvaluationResultIdentifier"]
    qualifier = identifier["EvaluationResultQualifier"]
    if qualifier.get("EvaluationMode", "DETECTIVE") == "PROACTIVE":
        return
    yield Evaluation(
        rule=qualifier["ConfigRuleName"],
        resource_type=qualifier["ResourceType"],
        resource_id=qualifier["ResourceId"],
        compliance=ComplianceType(result["ComplianceType"]),
        annotation=result.get("Annotation") or "",
        ordering_time=identifier.get("OrderingTimestamp", EPOCH),
        recorded_time=result.get("ResultRecordedTime"),
    )


def _latest(results: Iterable[Evaluation]) -> tuple[Evaluation, ...]:
    """One result per resource: results can move between pages while they are read."""
    latest: dict[tuple[str, str, str], Evaluation] = {}
    for result in results:
        known = latest.get(result_key(result))
        if known is None or (result.recorded_time or EPOCH) >= (known.recorded_time or EPOCH):
            latest[result_key(result)] = result
    return tuple(latest.values())
