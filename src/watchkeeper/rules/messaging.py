"""Amazon SNS and SQS: topics and queues.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    COMPLIANT,
    Lookup,
    Parameters,
    listed,
    need,
    pick,
    rule,
    shown,
    verdict,
    violation,
)
from watchkeeper.rules.policy import Statement, needed_statements, statements
from watchkeeper.rules.s3 import same_key

TOPIC = "AWS::SNS::Topic"
QUEUE = "AWS::SQS::Queue"

FEEDBACK = ("HTTPSuccessFeedbackRoleArn", "HTTPFailureFeedbackRoleArn", "FirehoseSuccessFeedbackRoleArn",
            "FirehoseFailureFeedbackRoleArn", "LambdaSuccessFeedbackRoleArn", "LambdaFailureFeedbackRoleArn",
            "ApplicationSuccessFeedbackRoleArn", "ApplicationFailureFeedbackRoleArn", "SQSSuccessFeedbackRoleArn",
            "SQSFailureFeedbackRoleArn")  # fmt: skip


@rule("SNS_ENCRYPTED_KMS", types=(TOPIC,), severity=Severity.MEDIUM, category="Encryption")
def topic_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The topic is encrypted with a KMS key, one of kmsKeyIds where they are given."""
    need(item.configuration, "TopicArn", "TopicName")
    key, allowed = pick(item.configuration, "KmsMasterKeyId"), parameters.get("kmsKeyIds", ())
    if not key:
        return violation(
            "The topic is not encrypted; give it a KMS key (AWS Config can't publish to an encrypted topic)."
        )
    if not allowed or any(same_key(key, entry) or same_key(entry, key) for entry in allowed):
        return COMPLIANT
    return violation(f"The topic is encrypted with {shown(key, 90)}; use one of {listed(allowed, 1)}.")


@rule("SNS_TOPIC_NO_PUBLIC_ACCESS", types=(TOPIC,), severity=Severity.HIGH, category="Public access")
def topic_not_public(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The topic's policy gives nothing to everybody."""
    return _not_public(needed_statements(pick(item.configuration, "Policy")))


@rule("SNS_TOPIC_MESSAGE_DELIVERY_NOTIFICATION_ENABLED", types=(TOPIC,), severity=Severity.LOW,
      category="Logging and monitoring")  # fmt: skip
def topic_delivery_status(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The topic logs the delivery of its messages for some protocol."""
    need(item.configuration, "TopicArn", "TopicName")
    on = any(pick(item.configuration, name) for name in FEEDBACK) or bool(
        pick(item.configuration, "DeliveryStatusLogging")
    )
    return verdict(on, "Delivery status logging is off; set a feedback role for the topic's protocols.")


@rule("SQS_QUEUE_NO_PUBLIC_ACCESS", types=(QUEUE,), severity=Severity.HIGH, category="Public access")
def queue_not_public(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The queue's policy gives nothing to everybody; a queue without one is for its account alone."""
    need(item.configuration, "QueueArn", "Arn", "QueueName", "QueueUrl")
    return _not_public(statements(pick(item.configuration, "Policy")))


def _not_public(policy: tuple[Statement, ...]) -> Verdict:
    bad = next((s for s in policy if s.is_public), None)
    return verdict(bad is None, f"The policy's {bad.label if bad else ''} is public; name principals or a source.")


@rule("SQS_QUEUE_POLICY_FULL_ACCESS_CHECK", types=(QUEUE,), severity=Severity.HIGH, category="Identity")
def queue_no_full_access(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The queue's policy allows nobody every action."""
    need(item.configuration, "QueueArn", "Arn", "QueueName", "QueueUrl")
    policy = statements(pick(item.configuration, "Policy"))
    bad = next((s for s in policy if s.allows and {"*", "sqs:*"} & set(s.actions)), None)
    return verdict(bad is None, f"The policy's {bad.label if bad else ''} allows every action; name those needed.")


@rule("SQS_QUEUE_DLQ_CHECK", types=(QUEUE,), severity=Severity.LOW, category="Backup and recovery")
def queue_dead_letters(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The queue has a dead-letter queue."""
    need(item.configuration, "QueueArn", "Arn", "QueueName", "QueueUrl")
    return verdict(bool(pick(item.configuration, "RedrivePolicy")), "No dead-letter queue; set a redrive policy.")
