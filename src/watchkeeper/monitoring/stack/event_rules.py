"""What starts the functions: schedules and events, with permission before target, retries and dead letters."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from watchkeeper.monitoring.functions.manifest import Trigger
from watchkeeper.monitoring.stack.context import Concern, Context
from watchkeeper.monitoring.stack.functions import DeployedFunction
from watchkeeper.monitoring.stack.policies import allow_service, document, from_account

RETRY = {"maximum_event_age_in_seconds": 6 * 3600, "maximum_retry_attempts": 20}
"""EventBridge's own default goes on for a day; the next scheduled run is six hours away."""


class Triggers(Concern):
    """The EventBridge rules of all functions, each with its target."""

    def __init__(self, context: Context, functions: Mapping[str, DeployedFunction], parent: pulumi.Resource) -> None:
        super().__init__("Triggers", "triggers", context, parent)
        self.rules: dict[str, aws.cloudwatch.EventRule] = {}
        self.targets: list[aws.cloudwatch.EventTarget] = []
        for deployed in functions.values():
            self._start(deployed)
        self.register_outputs({"eventRuleNames": [rule.name for rule in self.rules.values()]})

    def _start(self, deployed: DeployedFunction) -> None:
        rules = [self._rule(deployed, trigger) for trigger in deployed.spec.triggers]
        queue_policy = self._queue_policy(deployed, rules)
        for trigger, rule in zip(deployed.spec.triggers, rules, strict=True):
            self._target(f"{deployed.spec.name}-{trigger.key}", deployed, rule, queue_policy)

    def _rule(self, deployed: DeployedFunction, trigger: Trigger) -> aws.cloudwatch.EventRule:
        resource = f"{deployed.spec.name}-{trigger.key}"
        name = self.context.name(resource)
        self.rules[resource] = aws.cloudwatch.EventRule(
            name,
            name=name,
            description=deployed.spec.description,
            schedule_expression=schedule(self.context, deployed.spec.name, trigger),
            event_pattern=json.dumps(trigger.event_pattern, sort_keys=True) if trigger.event_pattern else None,
            state="ENABLED",
            tags=self.context.tags,
            opts=self.child(),
        )
        return self.rules[resource]

    def _queue_policy(self, deployed: DeployedFunction, rules: list[aws.cloudwatch.EventRule]) -> aws.sqs.QueuePolicy:
        """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html"""
        arns = [self.context.arn("events", pulumi.Output.concat("rule/", rule.name)) for rule in rules]
        condition = {"ArnEquals": {"aws:SourceArn": arns}, **from_account(self.context)}
        return aws.sqs.QueuePolicy(
            self.context.name(f"{deployed.spec.name}-dlq-policy"),
            queue_url=deployed.queue.id,
            policy=document(
                allow_service(
                    "events.amazonaws.com",
                    ["sqs:SendMessage"],
                    self.context.arn("sqs", self.context.name(f"{deployed.spec.name}-dlq")),
                    sid="UndeliveredEvents",
                    condition=condition,
                )
            ),
            opts=self.child(),
        )

    def _target(
        self,
        resource: str,
        deployed: DeployedFunction,
        rule: aws.cloudwatch.EventRule,
        queue_policy: aws.sqs.QueuePolicy,
    ) -> None:
        permission = aws.lambda_.Permission(
            self.context.name(f"{resource}-permission"),
            statement_id=self.context.name(resource),
            action="lambda:InvokeFunction",
            function=deployed.function.name,
            principal="events.amazonaws.com",
            source_arn=rule.arn,
            opts=self.child(),
        )
        target = aws.cloudwatch.EventTarget(
            self.context.name(f"{resource}-target"),
            rule=rule.name,
            target_id=deployed.spec.name,
            arn=deployed.function.arn,
            retry_policy=aws.cloudwatch.EventTargetRetryPolicyArgs(**RETRY),
            dead_letter_config=aws.cloudwatch.EventTargetDeadLetterConfigArgs(arn=deployed.queue.arn),
            opts=self.child(permission, queue_policy),
        )
        self.targets.append(target)


def schedule(context: Context, function: str, trigger: Trigger) -> str | None:
    """When a trigger fires: the settings' word, the manifest's where there is no setting; None for an event."""
    if trigger.schedule is None:
        return None
    schedules = context.settings.schedules
    set_by_user = {
        "compliance-processor": schedules.processor,
        "compliance-report": schedules.report,
        "daily-aggregator": schedules.daily,
        "executive-summary": schedules.summary,
    }
    return set_by_user.get(function, trigger.schedule)
