"""Amazon AppStream 2.0: fleets.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import Severity
from watchkeeper.rules.rows import SetRule, register_set

register_set(
    (
        SetRule(
            "APPSTREAM_FLEET_IN_VPC",
            "AWS::AppStream::Fleet",
            "VpcConfig",
            "Name",
            Severity.LOW,
            "Network",
            "The fleet is in a VPC (elastic fleets are left out).",
            "attach the fleet to subnets of a VPC",
            only=("FleetType", ("ALWAYS_ON", "ON_DEMAND")),
        ),
    )
)
