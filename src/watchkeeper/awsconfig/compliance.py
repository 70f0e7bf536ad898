"""Compliance reads, by rule and by resource, and PutEvaluations.

https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_view-compliance.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from watchkeeper.awsconfig.context import Call, to_seconds
from watchkeeper.awsconfig.errors import ConfigError, invalid
from watchkeeper.awsconfig.invocation import read_token
from watchkeeper.awsconfig.outcomes import Outcome, Result
from watchkeeper.awsconfig.paging import Key
from watchkeeper.awsconfig.results import COLUMNS, record_outcomes
from watchkeeper.awsconfig.rule_status import note_success
from watchkeeper.awsconfig.rules import require_rule

CAP = 25
"""GetComplianceSummary… and ComplianceContributorCount count no further."""


def describe_compliance_by_config_rule(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    names, wanted = request.get("ConfigRuleNames"), set(request.get("ComplianceTypes") or [])
    if names:
        for name in names:
            require_rule(call, name)
    counts = rule_counts(call, names)
    rows = [
        ((name,), {"ConfigRuleName": name, "Compliance": compliance_shape(compliant, violating)})
        for name, (compliant, violating) in sorted(counts.items())
        if not wanted or verdict(compliant, violating) in wanted
    ]
    page, token = call.page_of(request, rows, default=50)
    return {"ComplianceByConfigRules": page, **token}


def describe_compliance_by_resource(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    resource_type, resource_id = request.get("ResourceType"), request.get("ResourceId")
    if resource_id and not resource_type:
        raise invalid("ResourceType should not be empty when ResourceId is provided")
    wanted = request.get("ComplianceTypes") or []
    kind = "CASE WHEN SUM(compliance='NON_COMPLIANT')>0 THEN 'NON_COMPLIANT' ELSE 'COMPLIANT' END"
    having = f"HAVING {kind} IN ({','.join('?' * len(wanted))})" if wanted else ""

    def fetch(after: Key | None, limit: int) -> list[tuple[Key, dict[str, Any]]]:
        found = call.db.rows(
            "SELECT type, resource, SUM(compliance='COMPLIANT'), SUM(compliance='NON_COMPLIANT') FROM result "  # noqa: S608
            "WHERE account=? AND region=? AND (type, resource)>(?,?) AND (? IS NULL OR type=?) "
            f"AND (? IS NULL OR resource=?) GROUP BY type, resource {having} ORDER BY type, resource LIMIT ?",
            [
                *(call.account, call.region, *(after or ("", "")), resource_type, resource_type),
                *(resource_id, resource_id, *wanted, limit),
            ],
        )
        return [
            (
                (row[0], row[1]),
                {"ResourceType": row[0], "ResourceId": row[1], "Compliance": compliance_shape(row[2], row[3])},
            )
            for row in found
        ]

    page, token = call.page(request, fetch, default=10)
    return {"ComplianceByResources": page, **token}


def get_compliance_details_by_config_rule(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    name = request["ConfigRuleName"]
    require_rule(call, name)

    def fetch(after: Key | None, limit: int) -> list[tuple[Key, dict[str, Any]]]:
        results = results_after(call, call.account, call.region, name, request.get("ComplianceTypes"), after, limit)
        return [((r.resource_type, r.resource_id), evaluation_result(r)) for r in results]

    page, token = call.page(request, fetch, default=10)
    return {"EvaluationResults": page, **token}


def get_compliance_details_by_resource(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    if request.get("ResourceEvaluationId"):
        raise invalid("There are no proactive evaluations in the embedded AWS: ResourceEvaluationId names none.")
    resource_type, resource_id = request.get("ResourceType"), request.get("ResourceId")
    if not resource_type or not resource_id:
        raise invalid("ResourceType and ResourceId should not be empty")
    types = request.get("ComplianceTypes") or []

    def fetch(after: Key | None, limit: int) -> list[tuple[Key, dict[str, Any]]]:
        marks = f" AND compliance IN ({','.join('?' * len(types))})" if types else ""
        found = call.db.rows(
            f"SELECT {COLUMNS} FROM result INDEXED BY result_by_resource "  # noqa: S608
            f"WHERE account=? AND region=? AND type=? AND resource=? AND rule>?{marks} "
            "ORDER BY rule LIMIT ?",
            [call.account, call.region, resource_type, resource_id, (after or ("",))[0], *types, limit],
        )
        return [((row[0],), evaluation_result(Result(*row))) for row in found]

    page, token = call.page(request, fetch, default=100)
    return {"EvaluationResults": page, **token}


def get_compliance_summary_by_config_rule(call: Call, _request: dict[str, Any]) -> dict[str, Any]:
    verdicts = [verdict(*counts) for counts in rule_counts(call, None).values()]
    return {"ComplianceSummary": summary(verdicts.count("COMPLIANT"), verdicts.count("NON_COMPLIANT"), call.now)}


def get_compliance_summary_by_resource_type(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    types = request.get("ResourceTypes") or []
    rows = call.db.rows(
        "SELECT type, SUM(bad=0), SUM(bad>0) FROM (SELECT type, resource, SUM(compliance='NON_COMPLIANT') AS bad "
        "FROM result WHERE account=? AND region=? GROUP BY type, resource) GROUP BY type ORDER BY type",
        (call.account, call.region),
    )
    if not types:
        total = summary(sum(row[1] for row in rows), sum(row[2] for row in rows), call.now)
        return {"ComplianceSummariesByResourceType": [{"ComplianceSummary": total}]}
    counts = {row[0]: (row[1], row[2]) for row in rows}
    return {
        "ComplianceSummariesByResourceType": [
            {"ResourceType": each, "ComplianceSummary": summary(*counts.get(each, (0, 0)), call.now)} for each in types
        ]
    }


def put_evaluations(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    evaluations = request.get("Evaluations") or []
    for each in evaluations:
        _check_evaluation(each)
    if request.get("TestMode"):
        return {"FailedEvaluations": []}
    token = read_token(call.db, request["ResultToken"])
    if token is None:
        raise ConfigError("InvalidResultTokenException", "The result token is not valid.")
    if (token.account, token.region) != (call.account, call.region):
        raise ConfigError("InvalidResultTokenException", "The result token belongs to another account or region.")
    name = next((n for n, body in call.entities("rule") if body["rule"]["ConfigRuleId"] == token.rule_id), None)
    if name is None:
        raise ConfigError("NoSuchConfigRuleException", "The config rule of the result token was deleted.")
    take_evaluations(call, name, evaluations, token.invoked)
    return {"FailedEvaluations": []}


def put_external_evaluation(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    name, each = request["ConfigRuleName"], request["ExternalEvaluation"]
    require_rule(call, name)
    _check_evaluation(each)
    take_evaluations(call, name, [each], call.now)
    return {}


def take_evaluations(call: Call, rule: str, evaluations: Iterable[dict[str, Any]], invoked: float) -> None:
    """Keep evaluations that came from outside."""
    outcomes = [
        Outcome(
            rule,
            each["ComplianceResourceType"],
            each["ComplianceResourceId"],
            each["ComplianceType"],
            each.get("Annotation", ""),
            to_seconds(each["OrderingTimestamp"]),
        )
        for each in evaluations
    ]
    changed = record_outcomes(call.db, call.account, call.region, outcomes, call.now, invoked, in_order=True)
    if changed:
        resources = [list(key) for key in sorted(changed)]
        call.db.queue("evaluate", "compliance", call.account, call.region, {"resources": resources})
    note_success(call.db, call.account, call.region, rule, call.now)


def rule_counts(call: Call, names: Iterable[str] | None) -> dict[str, tuple[int, int]]:
    """Compliant and non-compliant resources of each rule (of all rules, or of those named)."""
    found = call.db.rows(
        "SELECT rule, SUM(compliance='COMPLIANT'), SUM(compliance='NON_COMPLIANT') FROM result "
        "WHERE account=? AND region=? GROUP BY rule",
        (call.account, call.region),
    )
    counts = {row[0]: (row[1], row[2]) for row in found}
    wanted = list(names) if names is not None else [name for name, _ in call.entities("rule")]
    return {name: counts.get(name, (0, 0)) for name in wanted}


def results_after(
    call: Call, account: str, region: str, rule: str, types: list[str] | None, after: Key | None, limit: int
) -> list[Result]:
    """A rule's results by resource, those after a key (type, id)."""
    marks = f" AND compliance IN ({','.join('?' * len(types))})" if types else ""
    rows = call.db.rows(
        f"SELECT {COLUMNS} FROM result WHERE account=? AND region=? AND rule=? AND (type, resource)>(?,?){marks} "  # noqa: S608
        "ORDER BY type, resource LIMIT ?",
        [account, region, rule, *(after or ("", "")), *(types or []), limit],
    )
    return [Result(*row) for row in rows]


