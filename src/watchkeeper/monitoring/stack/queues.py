"""Dead-letter queues: encrypted, and kept as long as SQS keeps anything."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from watchkeeper.monitoring.stack.context import Context

RETENTION_SECONDS = 14 * 24 * 3600
"""SQS's longest (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html)."""


def dead_letter_queue(
    context: Context, resource: str, key: aws.kms.Key, options: pulumi.ResourceOptions
) -> aws.sqs.Queue:
    """A queue for what could not be delivered or handled, under ``<resource>-<suffix>``."""
    name = context.name(resource)
    return aws.sqs.Queue(
        name,
        name=name,
        kms_master_key_id=key.arn,
        kms_data_key_reuse_period_seconds=300,
        message_retention_seconds=RETENTION_SECONDS,
        tags=context.tags,
        opts=options,
    )
