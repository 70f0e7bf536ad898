"""What ``evaluate``, ``whatif`` and ``scan`` print as JSON: the same words for files and for accounts.

Shapes: ``schemas/evaluate.schema.json``, ``schemas/whatif.schema.json``, ``schemas/scan.schema.json``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import Any

from watchkeeper.evaluation.results import KINDS, FilesResult, ResourceEvaluation, RuleResult, severities
from watchkeeper.evaluation.scan import ScanResult
from watchkeeper.evaluation.whatif import WhatIf

Document = dict[str, Any]


def of_files(result: FilesResult) -> Document:
    """What the rules said of AWS Config's files."""
    return {
        "items": result.items,
        "files": result.files,
        "coverage": {"rules": len(result.rules), "evaluated": result.evaluated_rules, "text": result.coverage},
        "rules": of_rules(result.rules),
        "violations": of_violations(result.violations, result.rules),
        "violation_count": result.non_compliant,
        "excepted": of_violations(result.excepted, result.rules),
        "resource_types": dict(result.resource_types),
        "problems": [{"file": p.file, "item": p.item, "message": p.message} for p in result.problems],
        "problem_count": result.problem_count,
        "superseded": list(result.superseded),
    }


def of_what_if(answer: WhatIf) -> Document:
    """What further rules would say, and what they would cost."""
    cost = answer.cost
    return {
        **of_files(answer.result),
        "exact": answer.exact,
        "newly_failing": of_violations(answer.newly_failing, answer.result.rules),
        "cost": {
            "usd_per_month": cost.usd,
            "evaluations_per_month": cost.evaluations,
            "changes_per_resource": cost.changes_per_resource,
            "source": cost.source,
        },
    }


def of_scan(result: ScanResult) -> Document:
    """What the rules said of accounts, and what could not be read."""
    return {
        "rules": of_rules(result.rules),
        "resources": result.resources,
        "resource_types": dict(result.resource_types),
        "violations": of_violations(result.violations, result.rules),
        "excepted": of_violations(result.excepted, result.rules),
        "gaps": [
            {
                "account": placed.account,
                "region": placed.region,
                "resource_type": placed.gap.resource_type,
                "resource_id": placed.gap.resource_id,
                "operation": placed.gap.operation,
                "code": placed.gap.code,
                "message": placed.gap.message,
            }
            for placed in result.gaps
        ],
        "places": [{"account": account, "region": name} for account, name in result.places],
        "api_calls": result.api_calls,
        "seconds": round(result.seconds, 3),
    }


def of_rules(results: Sequence[RuleResult]) -> Mapping[str, Document]:
    """Rule to counts: by identifier, or by name where a managed rule is there more than once."""
    identifiers = [result.rule.identifier for result in results]
    found: dict[str, Document] = {}
    for number, result in enumerate(results):
        rule = result.rule
        key = rule.identifier if identifiers.count(rule.identifier) == 1 else rule.name
        found[key if key not in found else f"{key} ({number + 1})"] = {
            "name": rule.name,
            "identifier": rule.identifier,
            "parameters": {name: str(value) for name, value in rule.parameters.items()},
            "severity": rule.severity.value,
            "category": rule.category,
            **{kind.value.lower(): result.counts.get(kind, 0) for kind in KINDS},
            "evaluated": result.evaluated,
            "not_evaluated_because": dict(result.reasons),
        }
    return found


def of_violations(violations: Iterable[ResourceEvaluation], results: Sequence[RuleResult]) -> list[Document]:
    """Each violation with its resource."""
    severity = severities(results)
    return [
        {
            "rule": found.evaluation.rule,
            "identifier": found.identifier,
            "severity": severity[found.evaluation.rule].value,
            "account": found.account_id,
            "region": found.region,
            "resource_type": found.evaluation.resource_type,
            "resource_id": found.evaluation.resource_id,
            "annotation": found.evaluation.annotation,
            "captured_at": f"{found.evaluation.ordering_time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        }
        for found in violations
    ]
