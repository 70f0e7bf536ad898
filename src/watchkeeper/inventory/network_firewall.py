"""AWS Network Firewall: firewalls.

Shapes: https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watchkeeper.inventory.core import Context, Raw, config_spelling
from watchkeeper.inventory.described import Ask, Edge, Row, described


def _firewall(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
    return {"firewall": config_spelling(raw)}


ROWS = (
    Row(
        *("AWS::NetworkFirewall::Firewall", "network-firewall", "list_firewalls", "Firewalls"),
        id="FirewallArn",
        arn="FirewallArn",
        name="FirewallName",
        detail=Ask(
            *("describe_firewall", "FirewallArn", "FirewallArn"),
            result="Firewall",
            absent=("ResourceNotFoundException",),
        ),
        shape=_firewall,
        edges=(Edge("Is contained in ", "AWS::EC2::VPC", "VpcId"),),
        zone="Regional",
    ),
)

READERS = tuple(described(row) for row in ROWS)
