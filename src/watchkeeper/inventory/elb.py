"""Elastic Load Balancing: classic load balancers.

Spelled with all leading capitals lower (``vpczoneIdentifier``). Shapes:
https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

from watchkeeper.inventory.core import bean_spelling
from watchkeeper.inventory.described import Ask, Edge, Row, described

_GROUP = "AWS::EC2::SecurityGroup"
_SUBNET = "AWS::EC2::Subnet"
_VPC = "AWS::EC2::VPC"
_SEVERAL = "Multiple Availability Zones"
_GONE = ("LoadBalancerNotFound", "LoadBalancerNotFoundException", "AccessPointNotFound", "ListenerNotFound")

ROWS = (
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
)

READERS = tuple(described(row) for row in ROWS)
