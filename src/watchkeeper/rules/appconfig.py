"""AWS AppConfig: deployment strategies.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import Severity
from watchkeeper.rules.rows import ValueRule, register_values

register_values(
    (
        ValueRule(
            "APPCONFIG_DEPLOYMENT_STRATEGY_REPLICATE_TO_SSM",
            "AWS::AppConfig::DeploymentStrategy",
            "ReplicateTo",
            ("SSM_DOCUMENT",),
            ("NONE",),
            Severity.LOW,
            "Configuration",
            "The deployment strategy is saved to a Systems Manager document.",
            "set ReplicateTo to SSM_DOCUMENT",
        ),
    )
)
