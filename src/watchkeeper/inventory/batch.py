"""AWS Batch.

A type that Config takes from CloudFormation's registry: the API spells the same properties with a lower first letter.
Shapes: https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

from watchkeeper.inventory.described import Ask, Row, described
from watchkeeper.inventory.ecs import registry

ROWS = (
    Row(
        *("AWS::Batch::ComputeEnvironment", "batch", "describe_compute_environments", "computeEnvironments"),
        id="computeEnvironmentArn",
        arn="computeEnvironmentArn",
        name="computeEnvironmentName",
        narrow=Ask("describe_compute_environments", "computeEnvironments", result="computeEnvironments", many=True),
        spelling=registry,
        tags="tags",
        without=("status", "statusReason", "ecsClusterArn", "uuid"),
        left_out=lambda _ctx, raw: raw.get("status") == "DELETED",
    ),
    Row(
        *("AWS::Batch::JobQueue", "batch", "describe_job_queues", "jobQueues"),
        id="jobQueueArn",
        arn="jobQueueArn",
        name="jobQueueName",
        narrow=Ask("describe_job_queues", "jobQueues", result="jobQueues", many=True),
        spelling=registry,
        tags="tags",
        without=("status", "statusReason"),
        left_out=lambda _ctx, raw: raw.get("status") == "DELETED",
    ),
    Row(
        *("AWS::Batch::SchedulingPolicy", "batch", "list_scheduling_policies", "schedulingPolicies"),
        id="arn",
        arn="arn",
        name="name",
        detail=Ask("describe_scheduling_policies", "arns", "arn", result="schedulingPolicies", many=True),
        spelling=registry,
        tags="tags",
    ),
)

READERS = tuple(described(row) for row in ROWS)
