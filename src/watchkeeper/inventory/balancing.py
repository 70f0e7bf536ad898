"""Load balancers of all generations with their listeners, and Auto Scaling.

Shapes: https://github.com/awslabs/aws-config-resource-schema. Classic load balancers and Auto Scaling are spelled with
all leading capitals lower (``vpczoneIdentifier``); listeners are of CloudFormation's registry.
"""

from __future__ import annotations

from watchkeeper.inventory.core import bean_spelling, plain
from watchkeeper.inventory.described import Ask, Edge, Row, Within, described

BALANCER, LISTENER = "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancingV2::Listener"
_GROUP, _SUBNET, _VPC = "AWS::EC2::SecurityGroup", "AWS::EC2::Subnet", "AWS::EC2::VPC"
_SEVERAL = "Multiple Availability Zones"
_GONE = ("LoadBalancerNotFound", "LoadBalancerNotFoundException", "AccessPointNotFound", "ListenerNotFound")

ROWS = (
    Row(
        *(BALANCER, "elbv2", "describe_load_balancers", "LoadBalancers"),
        id="LoadBalancerArn",
        arn="LoadBalancerArn",
        name="LoadBalancerName",
        narrow=Ask(*("describe_load_balancers", "LoadBalancerArns"), result="LoadBalancers", many=True, absent=_GONE),
        tags=Ask("describe_tags", "ResourceArns", result="TagDescriptions", many=True, absent=_GONE),
        tags_beside=True,
        parts={
            "LoadBalancerAttributes": Ask(
                *("describe_load_balancer_attributes", "LoadBalancerArn"), result="Attributes", absent=_GONE
            ),
            "Listeners": Ask("describe_listeners", "LoadBalancerArn", result="Listeners", absent=_GONE),
            # WAF answers the second code for what is no application load balancer: it can't have a web ACL.
            "WebACL": Ask(
                *("get_web_acl_for_resource", "ResourceArn"),
                result="WebACL.ARN",
                absent=("WAFNonexistentItemException", "WAFInvalidParameterException"),
                service="wafv2",
                none="",
            ),
        },
        edges=(
            Edge("Is associated with SecurityGroup", _GROUP, "SecurityGroups"),
            Edge("Is attached to Subnet", _SUBNET, "AvailabilityZones.SubnetId"),
            Edge("Is contained in Vpc", _VPC, "VpcId"),
        ),
        created="CreatedTime",
        zone=_SEVERAL,
    ),
    Row(
        *(LISTENER, "elbv2", "describe_listeners", "Listeners"),
        within=Within("describe_load_balancers", "LoadBalancers", "LoadBalancerArn", "LoadBalancerArn"),
        id="ListenerArn",
        arn="ListenerArn",
        narrow=Ask("describe_listeners", "ListenerArns", result="Listeners", many=True, absent=_GONE),
        spelling=plain,
        tags=Ask("describe_tags", "ResourceArns", result="TagDescriptions", many=True, absent=_GONE),
        zone="Regional",
    ),
    Row(
        *("AWS::ElasticLoadBalancing::LoadBalancer", "elb", "describe_load_balancers", "LoadBalancerDescriptions"),
        id="LoadBalancerName",
        name="LoadBalancerName",
        arn="elasticloadbalancing:loadbalancer/{LoadBalancerName}",
        narrow=Ask(
            *("describe_load_balancers", "LoadBalancerNames"),
            result="LoadBalancerDescriptions",
            many=True,
            absent=_GONE,
        ),
        spelling=bean_spelling,
        tags=Ask(
            *("describe_tags", "LoadBalancerNames", "LoadBalancerName"),
            result="TagDescriptions",
            many=True,
            absent=_GONE,
        ),
        tags_beside=True,
        parts={
            "LoadBalancerAttributes": Ask(
                *("describe_load_balancer_attributes", "LoadBalancerName", "LoadBalancerName"),
                result="LoadBalancerAttributes",
                absent=_GONE,
            )
        },
        edges=(
            Edge("Is associated with ", _GROUP, "SecurityGroups"),
            Edge("Is attached to ", _SUBNET, "Subnets"),
            Edge("Is contained in ", _VPC, "VPCId"),
        ),
        created="CreatedTime",
        zone=_SEVERAL,
    ),
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
