"""Invokes the functions of custom rules with AWS's event, and checks the result tokens that come back.

https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_example-events.html
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any

import orjson

from watchkeeper import items
from watchkeeper.awsconfig.active import ActiveRule
from watchkeeper.awsconfig.context import to_iso
from watchkeeper.awsconfig.differences import difference
from watchkeeper.awsconfig.notifications import MESSAGE_LIMIT, oversized
from watchkeeper.awsconfig.recorders import running_recorder
from watchkeeper.awsconfig.states import state_before, state_by_id
from watchkeeper.awsconfig.store import Session
from watchkeeper.model import ConfigurationItem

_EVERYWHERE = ("", "")


@dataclass(frozen=True, slots=True)
class Token:
    """What a result token says: for which rule, invoked when (seconds since 1970)."""

    account: str
    region: str
    rule_id: str
    invoked: float


def invocation_event(
    db: Session, account: str, region: str, rule: ActiveRule, body: dict[str, Any], now: float
) -> dict[str, Any] | None:
    """The event for a rule's function; None where there is nothing to say any more, or where the item is too big and
    the rule didn't ask for oversized ones."""
    invoking = _scheduled(account, now) if body.get("scheduled") else _changed(db, rule, body["state"], now)
    if invoking is None:
        return None
    recorder = running_recorder(db, account, region)
    return {
        "version": "1.0",
        "invokingEvent": orjson.dumps(invoking).decode(),
        "ruleParameters": orjson.dumps(rule.parameters).decode(),
        "resultToken": _sign(db, Token(account, region, rule.id, now)),
        "eventLeftScope": bool(body.get("left_scope")),
        "executionRoleArn": recorder["recorder"].get("roleARN", "") if recorder else "",
        "configRuleArn": rule.arn,
        "configRuleName": rule.name,
        "configRuleId": rule.id,
        "accountId": account,
        "evaluationMode": "DETECTIVE",
    }


def read_token(db: Session, text: str) -> Token | None:
    """What a token that we gave out says; None for any other."""
    try:
        decoded = orjson.loads(base64.urlsafe_b64decode(text.encode()))
        payload, signature = decoded["t"], decoded["s"]
        token = Token(*payload)
    except (ValueError, KeyError, TypeError):
        return None
    return token if hmac.compare_digest(_signature(db, payload), str(signature)) else None


def _scheduled(account: str, now: float) -> dict[str, Any]:
    return {
        "awsAccountId": account,
        "notificationCreationTime": to_iso(now),
        "messageType": "ScheduledNotification",
        "recordVersion": "1.0",
    }


def _changed(db: Session, rule: ActiveRule, state: int, now: float) -> dict[str, Any] | None:
    item = state_by_id(db, state)
    if item is None:
        return None
    message = _change_message(item, state_before(db, item, state), now)
    if len(orjson.dumps(message)) <= MESSAGE_LIMIT:
        return message
    if not rule.oversized:
        return None
    short = oversized(message, "", None)
    return {key: value for key, value in short.items() if key != "s3DeliverySummary"}


def _change_message(item: ConfigurationItem, previous: ConfigurationItem | None, now: float) -> dict[str, Any]:
    return {
        "configurationItemDiff": difference(previous, item),
        "configurationItem": items.to_event(item),
        "notificationCreationTime": to_iso(now),
        "messageType": "ConfigurationItemChangeNotification",
        "recordVersion": items.ITEM_VERSION,
    }


def _sign(db: Session, token: Token) -> str:
    payload = [token.account, token.region, token.rule_id, token.invoked]
    return base64.urlsafe_b64encode(orjson.dumps({"t": payload, "s": _signature(db, payload)})).decode()


def _signature(db: Session, payload: list[Any]) -> str:
    return hmac.new(_key(db), orjson.dumps(payload), hashlib.sha256).hexdigest()


def _key(db: Session) -> bytes:
    """The store's own secret, made on first use: tokens survive a restart and can't be made up."""
    held = db.get(*_EVERYWHERE, "secret", "result-token")
    if held is None:
        held = {"key": secrets.token_hex(32)}
        db.put(*_EVERYWHERE, "secret", "result-token", held)
    return bytes.fromhex(held["key"])
