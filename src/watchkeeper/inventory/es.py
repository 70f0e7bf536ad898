"""Amazon OpenSearch Service under its older API: Elasticsearch domains.

Shapes: https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any

from watchkeeper.inventory.core import Context, Raw, Reader, bean_spelling
from watchkeeper.inventory.described import Ask, Row, described

_DOMAINS_AT_ONCE = 5
"""``DomainNames`` of DescribeDomains
(https://docs.aws.amazon.com/opensearch-service/latest/APIReference/API_DescribeDomains.html)."""
_GONE = ("ResourceNotFoundException",)


def _domains(ctx: Context, service: str, engine: str, keys: Sequence[str] | None) -> Iterator[Raw]:
    """The domains of an engine: one call for the names, one for every five of them."""
    operation = {"opensearch": "describe_domains", "es": "describe_elasticsearch_domains"}[service]
    names = [found["DomainName"] for found in ctx.ask(service, "list_domain_names", EngineType=engine)["DomainNames"]]
    if keys is not None:
        names = [name for name in names if name in set(keys)]
    for start in range(0, len(names), _DOMAINS_AT_ONCE):
        chunk = names[start : start + _DOMAINS_AT_ONCE]
        yield from ctx.ask(service, operation, DomainNames=chunk).get("DomainStatusList") or ()


def domain_reader(resource_type: str, service: str, engine: str, row: Row) -> Reader:
    by_row = described(row)
    return Reader(
        resource_type,
        service,
        all=lambda ctx: _domains(ctx, service, engine, None),
        some=lambda ctx, keys: _domains(ctx, service, engine, keys),
        item=by_row.item,
        key=by_row.key,
        aspects=by_row.aspects,
        calls=by_row.calls,
    )


def domain_row(resource_type: str, service: str, id_: str, **more: Any) -> Row:
    return Row(
        *(resource_type, service, "list_domain_names", "DomainNames"),
        id=id_,
        arn="ARN",
        name="DomainName",
        key="DomainName",
        tags=Ask("list_tags", "ARN", result="TagList", absent=_GONE),
        # What is being done to a domain is not its configuration.
        without=("Processing", "UpgradeProcessing", "ServiceSoftwareOptions", "DomainProcessingStatus", "Created"),
        left_out=lambda _ctx, raw: bool(raw.get("Deleted")),
        **more,
    )


_ELASTICSEARCH = "AWS::Elasticsearch::Domain"
_MAPS = ("advancedOptions", "logPublishingOptions", "endpoints")

READERS = (
    domain_reader(
        *(_ELASTICSEARCH, "es", "Elasticsearch"),
        domain_row(
            *(_ELASTICSEARCH, "es", "DomainId"),
            spelling=functools.partial(bean_spelling, keep=_MAPS),
            tags_beside=True,
            zone="Multiple Availability Zones",
        ),
    ),
)
