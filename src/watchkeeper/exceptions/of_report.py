"""A report with the violations that exceptions accept taken out of its score."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from watchkeeper.exceptions.entry import Entry, Exceptions, Subject
from watchkeeper.model import ComplianceType, Evaluation
from watchkeeper.reports.results import ComplianceReport, RuleInfo, RuleResult, count, unknown_rule

TagsOf = Callable[[str, str], Mapping[str, str] | None]
"""Resource type and id to the resource's tags; None where they are not known."""


def accept(
    report: ComplianceReport, exceptions: Exceptions, tags_of: TagsOf = lambda _type, _id: None
) -> ComplianceReport:
    """The report, as of when it was made, with accepted violations as EXCEPTED. Without exceptions it is the same."""
    rules = {result.rule.name: result.rule for result in report.rules}
    results = tuple(_accepted(each, rules[each.rule], report, exceptions, tags_of) for each in report.results)
    changed = {after.rule for before, after in zip(report.results, results, strict=True) if before is not after}
    of_rule: dict[str, list[Evaluation]] = {name: [] for name in changed}
    for each in results:
        if each.rule in of_rule:
            of_rule[each.rule].append(each)
    counted = tuple(_counted(each, of_rule) for each in report.rules)
    return replace(report, results=results, rules=counted)


def accepting(
    result: Evaluation, rule: RuleInfo, report: ComplianceReport, exceptions: Exceptions, tags_of: TagsOf
) -> Entry | None:
    """The entry that accepts a violation."""
    if result.compliance is not ComplianceType.NON_COMPLIANT or not exceptions.concerns(rule.identifier, rule.name):
        return None
    tags = tags_of(result.resource_type, result.resource_id) if exceptions.needs_tags else None
    found = Subject(
        identifier=rule.identifier,
        rule=rule.name,
        account=report.account,
        region=report.region,
        resource_type=result.resource_type,
        resource_id=result.resource_id,
        tags=tags,
    )
    return exceptions.accepts(found, report.generated_at)


def _accepted(
    result: Evaluation, rule: RuleInfo, report: ComplianceReport, exceptions: Exceptions, tags_of: TagsOf
) -> Evaluation:
    entry = accepting(result, rule, report, exceptions, tags_of)
    return result if entry is None else replace(result, compliance=ComplianceType.EXCEPTED, annotation=entry.told)


def _counted(result: RuleResult, of_rule: Mapping[str, list[Evaluation]]) -> RuleResult:
    found = of_rule.get(result.rule.name)
    return result if found is None else replace(result, counts=count(found) + unknown_rule(result.state))
