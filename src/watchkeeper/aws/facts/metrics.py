"""CloudWatch metrics that AWS's services publish.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html
"""

from __future__ import annotations

from collections.abc import Mapping

METRICS: Mapping[str, frozenset[str]] = {
    "AWS/Lambda": frozenset(
        [
            "Invocations",
            "Errors",
            "Throttles",
            "Duration",
            "ConcurrentExecutions",
            "UnreservedConcurrentExecutions",
            "DeadLetterErrors",
            "DestinationDeliveryFailures",
            "IteratorAge",
            "OffsetLag",
            "ProvisionedConcurrencyInvocations",
            "ProvisionedConcurrencySpilloverInvocations",
            "ProvisionedConcurrencyUtilization",
            "ProvisionedConcurrentExecutions",
            "PostRuntimeExtensionsDuration",
            "AsyncEventsReceived",
            "AsyncEventAge",
            "AsyncEventsDropped",
            "ClaimedAccountConcurrency",
            "RecursiveInvocationsDropped",
        ]
    ),
    "AWS/SNS": frozenset(
        [
            "NumberOfMessagesPublished",
            "NumberOfNotificationsDelivered",
            "NumberOfNotificationsFailed",
            "PublishSize",
            "NumberOfNotificationsFilteredOut",
            "NumberOfNotificationsFilteredOut-InvalidAttributes",
            "NumberOfNotificationsFilteredOut-NoMessageAttributes",
            "NumberOfNotificationsFilteredOut-MessageBody",
            "NumberOfNotificationsFilteredOut-InvalidMessageBody",
            "NumberOfNotificationsFilteredOut-MessageAttributes",
            "NumberOfNotificationsRedrivenToDlq",
            "NumberOfNotificationsFailedToRedriveToDlq",
            "SMSSuccessRate",
        ]
    ),
    "AWS/SQS": frozenset(
        [
            "ApproximateAgeOfOldestMessage",
            "ApproximateNumberOfMessagesDelayed",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesVisible",
            "NumberOfEmptyReceives",
            "NumberOfMessagesDeleted",
            "NumberOfMessagesReceived",
            "NumberOfMessagesSent",
            "SentMessageSize",
            "ApproximateNumberOfGroupsWithInflightMessages",
        ]
    ),
    "AWS/Events": frozenset(
        [
            "DeadLetterInvocations",
            "Events",
            "FailedInvocations",
            "IngestionToInvocationCompleteLatency",
            "IngestionToInvocationStartLatency",
            "InvocationAttempts",
            "Invocations",
            "InvocationsCreated",
            "InvocationsFailedToBeSentToDlq",
            "InvocationsSentToDlq",
            "MatchedEvents",
            "PutEventsApproximateCallCount",
            "RetryInvocationAttempts",
            "SuccessfulInvocationAttempts",
            "ThrottledRules",
            "TriggeredRules",
        ]
    ),
    "AWS/Config": frozenset(
        [
            "ChangeNotificationsDeliveryFailure",
            "ConfigHistoryExportFailure",
            "ConfigSnapshotExportFailure",
            "ConfigurationRecorderInsufficientPermissionsFailure",
            "ConfigurationItemsRecorded",
        ]
    ),
    "AWS/Logs": frozenset(
        [
            "IncomingBytes",
            "IncomingLogEvents",
            "ForwardedBytes",
            "ForwardedLogEvents",
            "DeliveryErrors",
            "DeliveryThrottling",
            "EMFParsingErrors",
            "EMFValidationErrors",
        ]
    ),
    "AWS/Usage": frozenset({"CallCount", "ResourceCount", "ThrottleCount"}),
    "AWS/Billing": frozenset({"EstimatedCharges"}),
}
"""Namespaces of AWS that are known here, with their metrics; in others nothing is claimed."""
DIMENSIONS: Mapping[str, frozenset[str]] = {
    "AWS/Lambda": frozenset({"FunctionName", "Resource", "ExecutedVersion", "EventSourceMappingUUID"}),
    "AWS/SNS": frozenset({"TopicName", "Application", "Platform", "Country", "SMSType"}),
    "AWS/SQS": frozenset({"QueueName"}),
}
"""The dimensions that AWS publishes a namespace with.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html and
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""
