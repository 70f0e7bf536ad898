"""API Gateway (REST, HTTP and WebSocket), CloudFront, ACM, Network Firewall: what the world comes in by.

Stages are listed in each API; Config knows them by an ARN without account. Shapes:
https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from watchkeeper.inventory.core import Context, Raw, config_spelling, respelled
from watchkeeper.inventory.described import Ask, Edge, Row, Within, described

_spelled = functools.partial(
    config_spelling,
    keep=("methodSettings", "variables", "stageVariables", "routeSettings", "stageVariableOverrides", "tags"),
)
_KEY_TYPES = (
    *("RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096"),
    *("EC_prime256v1", "EC_secp384r1", "EC_secp521r1"),
)
"""Without them ListCertificates leaves all but RSA_1024 and RSA_2048 out
(https://docs.aws.amazon.com/acm/latest/APIReference/API_Filters.html)."""

_ACRONYM = re.compile(r"^[A-Z]+(?=[A-Z][a-z])|^[A-Z]+$|^[A-Z]")


def _distribution_spelling(value: Any) -> Any:
    """CloudFront's own way in Config: ``httpPort``, ``acmCertificateArn``, ``arn``, ``webACLId``."""
    return respelled(value, lambda key: _ACRONYM.sub(lambda found: found[0].lower(), key))


def _firewall(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
    return {"firewall": config_spelling(raw)}


ROWS = (
    Row(
        *("AWS::ApiGateway::RestApi", "apigateway", "get_rest_apis", "items"),
        id="",
        arn="apigateway:/restapis/{id}",
        name="name",
        spelling=_spelled,
        tags="tags",
        created="createdDate",
    ),
    Row(
        *("AWS::ApiGateway::Stage", "apigateway", "get_stages", "item"),
        within=Within("get_rest_apis", "items", "id", "restApiId"),
        id="",
        arn="apigateway:/restapis/{restApiId}/stages/{stageName}",
        name="stageName",
        spelling=_spelled,
        without=("restApiId",),
        parts={
            "Resources": Ask(
                *("get_resources", "restApiId", "restApiId"),
                result="items",
                extra={"embed": ["methods"]},
                absent=("NotFoundException",),
            )
        },
        tags="tags",
        created="createdDate",
    ),
    Row(
        *("AWS::ApiGatewayV2::Stage", "apigatewayv2", "get_stages", "Items"),
        within=Within("get_apis", "Items", "ApiId", "ApiId"),
        id="",
        arn="apigateway:/apis/{ApiId}/stages/{StageName}",
        name="StageName",
        spelling=_spelled,
        without=("ApiId",),
        edges=(Edge("Is contained in ", "AWS::ApiGatewayV2::Api", "ApiId"),),
        created="CreatedDate",
    ),
    Row(
        *("AWS::CloudFront::Distribution", "cloudfront", "list_distributions", "DistributionList.Items"),
        id="Id",
        arn="ARN",
        # The listing lacks the default root object and the logging.
        detail=Ask("get_distribution", "Id", "Id", result="Distribution", absent=("NoSuchDistribution",)),
        spelling=_distribution_spelling,
        without=("InProgressInvalidationBatches", "Status"),
        tags=Ask("list_tags_for_resource", "Resource", result="Tags.Items", absent=("NoSuchResource",)),
        global_type=True,
    ),
    Row(
        *("AWS::ACM::Certificate", "acm", "list_certificates", "CertificateSummaryList"),
        arguments={"Includes": {"keyTypes": list(_KEY_TYPES)}},
        id="CertificateArn",
        arn="CertificateArn",
        detail=Ask(
            *("describe_certificate", "CertificateArn", "CertificateArn"),
            result="Certificate",
            absent=("ResourceNotFoundException",),
        ),
        tags=Ask("list_tags_for_certificate", "CertificateArn", result="Tags", absent=("ResourceNotFoundException",)),
        tags_beside=True,
        created="CreatedAt",
        zone="Regional",
    ),
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
