"""aggregator-regions: an aggregator's region list names real regions, each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from watchkeeper.aws import facts, suggest
from watchkeeper.preflight.check import ERROR, WARNING, Check, Result
from watchkeeper.preflight.checks.aggregator_source import SOURCES
from watchkeeper.preflight.meaning.values import at, quote, truth
from watchkeeper.preflight.meaning.views import AGGREGATOR, Views
from watchkeeper.pulumi.graph import UNKNOWN


def look(views: Views) -> Iterator[Result]:
    """Each source's regions."""
    for aggregator in views.of_type(AGGREGATOR):
        for key in SOURCES:
            for source in at(views.inputs(aggregator), key):
                regions = [region for region in at(source, "regions") if region is not UNKNOWN]
                if len(regions) != len(at(source, "regions")):
                    yield CHECK.unknown(aggregator, "a region is known only after the deployment")
                path = f"{key}.regions"
                twice = [region for region, count in Counter(map(str, regions)).items() if count > 1]
                for region in twice:
                    yield CHECK.finding(
                        aggregator,
                        f"the region {quote(region)} is listed {Counter(map(str, regions))[region]} times.",
                        fix=f"List it once: {sorted(set(map(str, regions)))}.",
                        path=path,
                    )
                for region in sorted({str(region) for region in regions} - set(facts.regions())):
                    nearest = suggest.nearest(region, facts.regions())
                    yield CHECK.finding(
                        aggregator,
                        f"{quote(region)} is not an AWS region.",
                        fix=f"Did you mean {nearest}?" if nearest else "Give a region code such as eu-west-1.",
                        path=path,
                        severity=ERROR,
                        aws_does="PutConfigurationAggregator answers InvalidParameterValueException.",
                    )
                if regions and any(truth(value) for value in at(source, "allRegions")):
                    yield CHECK.finding(
                        aggregator,
                        "the source has both regions and allRegions.",
                        fix="Keep one of the two.",
                        path=path,
                        severity=ERROR,
                        aws_does="PutConfigurationAggregator answers InvalidParameterValueException.",
                    )


CHECK = Check(
    id="aggregator-regions",
    severity=WARNING,
    title="Aggregator regions are real and listed once",
    explanation="A region listed twice is a sign that another one was meant; the data of that other region is missing.",
    aws_does="It accepts the list; nobody notices that a region is missing.",
    fix="List each region once, or use all_regions=True.",
    source="https://docs.aws.amazon.com/config/latest/developerguide/aggregate-data.html",
    look=look,
    tags=("config", "aggregator"),
)
