"""hardcoded-region: the region is the stack's everywhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.aws import facts
from watchkeeper.preflight.check import WARNING, Check, Result
from watchkeeper.preflight.meaning.values import quote, texts
from watchkeeper.preflight.meaning.views import AGGREGATOR, DASHBOARD, Views
from watchkeeper.pulumi.graph import Resource

_ARN = re.compile(r"arn:aws[a-z-]*:([a-z0-9-]+):([a-z]{2}(?:-[a-z]+)+-\d):")
ELSEWHERE = frozenset({"cloudfront", "acm", "waf", "wafv2", "lambda-layer"})
"""Services whose ARNs rightly name another region (us-east-1 for CloudFront)."""
LEFT_OUT = frozenset({AGGREGATOR, "aws:cfg/aggregateAuthorization:AggregateAuthorization"})
LONGEST = 200_000


def look(views: Views) -> Iterator[Result]:
    """Every text of every AWS resource: ARNs, a dashboard's widgets, variables that name a region in which the program
    makes nothing."""
    # The account's region would not do: where the stack has none, its texts carry the preview's stand-in.
    if views.graph.region is None:
        if len(views.graph):
            yield CHECK.unknown(None, "the stack's region is not known")
        return
    deployed = [item for item in views.made if item.type.startswith("aws:")]
    worked_in = {views.graph.region, *(views.place(item)[1] for item in deployed)}
    for resource in deployed:
        if resource.type not in LEFT_OUT:
            yield from _look_at(views, resource, worked_in)


def _look_at(views: Views, resource: Resource, worked_in: set[str]) -> Iterator[Result]:
    seen = set(worked_in)
    for path, value in _said(views, resource):
        for other in _others(path, value):
            if other not in seen:
                seen.add(other)
                yield CHECK.finding(
                    resource,
                    f"{quote(other)} is written by hand; the stack's region is {quote(str(views.region))}.",
                    path=path,
                )


def _said(views: Views, resource: Resource) -> Iterator[tuple[str, str]]:
    for path, value in texts(views.inputs(resource)):
        if len(value) > LONGEST:
            continue
        yield path, value
        if resource.type == DASHBOARD and path == "dashboardBody":
            try:
                body: Any = json.loads(value)
            except (ValueError, RecursionError):
                continue
            widgets = body.get("widgets") if isinstance(body, Mapping) else None
            yield from ((f"dashboardBody.{inner}", text) for inner, text in texts({"widgets": widgets}))


def _others(path: str, value: str) -> Iterator[str]:
    for service, found in _ARN.findall(value):
        if service not in ELSEWHERE:
            yield found
    if re.search(r"region$", path, re.IGNORECASE) and value in facts.regions():
        yield value


CHECK = Check(
    id="hardcoded-region",
    severity=WARNING,
    title="The region is the stack's everywhere",
    explanation="A region written by hand in a dashboard, an ARN or a variable is another region's as soon as "
    "the stack is "
    "deployed elsewhere.",
    aws_does="It accepts it: the dashboard shows no data, the policy allows nothing.",
    fix="Take it from the provider: aws.get_region() (TypeScript: aws.getRegionOutput()).",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html",
    look=look,
    tags=("naming",),
)
