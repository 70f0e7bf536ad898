"""The encrypted alert topic with its subscriptions, and the topic of the delivery channel.

AWS Config can't publish to an encrypted topic ("Permissions for the Amazon SNS Topic",
https://docs.aws.amazon.com/config/latest/developerguide/sns-topic-policy.html): the delivery channel has one of its
own, that carries no alerts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from watchkeeper.model import Severity
from watchkeeper.monitoring.settings import AlertEmail
from watchkeeper.monitoring.stack.context import Concern, Context
from watchkeeper.monitoring.stack.policies import Statement, allow_service, deny_plain_http, document, from_account
from watchkeeper.monitoring.stack.queues import dead_letter_queue

SEVERITY_ATTRIBUTE = "severity"
"""The message attribute of an alert that subscriptions filter by."""

DELIVERY_POLICY: Mapping[str, Any] = {
    "http": {
        "defaultHealthyRetryPolicy": {
            "minDelayTarget": 5,
            "maxDelayTarget": 60,
            "numRetries": 10,
            "numNoDelayRetries": 0,
            "numMinDelayRetries": 2,
            "numMaxDelayRetries": 3,
            "backoffFunction": "exponential",
        },
        "disableSubscriptionOverrides": False,
    }
}
"""Retries for HTTP/S endpoints, which is all that a delivery policy is for: on the topic, never on an email
subscription. All of them together may take an hour at most
(https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html)."""


class AlertTopic(Concern):
    """Where alerts go, encrypted, with email subscriptions and a queue for what could not be delivered."""

    def __init__(self, context: Context, key: aws.kms.Key, parent: pulumi.Resource) -> None:
        super().__init__("AlertTopic", "alert-topic", context, parent)
        self.topic = _topic(self, "compliance-alerts", kms_master_key_id=key.arn)
        self.policy = _topic_policy(self, "compliance-alerts", self.topic, _alert_statements(context))
        self.queue = dead_letter_queue(context, "alert-topic-dlq", key, self.child())
        self.queue_policy = aws.sqs.QueuePolicy(
            context.name("alert-topic-dlq-policy"),
            queue_url=self.queue.id,
            policy=document(
                allow_service(
                    "sns.amazonaws.com",
                    ["sqs:SendMessage"],
                    context.arn("sqs", context.name("alert-topic-dlq")),
                    sid="UndeliveredAlerts",
                    condition={"ArnEquals": {"aws:SourceArn": context.arn("sns", context.name("compliance-alerts"))}},
                )
            ),
            opts=self.child(),
        )
        self.subscriptions = [self._subscription(email) for email in context.settings.alert_emails]
        self.register_outputs({"topicArn": self.topic.arn, "deadLetterQueueUrl": self.queue.id})

    def _subscription(self, email: AlertEmail) -> aws.sns.TopicSubscription:
        return aws.sns.TopicSubscription(
            self.context.name(f"alert-email-{email.address}"),
            topic=self.topic.arn,
            protocol="email",
            endpoint=email.address,
            filter_policy=_filter(email),
            redrive_policy=pulumi.Output.json_dumps({"deadLetterTargetArn": self.queue.arn}),
            opts=self.child(self.queue_policy),
        )


class DeliveryTopic(Concern):
    """The delivery channel's own topic: not encrypted, Config alone may publish."""

    def __init__(self, context: Context, parent: pulumi.Resource) -> None:
        super().__init__("DeliveryTopic", "delivery-topic", context, parent)
        self.topic = _topic(self, "config-delivery")
        arn = delivery_topic_arn(context)
        publish = allow_service(
            "config.amazonaws.com",
            ["sns:Publish"],
            arn,
            sid="AWSConfigSNSPolicy",
            condition=from_account(context),
        )
        statements = [publish, deny_plain_http(["sns:Publish"], arn)]
        self.policy = _topic_policy(self, "config-delivery", self.topic, statements)
        self.register_outputs({"topicArn": self.topic.arn})


def delivery_topic_arn(context: Context) -> pulumi.Output[str]:
    """ARN of the delivery channel's topic, known before it exists."""
    return context.arn("sns", context.name("config-delivery"))


def _topic(concern: Concern, resource: str, **more: Any) -> aws.sns.Topic:
    name = concern.context.name(resource)
    return aws.sns.Topic(
        name,
        name=name,
        delivery_policy=json.dumps(DELIVERY_POLICY, sort_keys=True),
        tags=concern.context.tags,
        opts=concern.child(),
        **more,
    )


def _topic_policy(
    concern: Concern, resource: str, topic: aws.sns.Topic, statements: list[Statement]
) -> aws.sns.TopicPolicy:
    return aws.sns.TopicPolicy(
        concern.context.name(f"{resource}-topic-policy"),
        arn=topic.arn,
        policy=document(*statements),
        opts=concern.child(),
    )


def _alert_statements(context: Context) -> list[Statement]:
    """Alarms publish as a service; the functions publish by their roles.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    """
    arn = context.arn("sns", context.name("compliance-alerts"))
    alarms = {"ArnLike": {"aws:SourceArn": context.arn("cloudwatch", "alarm:*")}, **from_account(context)}
    return [
        allow_service("cloudwatch.amazonaws.com", ["sns:Publish"], arn, sid="AlarmNotifications", condition=alarms),
        deny_plain_http(["sns:Publish"], arn),
    ]


def _filter(email: AlertEmail) -> str | None:
    """Whoever wants every severity also gets what has none: alarms of the monitoring itself."""
    if set(email.severities) == set(Severity):
        return None
    return json.dumps({SEVERITY_ATTRIBUTE: [str(severity) for severity in email.severities]})
