"""The KMS key of the report bucket, the alert topic and the dead-letter queues."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from watchkeeper.monitoring.stack.context import Concern, Context
from watchkeeper.monitoring.stack.policies import Statement, allow_service, document, from_account

USE = ("kms:Decrypt", "kms:GenerateDataKey")
"""What writing encrypted needs: https://docs.aws.amazon.com/kms/latest/developerguide/services-s3.html."""


class EncryptionKey(Concern):
    """A rotated key with an alias. Its policy lets in the account, and the services that need it for this account."""

    def __init__(self, context: Context, parent: pulumi.Resource) -> None:
        super().__init__("EncryptionKey", "encryption-key", context, parent)
        name = context.name("compliance-key")
        self.key = aws.kms.Key(
            name,
            description=f"Encrypts what compliance monitoring keeps and sends ({context.settings.environment_suffix})",
            enable_key_rotation=True,
            deletion_window_in_days=context.settings.key_deletion_window_days,
            policy=document(*_statements(context)),
            tags=context.tags,
            opts=self.child(),
        )
        self.alias = aws.kms.Alias(name, name=f"alias/{name}", target_key_id=self.key.key_id, opts=self.child())
        self.register_outputs({"keyArn": self.key.arn, "aliasName": self.alias.name})


def _services(context: Context) -> dict[str, str]:
    """Service principal → why it needs the key."""
    delivering = {} if context.settings.adopt_recorder else {"config.amazonaws.com": "ConfigDelivery"}
    return delivering | {
        # Alarms publish to the encrypted alert topic:
        # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        "cloudwatch.amazonaws.com": "AlarmNotifications",
        # Events that could not be delivered go to encrypted queues, and no event goes to the encrypted topic: there
        # EventBridge would bring no source account for the condition below
        # (https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html).
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html
        "events.amazonaws.com": "EventDeadLetters",
        # Alerts that could not be delivered go to an encrypted queue:
        # https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
        "sns.amazonaws.com": "AlertDeadLetters",
    }


def _statements(context: Context) -> list[Statement]:
    root = pulumi.Output.concat("arn:", context.partition, ":iam::", context.account_id, ":root")
    account = {
        "Sid": "Account",
        "Effect": "Allow",
        "Principal": {"AWS": root},
        "Action": "kms:*",
        "Resource": "*",
    }
    services = [
        allow_service(service, USE, "*", sid=sid, condition=from_account(context))
        for service, sid in _services(context).items()
    ]
    return [account, *services]
