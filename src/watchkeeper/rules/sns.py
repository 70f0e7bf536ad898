"""Amazon SNS: topics.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import COMPLIANT, Lookup, Parameters, listed, need, pick, rule, shown, verdict, violation
from watchkeeper.rules.kms import among_keys
from watchkeeper.rules.policy import Statement, needed_statements

TOPIC = "AWS::SNS::Topic"

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
    if not allowed or among_keys(key, allowed):
        return COMPLIANT
    return violation(f"The topic is encrypted with {shown(key, 90)}; use one of {listed(allowed, 1)}.")


@rule("SNS_TOPIC_NO_PUBLIC_ACCESS", types=(TOPIC,), severity=Severity.HIGH, category="Public access")
def topic_not_public(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The topic's policy gives nothing to everybody."""
    return not_public(needed_statements(pick(item.configuration, "Policy")), "sns")


@rule("SNS_TOPIC_MESSAGE_DELIVERY_NOTIFICATION_ENABLED", types=(TOPIC,), severity=Severity.LOW,
      category="Logging and monitoring")  # fmt: skip
def topic_delivery_status(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The topic logs the delivery of its messages for some protocol."""
    need(item.configuration, "TopicArn", "TopicName")
    on = any(pick(item.configuration, name) for name in FEEDBACK) or bool(
        pick(item.configuration, "DeliveryStatusLogging")
    )
    return verdict(on, "Delivery status logging is off; set a feedback role for the topic's protocols.")


def not_public(policy: tuple[Statement, ...], service: str) -> Verdict:
    bad = next((s for s in policy if s.is_public(service)), None)
    return verdict(bad is None, f"The policy's {bad.label if bad else ''} is public; name principals or a source.")
