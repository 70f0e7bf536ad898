"""AWS CloudFormation: stacks.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Unavailable, Verdict
from watchkeeper.rules.base import (
    FlagRule,
    Lookup,
    Parameters,
    array,
    dig,
    listed,
    need,
    register_flags,
    rule,
    shown,
    verdict,
    violation,
)

STACK = "AWS::CloudFormation::Stack"


register_flags(
    (
        FlagRule("CLOUDFORMATION_TERMINATION_PROTECTION_CHECK", (STACK,), "enableTerminationProtection", True,
                 Severity.MEDIUM, "Backup and recovery", "The stack is protected against termination.",
                 "turn on termination protection"),
    )
)  # fmt: skip


@rule("CLOUDFORMATION_STACK_DRIFT_DETECTION_CHECK", types=(STACK,), severity=Severity.MEDIUM, category="Configuration")
def drift(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The stack has not drifted from its template."""
    status = dig(item.configuration, "driftInformation", "stackDriftStatus")
    if status in (None, "NOT_CHECKED", "UNKNOWN"):
        raise Unavailable(f"the drift of the stack is {shown(status or 'unknown')}; run drift detection")
    return verdict(status == "IN_SYNC", "The stack has drifted; bring its resources or its template in line.")


@rule("CLOUDFORMATION_STACK_NOTIFICATION_CHECK", types=(STACK,), severity=Severity.LOW,
      category="Logging and monitoring")  # fmt: skip
def notification(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The stack sends its events to a topic, to one of snsTopic1 to snsTopic5 where they are given."""
    need(item.configuration, "stackId", "stackName")
    topics, wanted = array(item.configuration, "notificationARNs"), sorted(parameters.values())
    if not topics:
        return violation("The stack sends its events to no topic; add a notification ARN.")
    fits = not wanted or any(topic in wanted for topic in topics)
    return verdict(fits, f"The stack's events go to {listed(topics, 1)}; add one of {listed(wanted, 1)}.")


@rule("CLOUDFORMATION_STACK_SERVICE_ROLE_CHECK", types=(STACK,), severity=Severity.MEDIUM, category="Identity")
def service_role(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The stack has a service role."""
    need(item.configuration, "stackId", "stackName")
    return verdict(bool(item.configuration.get("roleARN")), "No service role; give the stack one.")
