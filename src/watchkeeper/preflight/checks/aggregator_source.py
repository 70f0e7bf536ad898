"""aggregator-source: an aggregator without a source aggregates nothing."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.meaning.values import at, truth
from watchkeeper.preflight.meaning.views import AGGREGATOR, Views
from watchkeeper.pulumi.graph import UNKNOWN

SOURCES = ("accountAggregationSource", "accountAggregationSources", "organizationAggregationSource")


def look(views: Views) -> Iterator[Result]:
    """Each aggregator: an account source with accounts and regions, or an organization source with a role."""
    for aggregator in views.of_type(AGGREGATOR):
        inputs = views.inputs(aggregator)
        sources = [item for key in SOURCES for item in at(inputs, key)]
        if not sources:
            yield CHECK.finding(aggregator, "the aggregator has neither an account source nor an organization source.")
        for item in sources:
            if item is UNKNOWN:
                yield CHECK.unknown(aggregator, "the source is known only after the deployment")
            elif not at(item, "regions") and not any(truth(value) is not False for value in at(item, "allRegions")):
                yield CHECK.finding(
                    aggregator,
                    "the source names no region: regions is empty and allRegions is not true.",
                    fix="List regions, or set allRegions to true.",
                    path="accountAggregationSource",
                )


CHECK = Check(
    id="aggregator-source",
    severity=ERROR,
    title="The aggregator has a source with regions",
    explanation="An aggregator collects from the accounts of account_aggregation_source, or from an organization.",
    aws_does="PutConfigurationAggregator requires no source, so an aggregator without one collects nothing; Pulumi's "
    "provider, which asks for exactly one, refuses it beforehand. A source without regions is refused with "
    "InvalidParameterValueException.",
    fix="Give account_aggregation_source with account_ids and regions, or organization_aggregation_source with a role.",
    source="https://docs.aws.amazon.com/config/latest/APIReference/API_PutConfigurationAggregator.html",
    look=look,
    tags=("config", "aggregator"),
)
