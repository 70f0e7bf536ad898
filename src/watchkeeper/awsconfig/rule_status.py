"""How a rule's evaluations went: what DescribeConfigRuleEvaluationStatus answers.

https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigRuleEvaluationStatus.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watchkeeper.awsconfig.store import Session

STATUS = "rule_status"


def note_success(db: Session, account: str, region: str, rule: str, now: float) -> None:
    """The rule ran and its results were recorded."""
    _update(
        db, account, region, rule,
        {"LastSuccessfulInvocationTime": now, "LastSuccessfulEvaluationTime": now, "FirstEvaluationStarted": True},
        clear=("LastErrorCode", "LastErrorMessage"),
    )  # fmt: skip


def note_invocation(db: Session, account: str, region: str, rule: str, now: float) -> None:
    """A custom rule's function was invoked; its evaluations are still to come."""
    _update(db, account, region, rule, {"LastSuccessfulInvocationTime": now, "FirstEvaluationStarted": True})


def note_failure(
    db: Session, account: str, region: str, rule: str, now: float, code: str, message: str, *, invoked: bool
) -> None:
    """The rule could not be invoked, or could not evaluate."""
    moment = "LastFailedEvaluationTime" if invoked else "LastFailedInvocationTime"
    _update(
        db, account, region, rule,
        {moment: now, "LastErrorCode": code, "LastErrorMessage": message, "FirstEvaluationStarted": True},
    )  # fmt: skip


def status_shape(rule: Mapping[str, Any], status: Mapping[str, Any]) -> dict[str, Any]:
    """``ConfigRuleEvaluationStatus`` of a rule."""
    known = {key: value for key, value in status.items() if key[0].isupper()}
    return {key: rule[key] for key in ("ConfigRuleName", "ConfigRuleArn", "ConfigRuleId")} | known


def _update(
    db: Session, account: str, region: str, rule: str, change: Mapping[str, Any], clear: tuple[str, ...] = ()
) -> None:
    status = db.get(account, region, STATUS, rule)
    if status is None:
        return
    kept = {key: value for key, value in status.items() if key not in clear}
    db.put(account, region, STATUS, rule, {**kept, **change})
