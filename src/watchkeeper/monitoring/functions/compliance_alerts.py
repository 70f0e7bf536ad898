"""compliance-alerts: turns AWS Config's compliance changes into alerts on the encrypted topic.

Config's events are best effort and can repeat; each change (rule, resource, ``resultRecordedTime``) is published once.
Changes of rules that are not this deployment's are not ours to tell, and are logged only.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from watchkeeper.model import ComplianceType
from watchkeeper.monitoring.functions import runtime
from watchkeeper.monitoring.functions.incoming import ComplianceChange, parse_compliance_change
from watchkeeper.monitoring.functions.manifest import PREFIX_ALERT_LEDGER
from watchkeeper.monitoring.functions.metrics import point, publish
from watchkeeper.monitoring.functions.runtime import log
from watchkeeper.monitoring.functions.store import Once, Store
from watchkeeper.reports import to_json, to_text
from watchkeeper.reports.results import Alert, AlertKind, AlertLevel, RuleInfo

_C = ComplianceType
_GOOD_AGAIN = {
    _C.COMPLIANT: AlertKind.RECOVERY,
    _C.NOT_APPLICABLE: AlertKind.GONE,
    _C.INSUFFICIENT_DATA: AlertKind.UNKNOWN,
}


@runtime.entry("compliance-alerts")
def handler(event: object, context: Any) -> dict[str, Any]:
    """One event, at most one alert; says what became of it."""
    change = parse_compliance_change(event)
    rule = runtime.deployed_rules().get(change.rule)
    if rule is None:
        return _outcome(change, "not-ours")
    environment = runtime.environment("ENVIRONMENT_SUFFIX")
    alert = decide(change, rule, environment)
    if alert is None:
        return _outcome(change, "nothing-to-tell")

    store = Store(runtime.client("s3"), runtime.environment("REPORT_BUCKET"))
    once = Once(store, PREFIX_ALERT_LEDGER, runtime.invocation(context).request_id)
    with once.work(alert.id) as ours:
        if not ours:
            return _outcome(change, "duplicate")
        publish_alert(runtime.client("sns"), runtime.environment("ALERT_TOPIC_ARN"), alert)
    publish(
        runtime.client("cloudwatch"),
        runtime.environment("METRIC_NAMESPACE"),
        (
            point("Alerts", 1, Environment=environment),
            point("Alerts", 1, Environment=environment, Severity=alert.level.value),
        ),
        datetime.now(UTC),
    )
    return _outcome(change, "sent", alert.level.value)


def decide(change: ComplianceChange, rule: RuleInfo, environment: str) -> Alert | None:
    """The alert for a change; None where nobody has to know.

    A violation has the level of its rule's severity. What was in violation and no longer is, has INFO; a result that
    was fine and can't be told any more has LOW. A first COMPLIANT result is no news.
    """
    kind_and_level = _kind_and_level(change, rule)
    if kind_and_level is None:
        return None
    kind, level = kind_and_level
    return Alert(
        id=change.id,
        level=level,
        kind=kind,
        account=change.account,
        region=change.region,
        environment=environment,
        rule=rule,
        resource_type=change.resource_type,
        resource_id=change.resource_id,
        compliance=change.compliance,
        previous=change.previous,
        annotation=change.annotation,
        recorded_at=change.recorded_at,
    )


def _kind_and_level(change: ComplianceChange, rule: RuleInfo) -> tuple[AlertKind, AlertLevel] | None:
    if change.compliance is _C.NON_COMPLIANT:
        return AlertKind.VIOLATION, AlertLevel(rule.severity.value)
    if change.previous is _C.NON_COMPLIANT:
        kind = _GOOD_AGAIN[change.compliance]
        return kind, AlertLevel.LOW if kind is AlertKind.UNKNOWN else AlertLevel.INFO
    if change.compliance is _C.INSUFFICIENT_DATA and change.previous is _C.COMPLIANT:
        return AlertKind.UNKNOWN, AlertLevel.LOW
    return None


def publish_alert(sns: Any, topic: str, alert: Alert) -> None:
    """Publishes: JSON for machines, text for mail, and attributes for the subscriptions' filter policies."""
    document = json.dumps(to_json.alert(alert), ensure_ascii=False)
    sns.publish(
        TopicArn=topic,
        Subject=to_text.alert_subject(alert),
        MessageStructure="json",
        Message=json.dumps({"default": document, "email": to_text.alert_mail(alert)}, ensure_ascii=False),
        MessageAttributes=attributes(
            kind=alert.kind.value,
            severity=alert.level.value,
            rule=alert.rule.name,
            category=alert.rule.category,
            resourceType=alert.resource_type,
            complianceType=alert.compliance.value,
            environment=alert.environment,
        ),
    )


def attributes(**values: str) -> dict[str, dict[str, str]]:
    """SNS message attributes of those texts; an empty one is left out, because SNS refuses it."""
    return {name: {"DataType": "String", "StringValue": value} for name, value in values.items() if value}


def _outcome(change: ComplianceChange, outcome: str, level: str = "") -> dict[str, Any]:
    summary = {"outcome": outcome, "alert": change.id, "rule": change.rule, "resource": change.resource_id}
    log("compliance change", "INFO", compliance=change.compliance.value, severity=level, **summary)
    return summary
