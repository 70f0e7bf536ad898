"""The events that functions receive, parsed once: a compliance change of AWS Config, a schedule, a call by hand.

Anything else is an :class:`~watchkeeper.monitoring.functions.runtime.UnknownEventError`: raised, so that it ends in the
dead-letter queue.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from watchkeeper.model import ComplianceType
from watchkeeper.monitoring.functions.runtime import UnknownEventError

SHOWN = 120
MANUAL_KEYS = frozenset({"trigger", "wait_seconds"})


@dataclass(frozen=True, slots=True)
class ComplianceChange:
    """``Config Rules Compliance Change``: what AWS Config says of one rule and one resource, and said before."""

    event_id: str
    account: str
    region: str
    rule: str
    resource_type: str
    resource_id: str
    compliance: ComplianceType
    previous: ComplianceType | None
    annotation: str
    recorded_at: datetime
    recorded_text: str
    """``resultRecordedTime`` as it came: part of the identity."""

    @property
    def id(self) -> str:
        """The identity of the change: rule, resource and ``resultRecordedTime``. Events can repeat; this does not."""
        parts = (self.account, self.region, self.rule, self.resource_type, self.resource_id, self.recorded_text)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Run:
    """A schedule fired, or somebody asked for a run."""

    at: datetime
    wait_seconds: float | None = None
    """How long to wait for AWS Config, when the caller says so."""


def parse_compliance_change(event: object) -> ComplianceChange:
    """A ``Config Rules Compliance Change`` event (AWS Config developer guide, "Monitoring with Amazon EventBridge").

    Raises
    ------
    UnknownEventError
        Saying which field is wrong and what it should be.
    """
    root = _mapping(event, "the event")
    _expect(root, "source", "aws.config")
    _expect(root, "detail-type", "Config Rules Compliance Change")
    detail = _mapping(root.get("detail"), "detail")
    _expect(detail, "messageType", "ComplianceChangeNotification", "detail.")
    new = _mapping(detail.get("newEvaluationResult"), "detail.newEvaluationResult")
    old = detail.get("oldEvaluationResult")
    recorded = _text(new, "resultRecordedTime", "detail.newEvaluationResult.")
    return ComplianceChange(
        event_id=str(root.get("id", "")),
        account=_text(detail, "awsAccountId", "detail."),
        region=_text(detail, "awsRegion", "detail."),
        rule=_text(detail, "configRuleName", "detail."),
        resource_type=_text(detail, "resourceType", "detail."),
        resource_id=_text(detail, "resourceId", "detail."),
        compliance=_compliance(new, "detail.newEvaluationResult."),
        previous=None if old is None else _compliance(_mapping(old, "old"), "detail.oldEvaluationResult."),
        annotation=str(new.get("annotation") or ""),
        recorded_at=_time(recorded, "detail.newEvaluationResult.resultRecordedTime"),
        recorded_text=recorded,
    )


def parse_run(event: object) -> Run:
    """A ``Scheduled Event`` of EventBridge, or a call by hand: ``{}``, ``{"trigger": "…", "wait_seconds": 5}``.

    Raises
    ------
    UnknownEventError
        For anything else.
    """
    root = _mapping(event, "the event")
    if "detail-type" in root or "source" in root:
        _expect(root, "source", "aws.events")
        _expect(root, "detail-type", "Scheduled Event")
        return Run(_time(_text(root, "time"), "time"))
    unknown = sorted(str(key) for key in root.keys() - MANUAL_KEYS)
    if unknown:
        raise UnknownEventError(
            f"neither a Scheduled Event nor a call by hand: unknown {', '.join(map(_shown, unknown))}; "
            f"a call by hand may carry {', '.join(sorted(MANUAL_KEYS))}"
        )
    wait = root.get("wait_seconds")
    if wait is not None and (isinstance(wait, bool) or not isinstance(wait, int | float) or wait < 0):
        raise UnknownEventError(f"wait_seconds has to be a number of seconds, not {_shown(wait)}")
    return Run(datetime.now(UTC), wait)


def _mapping(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UnknownEventError(f"{where} has to be an object, not {_shown(value)}")
    return value


def _expect(mapping: Mapping[str, Any], key: str, wanted: str, where: str = "") -> None:
    if mapping.get(key) != wanted:
        raise UnknownEventError(f"{where}{key} has to be {wanted!r}, not {_shown(mapping.get(key))}")


def _text(mapping: Mapping[str, Any], key: str, where: str = "") -> str:
    value = mapping.get(key)
    if not isinstance(value, str) or not value:
        raise UnknownEventError(f"{where}{key} has to be a text, not {_shown(value)}")
    return value


def _compliance(result: Mapping[str, Any], where: str) -> ComplianceType:
    value = _text(result, "complianceType", where)
    try:
        return ComplianceType(value)
    except ValueError:
        raise UnknownEventError(f"{where}complianceType is {_shown(value)}, which AWS Config does not have") from None


def _time(value: str, where: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        raise UnknownEventError(f"{where} has to be an ISO 8601 time, not {_shown(value)}") from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
