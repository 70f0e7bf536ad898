"""What AWS Config tells the world: EventBridge events and the same as SNS messages.

https://docs.aws.amazon.com/config/latest/developerguide/monitor-config-with-cloudwatchevents.html and
https://docs.aws.amazon.com/config/latest/developerguide/notifications-for-AWS-Config.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from watchkeeper import items
from watchkeeper.awsconfig.context import to_iso
from watchkeeper.awsconfig.differences import difference
from watchkeeper.awsconfig.outcomes import Result
from watchkeeper.awsconfig.store import Session
from watchkeeper.model import ConfigurationItem

MESSAGE_LIMIT = 256 * 1024
"""Bytes that EventBridge and SNS take in one message; a bigger item is announced by a summary and put to S3."""
SUBJECT_LIMIT = 100
_ITEM_CHANGE = "Config Configuration Item Change"
_VERBS = {"CREATE": "Created", "UPDATE": "Updated", "DELETE": "Deleted"}


@dataclass(frozen=True, slots=True)
class Notification:
    """One message: an event's detail type, detail and resources, and the subject that it has on the SNS topic."""

    detail_type: str
    detail: dict[str, Any]
    resources: tuple[str, ...]
    subject: str


def queue_notification(db: Session, account: str, region: str, notification: Notification) -> None:
    """Have a message sent after the commit: to EventBridge, and to the delivery channel's topic if it has one."""
    detail = orjson.dumps(notification.detail).decode()
    if len(detail) > MESSAGE_LIMIT and notification.detail_type == _ITEM_CHANGE:
        db.queue("emit", "oversized", account, region, {"detail": notification.detail, "subject": notification.subject})
        return
    entry = {"type": notification.detail_type, "detail": detail, "resources": list(notification.resources)}
    db.announce(account, region, entry)
    if topic_of(db, account, region):
        db.queue("emit", "notify", account, region, {"subject": notification.subject, "message": detail})


def topic_of(db: Session, account: str, region: str) -> str | None:
    """The delivery channel's topic."""

    def read() -> str | None:
        channels = db.entities(account, region, "channel")
        return next((body.get("snsTopicARN") for _, body in channels), None)

    return db.remembered(account, region, "channel", read)


def compliance_change(
    account: str, region: str, arn: str, before: Result | None, result: Result, now: float
) -> Notification:
    """``Config Rules Compliance Change``."""
    detail: dict[str, Any] = {
        "resourceId": result.resource_id,
        "awsRegion": region,
        "awsAccountId": account,
        "configRuleName": result.rule,
        "recordVersion": "1.0",
        "configRuleARN": arn,
        "messageType": "ComplianceChangeNotification",
        "newEvaluationResult": _evaluation_result(result),
        "notificationCreationTime": to_iso(now),
        "resourceType": result.resource_type,
    }
    if before is not None:
        detail["oldEvaluationResult"] = _evaluation_result(before)
    subject = (
        f"[AWS Config:{region}] {result.resource_type} {result.resource_id} is {result.compliance} with {result.rule} "
        f"in Account {account}"
    )
    return Notification("Config Rules Compliance Change", detail, (), _subject(subject))


def item_change(item: ConfigurationItem, previous: ConfigurationItem | None, now: float) -> Notification:
    """``Config Configuration Item Change``, with what changed since the state before."""
    change = difference(previous, item)
    detail = {
        "recordVersion": items.ITEM_VERSION,
        "messageType": "ConfigurationItemChangeNotification",
        "configurationItemDiff": change,
        "notificationCreationTime": to_iso(now),
        "configurationItem": items.to_event(item),
    }
    verb = _VERBS[change["changeType"]]
    subject = f"[AWS Config:{item.region}] {item.resource_type} {item.resource_id} {verb} in Account {item.account_id}"
    return Notification(_ITEM_CHANGE, detail, (item.arn,) if item.arn else (), _subject(subject))


def oversized(detail: Mapping[str, Any], location: str, failure: tuple[str, str] | None) -> dict[str, Any]:
    """``OversizedConfigurationItemChangeNotification``: the same without the item, saying where in S3 that is."""
    item = dict(detail["configurationItem"])
    summary_keys = (
        "awsAccountId", "configurationItemStatus", "resourceType", "resourceId", "resourceName", "ARN", "awsRegion",
        "availabilityZone", "configurationItemVersion", "configurationItemCaptureTime", "configurationStateId",
        "configurationStateMd5Hash", "resourceCreationTime",
    )  # fmt: skip
    summary = {key: item.get(key) for key in summary_keys}
    return {
        "recordVersion": "1.0",
        "messageType": "OversizedConfigurationItemChangeNotification",
        "notificationCreationTime": detail["notificationCreationTime"],
        "configurationItemSummary": {"changeType": detail["configurationItemDiff"]["changeType"], **summary},
        "s3DeliverySummary": {
            "s3BucketLocation": location or None,
            "errorCode": failure[0] if failure else None,
            "errorMessage": failure[1] if failure else None,
        },
    }


def delivery_status(detail_type: str, detail: dict[str, Any], subject: str) -> Notification:
    """``Config Configuration Snapshot Delivery Status`` and ``Config Configuration History Delivery Status``: the names
    of https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-config.html"""
    return Notification(detail_type, detail, (), _subject(subject))


def evaluation_started(account: str, region: str, rules: list[str], now: float) -> Notification:
    """``Config Rules Re-evaluation Status``, after StartConfigRulesEvaluation. The message is that of
    https://docs.aws.amazon.com/config/latest/developerguide/config-rules-evaluation-started.html"""
    detail = {
        "awsAccountId": account,
        "awsRegion": region,
        "configRuleNames": rules,
        "notificationCreationTime": to_iso(now),
        "messageType": "ConfigRulesEvaluationStarted",
        "recordVersion": "1.0",
    }
    subject = f"[AWS Config:{region}] Config Rules Evaluation Started for Account {account}"
    return Notification("Config Rules Re-evaluation Status", detail, (), _subject(subject))


def _evaluation_result(result: Result) -> dict[str, Any]:
    shape = {
        "evaluationResultIdentifier": {
            "evaluationResultQualifier": {
                "configRuleName": result.rule,
                "resourceType": result.resource_type,
                "resourceId": result.resource_id,
                "evaluationMode": "DETECTIVE",
            },
            "orderingTimestamp": to_iso(result.ordering),
        },
        "complianceType": result.compliance,
        "resultRecordedTime": to_iso(result.recorded),
        "configRuleInvokedTime": to_iso(result.invoked),
    }
    return shape | ({"annotation": result.annotation} if result.annotation else {})


def _subject(text: str) -> str:
    """SNS takes 100 characters without control characters."""
    printable = text if text.isprintable() else "".join(letter for letter in text if letter.isprintable())
    return printable[:SUBJECT_LIMIT]
