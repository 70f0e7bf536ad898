"""From which accounts and regions an aggregator collects, and from which it may."""

from __future__ import annotations

from typing import Any

from watchkeeper.awsconfig.store import Session

AGGREGATOR = "aggregator"
AUTHORIZATION = "aggregation_authorization"
Source = tuple[str, str]
"""Account and region."""


def wanted_sources(db: Session, body: dict[str, Any]) -> list[Source]:
    """The accounts and regions that an aggregator names. All regions: those with anything in them; an organization:
    every account of the embedded AWS that uses Config."""
    known = _known(db)
    organization = body.get("OrganizationAggregationSource")
    if organization:
        regions = organization.get("AwsRegions") or []
        everywhere = organization.get("AllAwsRegions", False)
        return sorted({(a, r) for a, r in known if everywhere or r in regions})
    found: set[Source] = set()
    for source in body.get("AccountAggregationSources", []):
        accounts = set(source["AccountIds"])
        if source.get("AllAwsRegions"):
            found |= {(a, r) for a, r in known if a in accounts}
        else:
            found |= {(a, r) for a in accounts for r in source.get("AwsRegions", [])}
    return sorted(found)


def authorized(db: Session, body: dict[str, Any], owner: Source, source: Source) -> bool:
    """Whether the aggregator of ``owner`` may collect from ``source``: its own account, its organization, or an
    authorization that stands in the source."""
    if body.get("OrganizationAggregationSource") or source[0] == owner[0]:
        return True
    return db.get(*source, AUTHORIZATION, f"{owner[0]}/{owner[1]}") is not None


def _known(db: Session) -> set[Source]:
    rows = db.rows("SELECT DISTINCT account, region FROM entity WHERE kind IN ('recorder', 'rule') AND account<>''")
    return {(row[0], row[1]) for row in rows}
