"""Elastic Load Balancing: application, network and gateway load balancers with their listeners.

Listeners are of CloudFormation's registry. Shapes: https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

from watchkeeper.inventory.core import plain
from watchkeeper.inventory.described import Ask, Edge, Row, Within, described

BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
_GROUP = "AWS::EC2::SecurityGroup"
_SUBNET = "AWS::EC2::Subnet"
_VPC = "AWS::EC2::VPC"
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
)

READERS = tuple(described(row) for row in ROWS)
