"""AWS Network Firewall: firewalls.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import Severity
from watchkeeper.rules.base import FlagRule, register_flags

register_flags(
    (
        FlagRule("NETFW_DELETION_PROTECTION_ENABLED", ("AWS::NetworkFirewall::Firewall",), "firewall.deleteProtection",
                 True, Severity.MEDIUM, "Backup and recovery", "The firewall is protected against deletion.",
                 "turn on deletion protection"),
        FlagRule("NETFW_SUBNET_CHANGE_PROTECTION_ENABLED", ("AWS::NetworkFirewall::Firewall",),
                 "firewall.subnetChangeProtection", True, Severity.MEDIUM, "Backup and recovery",
                 "The firewall's subnets are protected against changes.", "turn on subnet change protection"),
    )
)  # fmt: skip
