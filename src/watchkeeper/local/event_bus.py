"""Event rules' targets that AWS would not reach: refused here in the same silence, and counted.

EventBridge uses resource policies for Lambda, SNS and SQS, and on encrypted topics and queues the key's policy too:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html. What it can't deliver goes to the
target's dead-letter queue, if it has one that lets EventBridge in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from watchkeeper.local import ministack_adapter as adapter
from watchkeeper.local.losses import UNDELIVERED, UNINVOKED, UNPUBLISHED, Losses

EVENTS_PRINCIPAL, ALARMS_PRINCIPAL = "events.amazonaws.com", "cloudwatch.amazonaws.com"
_KINDS = {"lambda": UNINVOKED, "sns": UNPUBLISHED, "sqs": UNDELIVERED}


class EventTargets:
    """Decides, for MiniStack's event rules, whether a target gets an event; with CloudWatch as ``principal``, whether
    a topic gets an alarm."""

    def __init__(self, losses: Losses, *, iam: bool, principal: str = EVENTS_PRINCIPAL) -> None:
        self._losses = losses
        self._iam = iam
        self._principal = principal

    def guard(
        self,
        target: Mapping[str, Any],
        rule: Mapping[str, Any],
        account: str,
        region: str,
        event: Callable[[], str],
    ) -> bool:
        """True: go ahead. False: lost, or put into the target's dead-letter queue."""
        arn = str(target.get("Arn", ""))
        service = arn.split(":")[2] if arn.count(":") >= 5 else ""
        if service not in _KINDS:
            return True
        rule_arn = str(rule.get("Arn", ""))
        reason = self._refusal(service, arn, rule_arn, account, region)
        if reason is None:
            return True
        self._losses.add(_KINDS[service], rule_arn, arn, reason, account, region)
        self._dead_letter(target, rule_arn, account, region, event)
        return False

    def guard_topic(self, arn: str, source_arn: str, account: str, region: str) -> bool:
        """True: publish. False: lost."""
        reason = self._topic(arn, source_arn, account, region)
        if reason is not None:
            self._losses.add(UNPUBLISHED, source_arn, arn, reason, account, region)
        return reason is None

    def _refusal(self, service: str, arn: str, rule_arn: str, account: str, region: str) -> str | None:
        if service == "lambda":
            return self._function(arn, rule_arn, account, region)
        if service == "sns":
            return self._topic(arn, rule_arn, account, region)
        return self._queue(arn, rule_arn, account, region)

    def _function(self, arn: str, rule_arn: str, account: str, region: str) -> str | None:
        policy = adapter.function_policy(account, region, arn)
        if policy is None:
            return "there is no such function"
        return self._policy("lambda:InvokeFunction", arn, policy, rule_arn, account, region, "the function's policy")

    def _topic(self, arn: str, rule_arn: str, account: str, region: str) -> str | None:
        attributes = adapter.topic(account, region, arn)
        if attributes is None:
            return "there is no such topic"
        refused = self._policy(
            "sns:Publish", arn, attributes.get("Policy"), rule_arn, account, region, "the topic's policy"
        )
        return refused or self._key(attributes.get("KmsMasterKeyId"), rule_arn, account, region)

    def _queue(self, arn: str, rule_arn: str, account: str, region: str) -> str | None:
        attributes = adapter.queue(account, region, arn)
        if attributes is None:
            return "there is no such queue"
        refused = self._policy(
            "sqs:SendMessage", arn, attributes.get("Policy"), rule_arn, account, region, "the queue's policy"
        )
        return refused or self._key(attributes.get("KmsMasterKeyId"), rule_arn, account, region)

    def _policy(
        self, action: str, arn: str, policy: Any, rule_arn: str, account: str, region: str, whose: str
    ) -> str | None:
        if not self._iam or adapter.service_allowed(
            self._principal,
            action,
            arn,
            policy,
            account=account,
            region=region,
            source_arn=rule_arn,
            keys=self._keys(account),
        ):
            return None
        return f"{whose} doesn't allow {action} to {self._principal} for {rule_arn}"

    def _keys(self, account: str) -> dict[str, str]:
        """A topic's default policy is conditioned on aws:SourceOwner; alarms have it, and so get in:
        https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html"""
        return {"aws:sourceowner": account} if self._principal == ALARMS_PRINCIPAL else {}

    def _key(self, key: str | None, rule_arn: str, account: str, region: str) -> str | None:
        if not key or not self._iam:
            return None
        if key.startswith("alias/aws/"):
            return f"{key} is AWS's key and can't be opened to {self._principal}"
        record = adapter.key_policy(account, region, key)
        if record is None:
            return f"there is no key {key}"
        key_arn, policy = record
        for action in ("kms:GenerateDataKey", "kms:Decrypt"):
            if not adapter.service_allowed(
                self._principal, action, key_arn, policy, account=account, region=region, source_arn=rule_arn
            ):
                return f"the policy of key {key_arn} doesn't allow {action} to {self._principal}"
        return None

    def _dead_letter(
        self, target: Mapping[str, Any], rule_arn: str, account: str, region: str, event: Callable[[], str]
    ) -> None:
        queue_arn = str((target.get("DeadLetterConfig") or {}).get("Arn", ""))
        if not queue_arn:
            return
        refused = self._queue(queue_arn, rule_arn, account, region)
        if refused is None:
            adapter.send_to_queue(account, region, queue_arn, event())
            return
        self._losses.add(UNDELIVERED, rule_arn, queue_arn, refused, account, region)
