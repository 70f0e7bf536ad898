"""CloudFormation's types and properties in Pulumi's spelling, for the types that the checks know.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-template-resource-type-ref.html
"""

from __future__ import annotations

from collections.abc import Mapping

from watchkeeper.preflight.inputs.spelling import Mapped

_DOCUMENT = frozenset({"PolicyDocument"})
TYPES: Mapping[str, Mapped] = {
    "AWS::S3::Bucket": Mapped(
        "aws:s3/bucket:Bucket",
        {
            "BucketName": "bucket",
            "PublicAccessBlockConfiguration": "publicAccessBlock",
            "BucketEncryption": "serverSideEncryptionConfiguration",
            "BucketEncryption.ServerSideEncryptionConfiguration": "rules",
            "BucketEncryption.ServerSideEncryptionConfiguration.ServerSideEncryptionByDefault": (
                "applyServerSideEncryptionByDefault"
            ),
            "BucketEncryption.ServerSideEncryptionConfiguration.ServerSideEncryptionByDefault.KMSMasterKeyID": (
                "kmsMasterKeyId"
            ),
            "VersioningConfiguration": "versioning",
            "VersioningConfiguration.Status": "enabled",
            "LifecycleConfiguration": "lifecycle",
        },
    ),
    "AWS::S3::BucketPolicy": Mapped("aws:s3/bucketPolicy:BucketPolicy", {"PolicyDocument": "policy"}, _DOCUMENT),
    "AWS::SNS::Topic": Mapped(
        "aws:sns/topic:Topic", {"TopicName": "name", "DeliveryPolicy": "deliveryPolicy"}, frozenset({"DeliveryPolicy"})
    ),
    "AWS::SNS::TopicPolicy": Mapped("aws:sns/topicPolicy:TopicPolicy", {"PolicyDocument": "policy"}, _DOCUMENT),
    "AWS::SNS::TopicInlinePolicy": Mapped(
        "aws:sns/topicPolicy:TopicPolicy", {"PolicyDocument": "policy", "TopicArn": "arn"}, _DOCUMENT
    ),
    "AWS::SNS::Subscription": Mapped(
        "aws:sns/topicSubscription:TopicSubscription",
        {"TopicArn": "topic"},
        frozenset({"DeliveryPolicy", "RedrivePolicy", "FilterPolicy"}),
    ),
    "AWS::SQS::Queue": Mapped("aws:sqs/queue:Queue", {"QueueName": "name"}, frozenset({"RedrivePolicy"})),
    "AWS::SQS::QueuePolicy": Mapped("aws:sqs/queuePolicy:QueuePolicy", {"PolicyDocument": "policy"}, _DOCUMENT),
    "AWS::SQS::QueueInlinePolicy": Mapped(
        "aws:sqs/queuePolicy:QueuePolicy", {"PolicyDocument": "policy", "Queue": "queueUrl"}, _DOCUMENT
    ),
    "AWS::KMS::Key": Mapped(
        "aws:kms/key:Key", {"KeyPolicy": "policy", "KeySpec": "customerMasterKeySpec"}, frozenset({"KeyPolicy"})
    ),
    "AWS::KMS::Alias": Mapped("aws:kms/alias:Alias", {"AliasName": "name"}),
    "AWS::IAM::Role": Mapped(
        "aws:iam/role:Role",
        {
            "RoleName": "name",
            "AssumeRolePolicyDocument": "assumeRolePolicy",
            "Policies": "inlinePolicies",
            "Policies.PolicyDocument": "policy",
            "Policies.PolicyName": "name",
        },
        frozenset({"AssumeRolePolicyDocument", "Policies.PolicyDocument"}),
    ),
    "AWS::IAM::Policy": Mapped(
        "aws:iam/rolePolicy:RolePolicy", {"PolicyDocument": "policy", "PolicyName": "name"}, _DOCUMENT
    ),
    "AWS::IAM::RolePolicy": Mapped(
        "aws:iam/rolePolicy:RolePolicy",
        {"PolicyDocument": "policy", "PolicyName": "name", "RoleName": "role"},
        _DOCUMENT,
    ),
    "AWS::IAM::ManagedPolicy": Mapped(
        "aws:iam/policy:Policy", {"PolicyDocument": "policy", "ManagedPolicyName": "name"}, _DOCUMENT
    ),
    "AWS::IAM::ServiceLinkedRole": Mapped(
        "aws:iam/serviceLinkedRole:ServiceLinkedRole", {"AWSServiceName": "awsServiceName"}
    ),
    "AWS::Lambda::Function": Mapped(
        "aws:lambda/function:Function", {"FunctionName": "name"}, frozenset({"Environment.Variables", "Code"})
    ),
    "AWS::Lambda::Permission": Mapped("aws:lambda/permission:Permission", {"FunctionName": "function"}),
    "AWS::Logs::LogGroup": Mapped("aws:cloudwatch/logGroup:LogGroup", {"LogGroupName": "name"}),
    "AWS::Logs::MetricFilter": Mapped(
        "aws:cloudwatch/logMetricFilter:LogMetricFilter",
        {
            "MetricTransformations": "metricTransformation",
            "MetricTransformations.MetricName": "name",
            "MetricTransformations.MetricNamespace": "namespace",
        },
    ),
    "AWS::CloudWatch::Alarm": Mapped(
        "aws:cloudwatch/metricAlarm:MetricAlarm", {"AlarmName": "name", "OKActions": "okActions"}
    ),
    "AWS::CloudWatch::Dashboard": Mapped("aws:cloudwatch/dashboard:Dashboard"),
    "AWS::Events::Rule": Mapped(
        "aws:cloudwatch/eventRule:EventRule", {}, frozenset({"EventPattern", "Targets.Input", "Targets"})
    ),
    "AWS::Events::EventBus": Mapped("aws:cloudwatch/eventBus:EventBus"),
    "AWS::CloudWatch::CompositeAlarm": Mapped(
        "aws:cloudwatch/compositeAlarm:CompositeAlarm", {"AlarmName": "name", "OKActions": "okActions"}
    ),
    "AWS::Scheduler::Schedule": Mapped("aws:scheduler/schedule:Schedule", {}, frozenset({"Target"})),
    "AWS::Config::ConfigurationRecorder": Mapped(
        "aws:cfg/recorder:Recorder",
        {
            "RoleARN": "roleArn",
            "RecordingGroup.ExclusionByResourceTypes": "exclusionByResourceTypes",
            "RecordingGroup.RecordingStrategy": "recordingStrategy",
        },
    ),
    "AWS::Config::DeliveryChannel": Mapped(
        "aws:cfg/deliveryChannel:DeliveryChannel",
        {"SnsTopicARN": "snsTopicArn", "ConfigSnapshotDeliveryProperties": "snapshotDeliveryProperties"},
    ),
    "AWS::Config::ConfigRule": Mapped("aws:cfg/rule:Rule", {"ConfigRuleName": "name"}, frozenset({"InputParameters"})),
    "AWS::Config::ConfigurationAggregator": Mapped(
        "aws:cfg/configurationAggregator:ConfigurationAggregator",
        {
            "ConfigurationAggregatorName": "name",
            "AccountAggregationSources": "accountAggregationSource",
            "AccountAggregationSources.AwsRegions": "regions",
            "AccountAggregationSources.AllAwsRegions": "allRegions",
            "OrganizationAggregationSource.AwsRegions": "regions",
            "OrganizationAggregationSource.AllAwsRegions": "allRegions",
        },
    ),
    "AWS::Config::ConformancePack": Mapped("aws:cfg/conformancePack:ConformancePack", {"ConformancePackName": "name"}),
    "AWS::Config::AggregationAuthorization": Mapped("aws:cfg/aggregateAuthorization:AggregateAuthorization"),
    "AWS::Config::OrganizationConformancePack": Mapped(
        "aws:cfg/organizationConformancePack:OrganizationConformancePack", {"OrganizationConformancePackName": "name"}
    ),
    "AWS::Config::OrganizationConfigRule": Mapped(
        "aws:cfg/organizationManagedRule:OrganizationManagedRule",
        {"OrganizationConfigRuleName": "name"},
        frozenset({"OrganizationManagedRuleMetadata.InputParameters"}),
    ),
    "AWS::Config::RemediationConfiguration": Mapped(
        "aws:cfg/remediationConfiguration:RemediationConfiguration", {}, frozenset({"Parameters"})
    ),
    "AWS::DynamoDB::Table": Mapped("aws:dynamodb/table:Table", {"TableName": "name"}),
    "AWS::SSM::Parameter": Mapped("aws:ssm/parameter:Parameter"),
    "AWS::SecretsManager::Secret": Mapped("aws:secretsmanager/secret:Secret"),
    "AWS::StepFunctions::StateMachine": Mapped("aws:sfn/stateMachine:StateMachine", {"StateMachineName": "name"}),
    "AWS::Athena::WorkGroup": Mapped("aws:athena/workgroup:Workgroup"),
    "AWS::IAM::User": Mapped("aws:iam/user:User", {"UserName": "name"}),
    "Custom::LogRetention": Mapped("aws:cloudwatch/logGroup:LogGroup", {"LogGroupName": "name"}),
    "AWS::RDS::DBInstance": Mapped("aws:rds/instance:Instance"),
    "AWS::EC2::Instance": Mapped("aws:ec2/instance:Instance"),
}
UNREAD: Mapping[str, str] = {
    "AWS::CloudFormation::Stack": "a nested stack's own template",
    "AWS::CloudFormation::StackSet": "a stack set's own template",
    "AWS::CloudFormation::Macro": "what a macro makes",
}
"""Types that stand for more than themselves, which is not read."""
ATTRIBUTES: Mapping[str, str] = {
    "TopicArn": "arn",
    "Arn": "arn",
    "RoleId": "uniqueId",
    "QueueUrl": "url",
    "KeyId": "keyId",
}
"""What ``Fn::GetAtt`` names, in Pulumi's spelling; others in lower camel case."""
REF: Mapping[str, str] = {
    "aws:sns/topic:Topic": "arn",
    "aws:iam/policy:Policy": "arn",
    "aws:sqs/queue:Queue": "url",
    "aws:kms/key:Key": "keyId",
    "aws:sfn/stateMachine:StateMachine": "arn",
    "aws:secretsmanager/secret:Secret": "arn",
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": "arn",
}
"""What ``Ref`` gives where it is not the name."""
