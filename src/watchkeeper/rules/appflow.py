"""Amazon AppFlow: flows.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import Lookup, Parameters, rule
from watchkeeper.rules.rows import of_parameter


@rule("APPFLOW_FLOW_TRIGGER_TYPE_CHECK", types=("AWS::AppFlow::Flow",), severity=Severity.LOW, category="Configuration")
def trigger_type(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The flow's trigger is of one of the types of triggerType."""
    return of_parameter(item, "TriggerConfig.TriggerType", parameters["triggerType"])
