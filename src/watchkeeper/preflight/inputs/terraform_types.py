"""Terraform's types and arguments in Pulumi's spelling, for the types that the checks know.

Pulumi's AWS provider is made from Terraform's: most arguments differ in case alone.
https://registry.terraform.io/providers/hashicorp/aws/latest/docs
"""

from __future__ import annotations

from collections.abc import Mapping

from watchkeeper.preflight.inputs.spelling import Mapped

_OPAQUE = frozenset({"tags", "tags_all", "policy", "assume_role_policy", "inline_policy.policy"})


def _plain(kind: str, opaque: frozenset[str] = _OPAQUE, **renames: str) -> Mapped:
    return Mapped(kind, {"tags_all": "tagsAll", **renames}, opaque | _OPAQUE)


_ENVIRONMENT = frozenset({"environment.variables"})
_DIMENSIONS = frozenset({"dimensions"})
TYPES: Mapping[str, Mapped] = {
    "aws_s3_bucket": _plain(
        "aws:s3/bucket:Bucket",
        lifecycle_rule="lifecycleRules",
        server_side_encryption_configuration="serverSideEncryptionConfigurations",
    ),
    "aws_s3_bucket_policy": _plain("aws:s3/bucketPolicy:BucketPolicy"),
    "aws_s3_bucket_public_access_block": _plain("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"),
    "aws_s3_bucket_acl": _plain("aws:s3/bucketAcl:BucketAcl"),
    "aws_s3_bucket_ownership_controls": _plain("aws:s3/bucketOwnershipControls:BucketOwnershipControls"),
    "aws_s3_bucket_versioning": _plain("aws:s3/bucketVersioning:BucketVersioning"),
    "aws_s3_bucket_server_side_encryption_configuration": _plain(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", rule="rules"
    ),
    "aws_s3_bucket_lifecycle_configuration": _plain(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", rule="rules"
    ),
    "aws_s3_bucket_notification": _plain(
        "aws:s3/bucketNotification:BucketNotification", topic="topics", queue="queues"
    ),
    "aws_sns_topic": _plain("aws:sns/topic:Topic"),
    "aws_sns_topic_policy": _plain("aws:sns/topicPolicy:TopicPolicy"),
    "aws_sns_topic_subscription": _plain("aws:sns/topicSubscription:TopicSubscription", topic_arn="topic"),
    "aws_sqs_queue": _plain("aws:sqs/queue:Queue"),
    "aws_sqs_queue_policy": _plain("aws:sqs/queuePolicy:QueuePolicy"),
    "aws_kms_key": _plain("aws:kms/key:Key"),
    "aws_kms_alias": _plain("aws:kms/alias:Alias"),
    "aws_kms_key_policy": _plain("aws:kms/keyPolicy:KeyPolicy"),
    "aws_iam_role": _plain("aws:iam/role:Role", inline_policy="inlinePolicies"),
    "aws_iam_role_policy": _plain("aws:iam/rolePolicy:RolePolicy"),
    "aws_iam_policy": _plain("aws:iam/policy:Policy"),
    "aws_iam_role_policy_attachment": _plain("aws:iam/rolePolicyAttachment:RolePolicyAttachment"),
    "aws_iam_policy_attachment": _plain("aws:iam/policyAttachment:PolicyAttachment"),
    "aws_iam_service_linked_role": _plain("aws:iam/serviceLinkedRole:ServiceLinkedRole"),
    "aws_lambda_function": _plain("aws:lambda/function:Function", _ENVIRONMENT, function_name="name"),
    "aws_lambda_permission": _plain("aws:lambda/permission:Permission", function_name="function"),
    "aws_cloudwatch_log_group": _plain("aws:cloudwatch/logGroup:LogGroup"),
    "aws_cloudwatch_log_metric_filter": _plain("aws:cloudwatch/logMetricFilter:LogMetricFilter"),
    "aws_cloudwatch_metric_alarm": _plain("aws:cloudwatch/metricAlarm:MetricAlarm", _DIMENSIONS, alarm_name="name"),
    "aws_cloudwatch_dashboard": _plain("aws:cloudwatch/dashboard:Dashboard"),
    "aws_cloudwatch_event_rule": _plain("aws:cloudwatch/eventRule:EventRule"),
    "aws_cloudwatch_event_target": _plain("aws:cloudwatch/eventTarget:EventTarget"),
    "aws_cloudwatch_event_bus": _plain("aws:cloudwatch/eventBus:EventBus"),
    "aws_cloudwatch_composite_alarm": _plain("aws:cloudwatch/compositeAlarm:CompositeAlarm", alarm_name="name"),
    "aws_scheduler_schedule": _plain("aws:scheduler/schedule:Schedule"),
    "aws_config_configuration_recorder": _plain("aws:cfg/recorder:Recorder"),
    "aws_config_configuration_recorder_status": _plain("aws:cfg/recorderStatus:RecorderStatus"),
    "aws_config_delivery_channel": _plain("aws:cfg/deliveryChannel:DeliveryChannel"),
    "aws_config_config_rule": _plain("aws:cfg/rule:Rule"),
    "aws_config_configuration_aggregator": _plain("aws:cfg/configurationAggregator:ConfigurationAggregator"),
    "aws_config_remediation_configuration": _plain(
        "aws:cfg/remediationConfiguration:RemediationConfiguration", parameter="parameters"
    ),
    "aws_config_conformance_pack": _plain("aws:cfg/conformancePack:ConformancePack"),
    "aws_config_aggregate_authorization": _plain("aws:cfg/aggregateAuthorization:AggregateAuthorization"),
    "aws_config_organization_conformance_pack": _plain(
        "aws:cfg/organizationConformancePack:OrganizationConformancePack"
    ),
    "aws_config_organization_custom_rule": _plain("aws:cfg/organizationCustomRule:OrganizationCustomRule"),
    "aws_config_organization_custom_policy_rule": _plain(
        "aws:cfg/organizationCustomPolicyRule:OrganizationCustomPolicyRule"
    ),
    "aws_config_retention_configuration": _plain("aws:cfg/retentionConfiguration:RetentionConfiguration"),
    "aws_config_organization_managed_rule": _plain("aws:cfg/organizationManagedRule:OrganizationManagedRule"),
    "aws_iam_user": _plain("aws:iam/user:User"),
    "aws_iam_user_policy_attachment": _plain("aws:iam/userPolicyAttachment:UserPolicyAttachment"),
    "aws_iam_group_policy_attachment": _plain("aws:iam/groupPolicyAttachment:GroupPolicyAttachment"),
    "aws_iam_role_policy_attachments_exclusive": _plain(
        "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"
    ),
    "aws_sfn_state_machine": _plain("aws:sfn/stateMachine:StateMachine"),
    "aws_athena_workgroup": _plain("aws:athena/workgroup:Workgroup"),
    "aws_ssm_parameter": _plain("aws:ssm/parameter:Parameter"),
    "aws_secretsmanager_secret": _plain("aws:secretsmanager/secret:Secret"),
    "aws_dynamodb_table": _plain("aws:dynamodb/table:Table"),
    "aws_instance": _plain("aws:ec2/instance:Instance"),
    "aws_db_instance": _plain("aws:rds/instance:Instance"),
}