def verdict(compliant: int, violating: int) -> str:
    """A rule's or a resource's compliance by the counts of its results. INSUFFICIENT_DATA: nothing was evaluated, or
    everything was NOT_APPLICABLE (https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeComplianceByConfigRule.html)."""
    if violating:
        return "NON_COMPLIANT"
    return "COMPLIANT" if compliant else "INSUFFICIENT_DATA"


def compliance_shape(compliant: int, violating: int) -> dict[str, Any]:
    """``Compliance`` with the number of its contributors: the violating resources, else the compliant ones."""
    kind = verdict(compliant, violating)
    if kind == "INSUFFICIENT_DATA":
        return {"ComplianceType": kind}
    return {"ComplianceType": kind, "ComplianceContributorCount": capped(violating or compliant)}


def capped(count: int) -> dict[str, Any]:
    """``ComplianceContributorCount``: 25 stands for 25 or more."""
    return {"CappedCount": min(count, CAP), "CapExceeded": count > CAP}


def summary(compliant: int, violating: int, now: float) -> dict[str, Any]:
    """``ComplianceSummary``."""
    return {
        "CompliantResourceCount": capped(compliant),
        "NonCompliantResourceCount": capped(violating),
        "ComplianceSummaryTimestamp": now,
    }


def evaluation_result(result: Result) -> dict[str, Any]:
    """``EvaluationResult``."""
    shape = {
        "EvaluationResultIdentifier": {
            "EvaluationResultQualifier": {
                "ConfigRuleName": result.rule,
                "ResourceType": result.resource_type,
                "ResourceId": result.resource_id,
                "EvaluationMode": "DETECTIVE",
            },
            "OrderingTimestamp": result.ordering,
        },
        "ComplianceType": result.compliance,
        "ResultRecordedTime": result.recorded,
        "ConfigRuleInvokedTime": result.invoked,
    }
    return shape | ({"Annotation": result.annotation} if result.annotation else {})


def _check_evaluation(each: dict[str, Any]) -> None:
    if each["ComplianceType"] == "INSUFFICIENT_DATA":
        raise invalid("The ComplianceType INSUFFICIENT_DATA is not allowed in an evaluation.")
