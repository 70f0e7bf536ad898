"""AWS Fault Injection Service: experiment templates.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import Severity
from watchkeeper.rules.rows import SetRule, register_set

register_set(
    (
        SetRule(
            "FIS_EXPERIMENT_TEMPLATE_LOG_CONFIGURATION_EXISTS",
            "AWS::FIS::ExperimentTemplate",
            "LogConfiguration",
            "Id",
            Severity.LOW,
            "Logging and monitoring",
            "The experiment template has a log configuration.",
            "configure experiment logging",
            blank=True,
        ),
    )
)
