"""Requests that AWS refuses are refused in its words; what is not supported says so by name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.awsconfig import ConfigError
from watchkeeper.awsconfig.api_model import operations, service_model, validate_request
from watchkeeper.awsconfig.reference import as_markdown, support
from watchkeeper.awsconfig.registry import OPERATIONS, UNSUPPORTED


def refusal(operation, **request):
    with pytest.raises(ConfigError) as caught:
        validate_request(operation, request)
    return caught.value


def test_a_name_that_is_too_long_is_refused_in_awss_words():
    name = "x" * 129
    error = refusal("PutConfigRule", ConfigRule={"ConfigRuleName": name, "Source": {"Owner": "AWS"}})
    assert error.code == "ValidationException"
    assert error.message == (
        f"1 validation error detected: Value '{name}' at 'configRule.configRuleName' failed to satisfy constraint: "
        "Member must have length less than or equal to 128"
    )


@pytest.mark.parametrize(
    ("operation", "request_", "said"),
    [
        (
            "DeleteConfigRule",
            {},
            "Value null at 'configRuleName' failed to satisfy constraint: Member must not be null",
        ),
        (
            "PutRetentionConfiguration",
            {"RetentionPeriodInDays": 29},
            "Member must have value greater than or equal to 30",
        ),
        (
            "PutRetentionConfiguration",
            {"RetentionPeriodInDays": 2558},
            "Member must have value less than or equal to 2557",
        ),
        ("DescribeConfigRules", {"ConfigRuleNames": ["r"] * 26}, "Member must have length less than or equal to 25"),
        ("DescribeConfigRules", {"ConfigRuleNames": ["ok", " "]}, "at 'configRuleNames.2.member' failed"),
        ("ListDiscoveredResources", {"resourceType": "AWS::Nothing::Here"}, "Member must satisfy enum value set: ["),
        ("GetComplianceDetailsByConfigRule", {"ConfigRuleName": "r", "Limit": 101}, "less than or equal to 100"),
        ("BatchGetResourceConfig", {"resourceKeys": []}, "Member must have length greater than or equal to 1"),
        (
            "PutConformancePack",
            {"ConformancePackName": "1"},
            "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*",
        ),
    ],
)
def test_each_kind_of_constraint(operation, request_, said):
    error = refusal(operation, **request_)
    assert error.code == "ValidationException"
    assert said in error.message


def test_all_errors_are_told_at_once():
    error = refusal("PutConfigRule", ConfigRule={"ConfigRuleName": "x" * 129, "Source": {"Owner": "ME"}})
    assert error.message.startswith("2 validation errors detected: ")


def test_a_value_of_the_wrong_json_type_is_a_serialization_error():
    assert refusal("DeleteConfigRule", ConfigRuleName=5).code == "SerializationException"
    assert refusal("DescribeConfigRules", ConfigRuleNames="r").code == "SerializationException"
    assert refusal("StartConfigRulesEvaluation", ConfigRuleNames=[True]).code == "SerializationException"


def test_unknown_members_are_ignored():
    validate_request("DescribeConfigRules", {"Whatever": 1})


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@given(data=st.data())
def test_whatever_comes_in_is_taken_or_refused_with_an_aws_error(data):
    operation = data.draw(st.sampled_from(operations()))
    shape = service_model().operation_model(operation).input_shape
    members = list(shape.members) if shape else []
    request = data.draw(st.dictionaries(st.sampled_from(members), _json, max_size=4) if members else st.just({}))
    try:
        validate_request(operation, request)
    except ConfigError as error:
        assert error.code in ("ValidationException", "SerializationException")


def test_every_operation_is_supported_or_named():
    assert set(OPERATIONS) | set(UNSUPPORTED) == set(operations())
    assert not set(OPERATIONS) & set(UNSUPPORTED)
    assert len(operations()) >= 102


@pytest.mark.parametrize("operation", sorted(UNSUPPORTED))
def test_an_unsupported_operation_says_so(config, operation):
    error = config.refused(operation)
    assert error.code == "UnsupportedOperationException"
    assert error.status == 501
    assert operation in error.message


def test_an_unknown_operation_is_refused(config):
    assert config.service
    with pytest.raises(ConfigError, match="UnknownOperationException"):
        config.service.handle("DeleteTheInternet", {}, config.account, config.region)


def test_the_reference_has_a_row_for_each_operation():
    assert [each.operation for each in support()] == list(operations())
    assert as_markdown().count("\n") == len(operations()) + 2


@pytest.mark.parametrize(
    "operation",
    sorted(
        name
        for name in OPERATIONS
        if not getattr(service_model().operation_model(name).input_shape, "required_members", ())
    ),
)
def test_operations_that_need_nothing_answer_on_an_empty_account(config, operation):
    try:
        config(operation)
    except ConfigError as error:
        assert error.code in (
            "InvalidParameterValueException",
            "ValidationException",
            "NoSuchConfigRuleException",
            "NoAvailableConfigurationRecorderException",
        )
