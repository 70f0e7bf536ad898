"""Aggregators: one view over the rules and resources of several accounts and regions.

In AWS an aggregator copies; here it reads its sources when it is asked, so its data is never late.
https://docs.aws.amazon.com/config/latest/developerguide/aggregate-data.html
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from watchkeeper import items
from watchkeeper.aws import facts
from watchkeeper.awsconfig.compliance import compliance_shape, evaluation_result, results_after, rule_counts, verdict
from watchkeeper.awsconfig.context import Call, present, short_id
from watchkeeper.awsconfig.errors import ConfigError, invalid
from watchkeeper.awsconfig.packs import pack_compliance
from watchkeeper.awsconfig.paging import Key
from watchkeeper.awsconfig.resources import not_discovered, recorded_how, type_counts
from watchkeeper.awsconfig.sources import AGGREGATOR, Source, authorized, wanted_sources
from watchkeeper.awsconfig.states import current_item
from watchkeeper.awsconfig.tags import forget_tags, keep_tags

LIMIT = 50
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")


def put_configuration_aggregator(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    name = request["ConfigurationAggregatorName"]
    existing = call.get(AGGREGATOR, name)
    if not existing and call.db.count(call.account, call.region, AGGREGATOR) >= LIMIT:
        raise ConfigError(
            "LimitExceededException",
            f"Failed to put configuration aggregator '{name}' because the maximum number of aggregators: "
            f"{LIMIT} is reached.",
        )
    _check_sources(call, request)
    arn = (
        existing["ConfigurationAggregatorArn"]
        if existing
        else call.arn(f"config-aggregator/config-aggregator-{short_id(8)}")
    )
    shape = {
        "ConfigurationAggregatorName": name,
        "ConfigurationAggregatorArn": arn,
        "AccountAggregationSources": request.get("AccountAggregationSources") or None,
        "OrganizationAggregationSource": request.get("OrganizationAggregationSource"),
        "CreationTime": existing["CreationTime"] if existing else call.now,
        "LastUpdatedTime": call.now,
        "AggregatorFilters": request.get("AggregatorFilters"),
    }
    call.put(AGGREGATOR, name, present(shape))
    if not existing:
        keep_tags(call, arn, request.get("Tags"))
    return {"ConfigurationAggregator": present(shape)}


def delete_configuration_aggregator(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    name = request["ConfigurationAggregatorName"]
    forget_tags(call, _require(call, name)["ConfigurationAggregatorArn"])
    call.remove(AGGREGATOR, name)
    return {}


def describe_configuration_aggregators(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    names = request.get("ConfigurationAggregatorNames")
    bodies = [(name, _require(call, name)) for name in sorted(set(names))] if names else call.entities(AGGREGATOR)
    page, token = call.page_of(request, [((name,), body) for name, body in bodies], default=50)
    return {"ConfigurationAggregators": page, **token}


def describe_configuration_aggregator_sources_status(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    body = _require(call, request["ConfigurationAggregatorName"])
    wanted = set(request.get("UpdateStatus") or [])
    kind = "ORGANIZATION" if body.get("OrganizationAggregationSource") else "ACCOUNT"
    rows = [(source, _source_status(call, body, kind, source)) for source in wanted_sources(call.db, body)]
    page, token = call.page_of(request, [row for row in rows if not wanted or row[1]["LastUpdateStatus"] in wanted])
    return {"AggregatedSourceStatusList": page, **token}


def describe_aggregate_compliance_by_config_rules(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    filters = request.get("Filters") or {}
    rows = [
        (
            (account, region, rule),
            {
                "ConfigRuleName": rule,
                "Compliance": compliance_shape(*counts),
                "AccountId": account,
                "AwsRegion": region,
            },
        )
        for (account, region, rule), counts in _rule_counts(call, request, filters)
        if filters.get("ConfigRuleName", rule) == rule
        and filters.get("ComplianceType", verdict(*counts)) == verdict(*counts)
    ]
    page, token = call.page_of(request, rows)
    return {"AggregateComplianceByConfigRules": page, **token}


def get_aggregate_compliance_details_by_config_rule(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    source = (request["AccountId"], request["AwsRegion"])
    types = [request["ComplianceType"]] if request.get("ComplianceType") else None
    allowed = source in _sources(call, request, {})

    def fetch(after: Key | None, limit: int) -> list[tuple[Key, dict[str, Any]]]:
        results = results_after(call, *source, request["ConfigRuleName"], types, after, limit) if allowed else []
        return [
            ((r.resource_type, r.resource_id), evaluation_result(r) | {"AccountId": source[0], "AwsRegion": source[1]})
            for r in results
        ]

    page, token = call.page(request, fetch, default=50)
    return {"AggregateEvaluationResults": page, **token}


def get_aggregate_config_rule_compliance_summary(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    group = request.get("GroupByKey")
    verdicts: dict[str, Counter[str]] = {}
    for (account, region, _), counts in _rule_counts(call, request, request.get("Filters") or {}):
        verdicts.setdefault(_group(group, account, region), Counter())[verdict(*counts)] += 1
    rows = [
        ((name,), present({"GroupName": name or None, "ComplianceSummary": _rule_summary(found, call.now)}))
        for name, found in sorted(verdicts.items())
    ]
    page, token = call.page_of(request, rows, default=1000)
    return {"AggregateComplianceCounts": page, **present({"GroupByKey": group}), **token}


def describe_aggregate_compliance_by_conformance_packs(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    filters = request.get("Filters") or {}
    rows = [
        (key, {"ConformancePackName": key[2], "Compliance": shape, "AccountId": key[0], "AwsRegion": key[1]})
        for key, shape in _packs(call, request, filters)
        if filters.get("ConformancePackName", key[2]) == key[2]
        and filters.get("ComplianceType", shape["ComplianceType"]) == shape["ComplianceType"]
    ]
    page, token = call.page_of(request, rows)
    return {"AggregateComplianceByConformancePacks": page, **token}


def get_aggregate_conformance_pack_compliance_summary(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    group = request.get("GroupByKey")
    found: dict[str, Counter[str]] = {}
    for (account, region, _), shape in _packs(call, request, request.get("Filters") or {}):
        found.setdefault(_group(group, account, region), Counter())[shape["ComplianceType"]] += 1
    rows = [
        (
            (name,),
            present({"GroupName": name or None})
            | {
                "ComplianceSummary": {
                    "CompliantConformancePackCount": counts["COMPLIANT"],
                    "NonCompliantConformancePackCount": counts["NON_COMPLIANT"],
                }
            },
        )
        for name, counts in sorted(found.items())
    ]
    page, token = call.page_of(request, rows)
    return {"AggregateConformancePackComplianceSummaries": page, **present({"GroupByKey": group}), **token}


def get_aggregate_discovered_resource_counts(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    filters, group = request.get("Filters") or {}, request.get("GroupByKey")
    groups: Counter[str] = Counter()
    for source in _sources(call, request, {"AccountId": filters.get("AccountId"), "AwsRegion": filters.get("Region")}):
        for resource_type, count in type_counts(call.db, *source).items():
            if filters.get("ResourceType", resource_type) == resource_type:
                groups[resource_type if group == "RESOURCE_TYPE" else _group(group, *source)] += count
    rows = [((name,), {"GroupName": name, "ResourceCount": count}) for name, count in sorted(groups.items())]
    page, token = call.page_of(request, rows if group else [], default=1000)
    reply: dict[str, Any] = {"TotalDiscoveredResources": sum(groups.values())}
    return reply | ({"GroupByKey": group, "GroupedResourceCounts": page, **token} if group else {})


def list_aggregate_discovered_resources(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    filters, resource_type = request.get("Filters") or {}, request["ResourceType"]
    sources = _sources(call, request, {"AccountId": filters.get("AccountId"), "AwsRegion": filters.get("Region")})
    named = [*[filters.get("ResourceId")] * 2, *[filters.get("ResourceName")] * 2]

    def fetch(after: Key | None, limit: int) -> list[tuple[Key, dict[str, Any]]]:
        found: list[tuple[Key, dict[str, Any]]] = []
        for account, region in sources:
            if after is not None and (account, region) < (after[0], after[1]):
                continue
            start = after[2] if after is not None and (account, region) == (after[0], after[1]) else ""
            rows = call.db.rows(
                "SELECT resource, name FROM resource WHERE account=? AND region=? AND type=? AND resource>? "
                "AND deleted=0 AND (? IS NULL OR resource=?) AND (? IS NULL OR name=?) ORDER BY resource LIMIT ?",
                (account, region, resource_type, start, *named, limit),
            )  # fmt: skip
            for resource, name in rows:
                identifier = {
                    "SourceAccountId": account,
                    "SourceRegion": region,
                    "ResourceId": resource,
                    "ResourceType": resource_type,
                    "ResourceName": name,
                }
                found.append(((account, region, resource), present(identifier)))
            if len(found) >= limit:
                break
        return found[:limit]

    page, token = call.page(request, fetch)
    return {"ResourceIdentifiers": page, **token}


def get_aggregate_resource_config(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    identifier = request["ResourceIdentifier"]
    shape = _item(call, request, identifier, full=True)
    if shape is None:
        raise not_discovered(identifier["ResourceType"], identifier["ResourceId"])
    return {"ConfigurationItem": shape}


def batch_get_aggregate_resource_config(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    found, missing = [], []
    for identifier in request["ResourceIdentifiers"]:
        shape = _item(call, request, identifier, full=False)
        if shape is None:
            missing.append(identifier)
        else:
            found.append(shape)
    return {"BaseConfigurationItems": found, "UnprocessedResourceIdentifiers": missing}


def aggregate_sources(call: Call, name: str) -> list[Source]:
    """The accounts and regions that an aggregator may read; NoSuchConfigurationAggregatorException without one."""
    body = _require(call, name)
    owner = (call.account, call.region)
    return [source for source in wanted_sources(call.db, body) if authorized(call.db, body, owner, source)]


def _sources(call: Call, request: dict[str, Any], filters: dict[str, Any]) -> list[Source]:
    account, region = filters.get("AccountId"), filters.get("AwsRegion")
    return [
        source
        for source in aggregate_sources(call, request["ConfigurationAggregatorName"])
        if account in (None, source[0]) and region in (None, source[1])
    ]


def _rule_counts(
    call: Call, request: dict[str, Any], filters: dict[str, Any]
) -> Iterable[tuple[tuple[str, str, str], tuple[int, int]]]:
    """Account, region and rule, with its counts, for the rules that have results: AWS shows no others."""
    for account, region in _sources(call, request, filters):
        there = replace(call, account=account, region=region)
        for rule, counts in sorted(rule_counts(there, None).items()):
            if any(counts):
                yield (account, region, rule), counts


def _packs(
    call: Call, request: dict[str, Any], filters: dict[str, Any]
) -> Iterable[tuple[tuple[str, str, str], dict[str, Any]]]:
    for account, region in _sources(call, request, filters):
        there = replace(call, account=account, region=region)
        for name, rules in pack_compliance(there).items():
            kinds = Counter(rules.values())
            worst = next((k for k in ("NON_COMPLIANT", "COMPLIANT") if kinds[k]), "INSUFFICIENT_DATA")
            shape = {
                "ComplianceType": worst,
                "CompliantRuleCount": kinds["COMPLIANT"],
                "NonCompliantRuleCount": kinds["NON_COMPLIANT"],
                "TotalRuleCount": len(rules),
            }
            yield (account, region, name), shape


def _item(call: Call, request: dict[str, Any], identifier: dict[str, Any], *, full: bool) -> dict[str, Any] | None:
    source = (identifier["SourceAccountId"], identifier["SourceRegion"])
    if source not in _sources(call, request, {}):
        return None
    item = current_item(call.db, *source, identifier["ResourceType"], identifier["ResourceId"])
    if item is None:
        return None
    shape = items.to_api(item) if full else items.to_base_api(item)
    return shape | recorded_how(call.db, *source, item.resource_type)


def _source_status(call: Call, body: dict[str, Any], kind: str, source: Source) -> dict[str, Any]:
    shape = {"SourceId": source[0], "SourceType": kind, "AwsRegion": source[1], "LastUpdateTime": call.now}
    if authorized(call.db, body, (call.account, call.region), source):
        return shape | {"LastUpdateStatus": "SUCCEEDED"}
    message = f"The account {source[0]} has not authorized the aggregator account {call.account} in {source[1]}."
    return shape | {"LastUpdateStatus": "FAILED", "LastErrorCode": "NotAuthorized", "LastErrorMessage": message}


def _group(key: str | None, account: str, region: str) -> str:
    return {"ACCOUNT_ID": account, "AWS_REGION": region}.get(key or "", "")


def _rule_summary(verdicts: Counter[str], now: float) -> dict[str, Any]:
    return {
        "CompliantResourceCount": {"CappedCount": verdicts["COMPLIANT"], "CapExceeded": False},
        "NonCompliantResourceCount": {"CappedCount": verdicts["NON_COMPLIANT"], "CapExceeded": False},
        "ComplianceSummaryTimestamp": now,
    }


def _check_sources(call: Call, request: dict[str, Any]) -> None:
    accounts, organization = request.get("AccountAggregationSources"), request.get("OrganizationAggregationSource")
    if accounts and organization:
        raise invalid(
            "The configuration aggregator cannot be created because your request contains both the "
            "AccountAggregationSource and the OrganizationAggregationSource. Include only one aggregation "
            "source and try again."
        )
    if not accounts and not organization:
        raise invalid(
            "The configuration aggregator cannot be created because your request is missing either the "
            "AccountAggregationSource or the OrganizationAggregationSource. Include the appropriate aggregation source "
            "and try again."
        )
    for source in accounts or [organization]:
        _check_regions(source)
    if organization:
        _check_role(call, organization["RoleArn"])


def _check_regions(source: dict[str, Any]) -> None:
    everywhere, regions = source.get("AllAwsRegions"), source.get("AwsRegions")
    if everywhere and regions:
        raise invalid(
            "Your request cannot be processed because it contains both AwsRegions and AllAwsRegions. "
            "Include only one of them."
        )
    if not everywhere and not regions:
        raise invalid("Your request does not specify any regions. Select AWS Config-supported regions and try again.")
    unknown = [region for region in regions or [] if region not in facts.regions()]
    if unknown:
        raise invalid(f"The regions {', '.join(unknown)} are not AWS regions.")


def _check_role(call: Call, role: str) -> None:
    if not _ROLE.fullmatch(role) or not call.services.role_exists(call.account, role):
        raise ConfigError("InvalidRoleException", f"The role {role} doesn't exist, or AWS Config can't assume it.")


def _require(call: Call, name: str) -> dict[str, Any]:
    body = call.get(AGGREGATOR, name)
    if body is None:
        raise ConfigError(
            "NoSuchConfigurationAggregatorException",
            "The configuration aggregator does not exist. Check the configuration aggregator name and try again.",
        )
    return body
