"""Amazon SQS: queues.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import Lookup, Parameters, need, pick, rule, verdict
from watchkeeper.rules.policy import statements
from watchkeeper.rules.sns import not_public

QUEUE = "AWS::SQS::Queue"


@rule("SQS_QUEUE_NO_PUBLIC_ACCESS", types=(QUEUE,), severity=Severity.HIGH, category="Public access")
def queue_not_public(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The queue's policy gives nothing to everybody; a queue without one is for its account alone."""
    need(item.configuration, "QueueArn", "Arn", "QueueName", "QueueUrl")
    return not_public(statements(pick(item.configuration, "Policy")), "sqs")


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
