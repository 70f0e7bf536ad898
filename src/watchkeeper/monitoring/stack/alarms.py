"""Alarms on the monitoring itself: a function that fails, a letter that nobody got."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from watchkeeper.monitoring.stack.context import Concern, Context
from watchkeeper.monitoring.stack.functions import DeployedFunction
from watchkeeper.monitoring.stack.topics import AlertTopic

PERIOD_SECONDS = 300


class Alarms(Concern):
    """An alarm for each function's errors and each dead-letter queue, to the alert topic.

    Metrics: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html and
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    """

    def __init__(
        self,
        context: Context,
        functions: Mapping[str, DeployedFunction],
        alerts: AlertTopic,
        parent: pulumi.Resource,
    ) -> None:
        super().__init__("Alarms", "alarms", context, parent)
        self.alerts = alerts
        errors = [self._errors(name, deployed.function) for name, deployed in functions.items()]
        letters = [self._dead_letters(f"{name}-dlq", deployed.queue) for name, deployed in functions.items()]
        self.alarms = [*errors, *letters, self._dead_letters("alert-topic-dlq", alerts.queue)]
        self.register_outputs({"alarmNames": [alarm.name for alarm in self.alarms]})

    def _errors(self, name: str, function: aws.lambda_.Function) -> aws.cloudwatch.MetricAlarm:
        return self._alarm(
            f"{name}-errors",
            f"{name} failed: its log has the reason, and the event is tried again.",
            namespace="AWS/Lambda",
            metric="Errors",
            statistic="Sum",
            dimensions={"FunctionName": function.name},
        )

    def _dead_letters(self, name: str, queue: aws.sqs.Queue) -> aws.cloudwatch.MetricAlarm:
        return self._alarm(
            f"{name}-depth",
            "Something could not be delivered or handled, and waits in the dead-letter queue.",
            namespace="AWS/SQS",
            metric="ApproximateNumberOfMessagesVisible",
            statistic="Maximum",
            dimensions={"QueueName": queue.name},
        )

    def _alarm(
        self,
        resource: str,
        description: str,
        *,
        namespace: str,
        metric: str,
        statistic: str,
        dimensions: Mapping[str, pulumi.Output[str]],
    ) -> aws.cloudwatch.MetricAlarm:
        name = self.context.name(resource)
        return aws.cloudwatch.MetricAlarm(
            name,
            name=name,
            alarm_description=description,
            namespace=namespace,
            metric_name=metric,
            dimensions=dict(dimensions),
            statistic=statistic,
            period=PERIOD_SECONDS,
            evaluation_periods=1,
            comparison_operator="GreaterThanOrEqualToThreshold",
            threshold=1,
            treat_missing_data="notBreaching",
            alarm_actions=[self.alerts.topic.arn],
            tags=self.context.tags,
            opts=self.child(self.alerts.policy),
        )
