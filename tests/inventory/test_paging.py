"""A listing is all its pages: whatever their sizes, no resource is lost and none is read twice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.inventory.support import Edge
from tests.inventory.test_types import WHERE
from watchkeeper.inventory import read
from watchkeeper.inventory.described import Ask, Row
from watchkeeper.inventory.registry import SERVICES

PAGES = st.lists(st.integers(min_value=0, max_value=4), min_size=1, max_size=5)
"""How many resources each page holds: an empty page in the middle is no end."""


class Paged:
    """One listing in pages of given sizes, and every resource that it holds."""

    def __init__(self, sizes: list[int], result: str, token: str, make: Any, *, again: str = "") -> None:
        self.result, self.token, self.again = result, token, again or token
        numbers = iter(range(sum(sizes)))
        self.pages = [[make(next(numbers)) for _ in range(size)] for size in sizes]

    def __call__(self, asked: dict[str, Any]) -> dict[str, Any]:
        number = int(asked.get(self.again, "0"))
        more = {self.token: str(number + 1)} if number + 1 < len(self.pages) else {}
        return {self.result: self.pages[number], **more}


def template(number: int) -> dict[str, Any]:
    return {"LaunchTemplateId": f"lt-{number}", "LaunchTemplateName": f"template-{number}"}


@given(PAGES, PAGES)
@settings(deadline=None, max_examples=30)
def test_two_listings_that_belong_together(names: list[int], versions: list[int]) -> None:
    count = sum(names)
    edge = Edge(
        {
            "ec2:DescribeLaunchTemplates": Paged(names, "LaunchTemplates", "NextToken", template),
            "ec2:DescribeLaunchTemplateVersions": Paged(
                [*versions, max(0, count - sum(versions))], "LaunchTemplateVersions", "NextToken", template
            ),
        }
    )
    found = [item.resource_id for item in read(edge, ["AWS::EC2::LaunchTemplate"], on_gap=pytest.fail, **WHERE)]
    assert sorted(found) == sorted(f"lt-{number}" for number in range(count))


@given(PAGES)
@settings(deadline=None, max_examples=30)
def test_one_listing(sizes: list[int]) -> None:
    edge = Edge({"rds:DescribeGlobalClusters": Paged(sizes, "GlobalClusters", "Marker", cluster)})
    found = [item.resource_id for item in read(edge, ["AWS::RDS::GlobalCluster"], on_gap=pytest.fail, **WHERE)]
    assert sorted(found) == sorted(f"c{number}" for number in range(sum(sizes)))


def cluster(number: int) -> dict[str, Any]:
    return {"GlobalClusterIdentifier": f"c{number}", "GlobalClusterArn": f"arn:aws:rds::1:global-cluster:c{number}"}


@given(PAGES)
@settings(deadline=None, max_examples=30)
def test_a_listing_that_botocore_does_not_page(sizes: list[int]) -> None:
    edge = Edge(
        {
            "apprunner:ListServices": Paged(sizes, "ServiceSummaryList", "NextToken", service),
            "apprunner:ListTagsForResource": {"Tags": []},
        }
    )
    found = [item.resource_name for item in read(edge, ["AWS::AppRunner::Service"], on_gap=pytest.fail, **WHERE)]
    assert sorted(found) == sorted(f"service-{number}" for number in range(sum(sizes)))


def service(number: int) -> dict[str, Any]:
    return {"ServiceName": f"service-{number}", "ServiceArn": f"arn:aws:apprunner:us-east-1:1:service/s{number}"}


@given(PAGES, PAGES)
@settings(deadline=None, max_examples=30)
def test_a_listing_within_a_listing(apis: list[int], stages: list[int]) -> None:
    listing = Paged(stages, "Items", "NextToken", lambda number: {"StageName": f"s{number}"})
    edge = Edge({"apigatewayv2:GetApis": Paged(apis, "Items", "NextToken", api), "apigatewayv2:GetStages": listing})
    items = list(read(edge, ["AWS::ApiGatewayV2::Stage"], on_gap=pytest.fail, **WHERE))
    assert len({item.resource_id for item in items}) == len(items) == sum(apis) * sum(stages)


def api(number: int) -> dict[str, Any]:
    return {"ApiId": f"a{number}", "Name": "n", "ProtocolType": "HTTP", "RouteSelectionExpression": "x"}


@given(PAGES)
@settings(deadline=None, max_examples=30)
def test_identifiers_of_the_registry(sizes: list[int]) -> None:
    edge = Edge(
        {
            "cloudcontrol:ListResources": Paged(
                sizes, "ResourceDescriptions", "NextToken", lambda number: {"Identifier": f"r{number}"}
            ),
            "cloudcontrol:GetResource": lambda asked: {
                "ResourceDescription": {"Identifier": asked["Identifier"], "Properties": "{}"}
            },
        }
    )
    found = [item.resource_id for item in read(edge, ["AWS::Amplify::App"], on_gap=pytest.fail, **WHERE)]
    assert sorted(found) == sorted(f"r{number}" for number in range(sum(sizes)))


ROWS = [row for module in SERVICES for row in getattr(module, "ROWS", ())]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.resource_type)
def test_what_botocore_does_not_page_has_no_further_pages(row: Row) -> None:
    client = EDGE(row.service)
    asks = [ask for ask in (row.narrow, row.detail, row.tags, *row.parts.values()) if isinstance(ask, Ask)]
    outer = [row.within.operation] if row.within else []
    named = [(row.service, operation) for operation in (row.operation, *outer)]
    for service, operation in named + [(ask.service or row.service, ask.operation) for ask in asks]:
        client = EDGE(service)
        model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation])
        tokens = [name for name in model.output_shape.members if name.lower().endswith(("token", "marker"))]
        assert client.can_paginate(operation) or not set(tokens) - KNOWN.get(operation, set())


EDGE = Edge({})
KNOWN = {
    "list_tags": {"NextToken"},
    "describe_firewall": {"UpdateToken"},
    # What has this token, the context pages itself.
    "list_services": {"NextToken"},
    "list_vpc_connectors": {"NextToken"},
}
"""AWS Backup gives up to 1,000 tags at once (API_ListTags), of 50 at most; the other token is a lock."""
