"""Amazon EC2 Auto Scaling.

Spelled with all leading capitals lower (``vpczoneIdentifier``). Shapes:
https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

from watchkeeper.inventory.core import bean_spelling
from watchkeeper.inventory.described import Ask, Edge, Row, described

_GROUP = "AWS::EC2::SecurityGroup"
_SEVERAL = "Multiple Availability Zones"

ROWS = (
    Row(
        *("AWS::AutoScaling::AutoScalingGroup", "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups"),
        id="AutoScalingGroupARN",
        arn="AutoScalingGroupARN",
        name="AutoScalingGroupName",
        key="AutoScalingGroupName",
        narrow=Ask(*("describe_auto_scaling_groups", "AutoScalingGroupNames"), result="AutoScalingGroups", many=True),
        spelling=bean_spelling,
        edges=(
            Edge(
                *("Is associated with ", "AWS::AutoScaling::LaunchConfiguration", "LaunchConfigurationName"),
                by_name=True,
            ),
            Edge("Contains ", "AWS::EC2::Instance", "Instances.InstanceId"),
        ),
        created="CreatedTime",
        zone=_SEVERAL,
    ),
    Row(
        *("AWS::AutoScaling::LaunchConfiguration", "autoscaling", "describe_launch_configurations"),
        "LaunchConfigurations",
        id="LaunchConfigurationARN",
        arn="LaunchConfigurationARN",
        name="LaunchConfigurationName",
        key="LaunchConfigurationName",
        narrow=Ask(
            *("describe_launch_configurations", "LaunchConfigurationNames"), result="LaunchConfigurations", many=True
        ),
        spelling=bean_spelling,
        edges=(Edge("Is associated with ", _GROUP, "SecurityGroups"),),
        created="CreatedTime",
    ),
)

READERS = tuple(described(row) for row in ROWS)
