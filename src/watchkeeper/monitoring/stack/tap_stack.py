"""The whole compliance monitoring system as one component."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from watchkeeper.monitoring.settings import Settings, SettingsError, from_pulumi_config
from watchkeeper.monitoring.stack.aggregator import ComplianceAggregator
from watchkeeper.monitoring.stack.alarms import Alarms
from watchkeeper.monitoring.stack.bucket import ReportBucket
from watchkeeper.monitoring.stack.context import TYPE_PREFIX, Context
from watchkeeper.monitoring.stack.dashboard import ComplianceDashboard
from watchkeeper.monitoring.stack.event_rules import Triggers
from watchkeeper.monitoring.stack.functions import Functions, Surroundings
from watchkeeper.monitoring.stack.key import EncryptionKey
from watchkeeper.monitoring.stack.recording import ConfigRecording
from watchkeeper.monitoring.stack.rules import ConfigRules
from watchkeeper.monitoring.stack.topics import AlertTopic, DeliveryTopic

TYPE = f"{TYPE_PREFIX}TapStack"


@dataclass(frozen=True)
class TapStackArgs:
    """What a TapStack is made from."""

    settings: Settings

    @classmethod
    def from_config(cls) -> TapStackArgs:
        """The configuration of the Pulumi stack that runs. Raises pulumi.RunError with all that is wrong in it."""
        try:
            return cls(from_pulumi_config({**get_config_env(), **CONFIG.get()}, f"stack {pulumi.get_stack()}"))
        except SettingsError as error:
            raise pulumi.RunError(str(error)) from error


class TapStack(pulumi.ComponentResource):
    """Key, bucket, topics, AWS Config, rules, functions, triggers, aggregator, dashboard and alarms.

    ``outputs`` has what a user would export, by name; the same is registered as the component's outputs.
    """

    outputs: Mapping[str, Any]

    def __init__(self, name: str, args: TapStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, None, opts)
        context = Context.of(args.settings, self)
        key = EncryptionKey(context, self).key
        reports = ReportBucket(context, key, self)
        alerts = AlertTopic(context, key, self)
        recording = self._recording(context, key, reports)
        running: list[pulumi.Resource] = [recording.status] if recording else []
        around = Surroundings(
            key=key,
            reports=reports,
            alert_topic=alerts.topic,
            after=(reports.policy, reports.encryption, alerts.policy),
        )
        functions = Functions(context, around, self).deployed
        triggers = Triggers(context, functions, self)
        # A rule evaluates what exists as soon as it is there: whoever has to hear of it must be listening by then.
        rules = ConfigRules(context, [*running, *triggers.targets], self)
        alarms = Alarms(context, functions, alerts, self)
        dashboard = ComplianceDashboard(context, functions, alerts, self)
        self.outputs = {
            "bucketName": reports.bucket.bucket,
            "keyArn": key.arn,
            "alertTopicArn": alerts.topic.arn,
            "recorderName": recording.recorder.name if recording else args.settings.adopt_recorder,
            "ruleNames": [rule.name for rule in rules.rules.values()],
            "functionNames": {name: deployed.function.name for name, deployed in functions.items()},
            "eventRuleNames": [rule.name for rule in triggers.rules.values()],
            "alarmNames": [alarm.name for alarm in alarms.alarms],
            "dashboardName": dashboard.dashboard.dashboard_name,
            **_recording_outputs(recording),
            **self._aggregation(context, running),
        }
        self.register_outputs(dict(self.outputs))

    def export(self) -> None:
        """Makes the outputs those of the Pulumi stack."""
        for name, value in self.outputs.items():
            pulumi.export(name, value)

    def _recording(self, context: Context, key: Any, reports: ReportBucket) -> ConfigRecording | None:
        """None where a recorder is adopted: one account and region has one recorder and one channel."""
        if context.settings.adopt_recorder:
            return None
        return ConfigRecording(context, key, reports, DeliveryTopic(context, self), self)

    def _aggregation(self, context: Context, after: list[pulumi.Resource]) -> dict[str, Any]:
        if not context.settings.aggregator.enabled:
            return {}
        aggregator = ComplianceAggregator(context, after, self).aggregator
        return {"aggregatorArn": aggregator.arn, "aggregatorName": aggregator.name}


def _recording_outputs(recording: ConfigRecording | None) -> dict[str, Any]:
    if recording is None:
        return {}
    return {
        "deliveryChannelName": recording.channel.name,
        "deliveryTopicArn": recording.topic.arn,
        "configRoleArn": recording.role.arn,
    }
