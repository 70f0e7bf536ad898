"""Amazon EC2 Auto Scaling: groups and launch configurations.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    FlagRule,
    Lookup,
    Parameters,
    array,
    dig,
    flag,
    need,
    needed_array,
    not_applicable,
    number,
    pick,
    register_flags,
    rule,
    shown,
    text,
    verdict,
)

GROUP = "AWS::AutoScaling::AutoScalingGroup"
LAUNCH = "AWS::AutoScaling::LaunchConfiguration"


register_flags(
    (
        FlagRule("AUTOSCALING_LAUNCH_CONFIG_PUBLIC_IP_DISABLED", (LAUNCH,), "associatePublicIpAddress", False,
                 Severity.HIGH, "Public access", "Instances of the launch configuration get no public address.",
                 "use a launch configuration without public addresses", False),
    )
)  # fmt: skip


@rule("AUTOSCALING_CAPACITY_REBALANCING", types=(GROUP,), severity=Severity.LOW, category="Backup and recovery")
def capacity_rebalancing(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A group with several instance types has capacity rebalancing; others are not applicable."""
    types = _instance_types(item)
    if types is not None and len(types) < 2:
        return not_applicable("The group does not use several instance types.")
    on = flag(item.configuration, "capacityRebalance", default=False)
    return verdict(on, "Capacity rebalancing is off; enable it.")


@rule("AUTOSCALING_MULTIPLE_INSTANCE_TYPES", types=(GROUP,), severity=Severity.MEDIUM, category="Backup and recovery")
def multiple_types(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The group uses several instance types; one that chooses them by attributes is not applicable."""
    types = _instance_types(item)
    if types is None:
        return not_applicable("The group chooses its instance types by attributes.")
    return verdict(len(types) > 1, "The group has one instance type; add others to its mixed instances policy.")


def _instance_types(item: ConfigurationItem) -> set[str] | None:
    """The instance types that override the launch template's; None where attributes choose them."""
    need(item.configuration, "autoScalingGroupName")
    overrides = array(dig(item.configuration, "mixedInstancesPolicy", "launchTemplate"), "overrides")
    if any(pick(entry, "instanceRequirements") for entry in overrides):
        return None
    return {text(entry, "instanceType") for entry in overrides}


@rule("AUTOSCALING_GROUP_ELB_HEALTHCHECK_REQUIRED", types=(GROUP,), severity=Severity.LOW,
      category="Logging and monitoring")  # fmt: skip
def elb_health_check(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A group behind a load balancer uses its health checks; others are not applicable."""
    if not array(item.configuration, "loadBalancerNames") and not array(item.configuration, "targetGroupARNs"):
        return not_applicable("The group is behind no load balancer.")
    kind = text(item.configuration, "healthCheckType")
    return verdict("ELB" in kind.split(","), f"The health check type is {shown(kind)}; set it to ELB.")


@rule("AUTOSCALING_MULTIPLE_AZ", types=(GROUP,), severity=Severity.MEDIUM, category="Backup and recovery")
def multiple_zones(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The group spans at least minAvailabilityZones (2)."""
    zones, least = len(needed_array(item.configuration, "availabilityZones")), parameters.get("minAvailabilityZones", 2)
    return verdict(zones >= least, f"The group is in {zones} availability zones; add subnets until it is in {least}.")


@rule("AUTOSCALING_LAUNCH_TEMPLATE", types=(GROUP,), severity=Severity.MEDIUM, category="Configuration")
def launch_template(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The group is created from a launch template."""
    need(item.configuration, "autoScalingGroupName")
    used = any(item.configuration.get(key) for key in ("launchTemplate", "mixedInstancesPolicy"))
    return verdict(used, "The group uses a launch configuration; use a launch template.")


@rule("AUTOSCALING_LAUNCHCONFIG_REQUIRES_IMDSV2", types=(LAUNCH,), severity=Severity.HIGH, category="Identity")
def launch_imdsv2(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Instances of the launch configuration take IMDSv2 only."""
    need(item.configuration, "launchConfigurationName", "launchConfigurationARN")
    tokens = dig(item.configuration, "metadataOptions", "httpTokens")
    return verdict(tokens == "required", f"httpTokens is {shown(tokens or 'not set')}; set it to required (IMDSv2).")


@rule("AUTOSCALING_LAUNCH_CONFIG_HOP_LIMIT", types=(LAUNCH,), severity=Severity.HIGH, category="Identity")
def launch_hop_limit(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The metadata hop limit is at most 1."""
    need(item.configuration, "launchConfigurationName", "launchConfigurationARN")
    hops = number(item.configuration.get("metadataOptions"), "httpPutResponseHopLimit", default=1)
    return verdict(hops <= 1, f"The metadata hop limit is {hops:g}; set it to 1.")
