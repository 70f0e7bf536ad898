"""Collecting: any number of results through pages of any size, and what a rule's status means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.model import ComplianceType
from watchkeeper.monitoring.functions.collect import rule_results, rule_state
from watchkeeper.reports.results import RuleState

NOW = datetime(2026, 11, 23, tzinfo=UTC)
BEFORE = NOW - timedelta(hours=1)


def result(name: str, compliance: str, recorded: datetime = NOW, mode: str = "DETECTIVE") -> dict[str, Any]:
    """A result as AWS Config gives it."""
    qualifier = {"ConfigRuleName": "r", "ResourceType": "T", "ResourceId": name, "EvaluationMode": mode}
    return {
        "EvaluationResultIdentifier": {"EvaluationResultQualifier": qualifier, "OrderingTimestamp": recorded},
        "ComplianceType": compliance,
        "ResultRecordedTime": recorded,
    }


class Pages:
    """The answers of GetComplianceDetailsByConfigRule: lists of results, or error codes."""

    def __init__(self, *answers: list[dict[str, Any]] | str) -> None:
        self.answers = list(answers)
        self.asked: list[str | None] = []

    def get_compliance_details_by_config_rule(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request.get("NextToken"))
        answer = self.answers.pop(0)
        if isinstance(answer, str):
            raise ClientError({"Error": {"Code": answer, "Message": ""}}, "GetComplianceDetailsByConfigRule")
        return {"EvaluationResults": answer} | ({"NextToken": str(len(self.asked))} if self.answers else {})


@given(st.lists(st.lists(st.sampled_from(["COMPLIANT", "NON_COMPLIANT"]), max_size=5), min_size=1, max_size=12))
def test_every_page_is_read_even_an_empty_one(pages: list[list[str]]) -> None:
    names = iter(range(10_000))
    service = Pages(*([result(str(next(names)), compliance) for compliance in page] for page in pages))
    found = rule_results(service, "r")
    assert [item.compliance.value for item in found] == [compliance for page in pages for compliance in page]
    assert len(service.asked) == len(pages)


def test_a_result_that_moves_between_pages_counts_once_with_its_latest_value() -> None:
    service = Pages([result("a", "COMPLIANT", NOW)], [result("a", "NON_COMPLIANT", BEFORE)])
    (found,) = rule_results(service, "r")
    assert found.compliance is ComplianceType.COMPLIANT


def test_a_proactive_result_is_of_nothing_that_exists() -> None:
    assert rule_results(Pages([result("planned", "NON_COMPLIANT", mode="PROACTIVE")]), "r") == ()


def test_a_token_that_aws_takes_back_starts_the_rule_anew() -> None:
    service = Pages([result("a", "COMPLIANT")], "InvalidNextTokenException", [result("a", "COMPLIANT")])
    assert len(rule_results(service, "r")) == 1
    assert service.asked == [None, "1", None]


def test_it_does_not_start_anew_for_ever() -> None:
    with pytest.raises(ClientError, match="InvalidNextTokenException"):
        rule_results(Pages(*["InvalidNextTokenException"] * 9), "r")


def test_a_rule_that_goes_while_it_is_read_has_no_results() -> None:
    assert rule_results(Pages("NoSuchConfigRuleException"), "r") == ()


@pytest.mark.parametrize(
    ("status", "has_results", "state"),
    [
        (None, False, RuleState.MISSING),
        ({}, False, RuleState.NO_DATA),
        ({}, True, RuleState.EVALUATED),
        ({"LastSuccessfulEvaluationTime": NOW}, False, RuleState.NO_RESOURCES),
        ({"LastSuccessfulEvaluationTime": NOW}, True, RuleState.EVALUATED),
        ({"LastSuccessfulEvaluationTime": BEFORE, "LastFailedEvaluationTime": NOW}, True, RuleState.ERROR),
        ({"LastSuccessfulEvaluationTime": BEFORE, "LastFailedInvocationTime": NOW}, True, RuleState.ERROR),
        ({"LastSuccessfulEvaluationTime": NOW, "LastFailedEvaluationTime": BEFORE, "LastErrorCode": "X"}, True,
         RuleState.EVALUATED),
        ({"LastErrorCode": "X"}, False, RuleState.ERROR),
    ],
)  # fmt: skip
def test_state(status: dict[str, Any] | None, has_results: bool, state: RuleState) -> None:
    found, reason = rule_state(status, has_results)
    assert found is state
    assert bool(reason) == (not state.known)
