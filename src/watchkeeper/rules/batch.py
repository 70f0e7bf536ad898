"""AWS Batch: compute environments and job queues.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import Severity
from watchkeeper.rules.rows import ValueRule, register_values

register_values(
    (
        ValueRule(
            "BATCH_COMPUTE_ENVIRONMENT_ENABLED",
            "AWS::Batch::ComputeEnvironment",
            "State",
            ("ENABLED",),
            ("DISABLED",),
            Severity.LOW,
            "Configuration",
            "The compute environment is enabled.",
            "enable the compute environment",
        ),
        ValueRule(
            "BATCH_COMPUTE_ENVIRONMENT_MANAGED",
            "AWS::Batch::ComputeEnvironment",
            "Type",
            ("MANAGED",),
            ("UNMANAGED",),
            Severity.LOW,
            "Configuration",
            "The compute environment is managed.",
            "use a managed compute environment",
        ),
        ValueRule(
            "BATCH_JOB_QUEUE_ENABLED",
            "AWS::Batch::JobQueue",
            "State",
            ("ENABLED",),
            ("DISABLED",),
            Severity.LOW,
            "Configuration",
            "The job queue is enabled.",
            "enable the job queue",
        ),
    )
)
