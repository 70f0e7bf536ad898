"""AWS Config itself: role, recorder, delivery channel, and the start of the recorder after the channel.

The order is AWS's: recorder, channel, start, then rules
(https://docs.aws.amazon.com/config/latest/developerguide/gs-cli-subscribe.html).
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from watchkeeper.monitoring.settings import DELIVERY_PREFIX, Recording
from watchkeeper.monitoring.stack.bucket import ReportBucket, delivery_objects
from watchkeeper.monitoring.stack.context import Concern, Context
from watchkeeper.monitoring.stack.key import USE
from watchkeeper.monitoring.stack.policies import Statement, allow, document, from_account, trust
from watchkeeper.monitoring.stack.topics import DeliveryTopic, delivery_topic_arn

CONFIG_POLICY = "service-role/AWS_ConfigRole"
"""https://docs.aws.amazon.com/config/latest/developerguide/iamrole-permissions.html"""


class ConfigRecording(Concern):
    """A running recorder that delivers to the report bucket."""

    def __init__(
        self,
        context: Context,
        key: aws.kms.Key,
        reports: ReportBucket,
        topic: DeliveryTopic,
        parent: pulumi.Resource,
    ) -> None:
        super().__init__("ConfigRecording", "config-recording", context, parent)
        self.topic = topic.topic
        role_name = context.name("config-role")
        self.role = aws.iam.Role(
            role_name,
            name=role_name,
            description="AWS Config reads the account's resources and delivers to the report bucket",
            assume_role_policy=trust("config.amazonaws.com", from_account(context)),
            tags=context.tags,
            opts=self.child(),
        )
        self.managed_policy = aws.iam.RolePolicyAttachment(
            context.name("config-role-managed"),
            role=self.role.name,
            policy_arn=context.managed_policy(CONFIG_POLICY),
            opts=self.child(),
        )
        self.delivery_policy = aws.iam.RolePolicy(
            context.name("config-role-delivery"),
            name=context.name("config-delivery"),
            role=self.role.name,
            policy=document(*_delivery_statements(context, reports)),
            opts=self.child(),
        )
        self.key_policy = aws.iam.RolePolicy(
            context.name("config-role-key"),
            name=context.name("config-key"),
            role=self.role.name,
            policy=document(allow(USE, key.arn, sid="EncryptDeliveries")),
            opts=self.child(),
        )
        recorder_name = context.name("config-recorder")
        self.recorder = aws.cfg.Recorder(
            recorder_name,
            name=recorder_name,
            role_arn=self.role.arn,
            recording_group=_recording_group(context.settings.recording),
            recording_mode=_recording_mode(context.settings.recording),
            opts=self.child(self.managed_policy, self.delivery_policy, self.key_policy),
        )
        channel_name = context.name("config-delivery")
        self.channel = aws.cfg.DeliveryChannel(
            channel_name,
            name=channel_name,
            s3_bucket_name=reports.bucket.bucket,
            s3_key_prefix=DELIVERY_PREFIX,
            s3_kms_key_arn=key.arn,
            sns_topic_arn=topic.topic.arn,
            snapshot_delivery_properties=aws.cfg.DeliveryChannelSnapshotDeliveryPropertiesArgs(
                delivery_frequency=context.settings.snapshot_frequency
            ),
            opts=self.child(self.recorder, reports.policy, reports.encryption, topic.policy),
        )
        self.status = aws.cfg.RecorderStatus(
            context.name("config-recorder-status"),
            name=self.recorder.name,
            is_enabled=True,
            opts=self.child(self.recorder, self.channel),
        )
        self.register_outputs({"recorderName": self.recorder.name, "deliveryChannelName": self.channel.name})


def _delivery_statements(context: Context, reports: ReportBucket) -> list[Statement]:
    """https://docs.aws.amazon.com/config/latest/developerguide/iamrole-permissions.html"""
    owned = {"StringLike": {"s3:x-amz-acl": "bucket-owner-full-control"}}
    return [
        allow(["s3:PutObject"], delivery_objects(context, reports.arn), sid="DeliverToBucket", condition=owned),
        allow(["s3:GetBucketAcl"], reports.arn, sid="CheckBucket"),
        allow(["sns:Publish"], delivery_topic_arn(context), sid="NotifyDeliveries"),
    ]


def _recording_group(recording: Recording) -> aws.cfg.RecorderRecordingGroupArgs:
    """https://docs.aws.amazon.com/config/latest/APIReference/API_RecordingGroup.html"""
    if recording.strategy == "all":
        return aws.cfg.RecorderRecordingGroupArgs(
            all_supported=True,
            include_global_resource_types=recording.include_global,
            recording_strategies=[_strategy("ALL_SUPPORTED_RESOURCE_TYPES")],
        )
    if recording.strategy == "include":
        return aws.cfg.RecorderRecordingGroupArgs(
            all_supported=False,
            include_global_resource_types=False,
            resource_types=sorted(recording.types),
            recording_strategies=[_strategy("INCLUSION_BY_RESOURCE_TYPES")],
        )
    return aws.cfg.RecorderRecordingGroupArgs(
        all_supported=False,
        include_global_resource_types=False,
        exclusion_by_resource_types=[
            aws.cfg.RecorderRecordingGroupExclusionByResourceTypeArgs(resource_types=sorted(recording.types))
        ],
        recording_strategies=[_strategy("EXCLUSION_BY_RESOURCE_TYPES")],
    )


def _strategy(use_only: str) -> aws.cfg.RecorderRecordingGroupRecordingStrategyArgs:
    return aws.cfg.RecorderRecordingGroupRecordingStrategyArgs(use_only=use_only)


def _recording_mode(recording: Recording) -> aws.cfg.RecorderRecordingModeArgs:
    """https://docs.aws.amazon.com/config/latest/APIReference/API_RecordingMode.html"""
    overrides = [
        aws.cfg.RecorderRecordingModeRecordingModeOverrideArgs(
            recording_frequency=override.mode.upper(),
            resource_types=sorted(override.types),
            description=override.description or None,
        )
        for override in recording.overrides
    ]
    return aws.cfg.RecorderRecordingModeArgs(
        recording_frequency=recording.mode.upper(), recording_mode_override=overrides[0] if overrides else None
    )
