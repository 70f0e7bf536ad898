"""What PutConfigRule refuses, in AWS's order and words as far as they are known.

https://docs.aws.amazon.com/config/latest/APIReference/API_PutConfigRule.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson

from watchkeeper.aws import facts, refusals, suggest
from watchkeeper.awsconfig.context import Call
from watchkeeper.awsconfig.errors import ConfigError, invalid, refuse
from watchkeeper.rules import parse_value


def check_rule(call: Call, shape: dict[str, Any]) -> None:
    """Raise ConfigError unless AWS would take the rule."""
    if shape.get("ConfigRuleState", "ACTIVE") != "ACTIVE":
        raise invalid(
            f"The ConfigRuleState {shape['ConfigRuleState']} is invalid.  Only the following values are permitted: "
            "ACTIVE"
        )
    if shape.get("CreatedBy"):
        raise invalid(
            "AWS Config populates the CreatedBy field for ServiceLinkedConfigRule. Try again without populating the "
            "CreatedBy field"
        )
    _check_scope(shape.get("Scope") or {})
    details = shape["Source"].get("SourceDetails") or []
    messages = [detail.get("MessageType", "") for detail in details]
    refuse(refusals.rule_scope(shape["Source"]["Owner"], messages, scoped=bool(shape.get("Scope"))))
    parameters = _input_parameters(shape.get("InputParameters"))
    _SOURCES[shape["Source"]["Owner"]](call, shape, parameters)


def _check_scope(scope: dict[str, Any]) -> None:
    types, resource = scope.get("ComplianceResourceTypes") or [], scope.get("ComplianceResourceId")
    if scope.get("TagValue") and not scope.get("TagKey"):
        raise invalid("TagKey should not be empty when TagValue is provided in scope")
    if scope.get("TagKey") and (types or resource):
        raise invalid("Scope cannot be applied to both resource and tag")
    if resource and not types:
        raise invalid("ComplianceResourceTypes should not be empty when ComplianceResourceId is provided in scope")
    if resource and len(types) > 1:
        raise invalid(
            "ComplianceResourceTypes should have exactly one type when ComplianceResourceId is provided in scope"
        )


def _input_parameters(text: str | None) -> dict[str, Any]:
    if not text:
        return {}
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise invalid(f"Invalid json {text} passed in the InputParameters field") from error
    if not isinstance(value, dict):
        raise invalid(f"Invalid json {text} passed in the InputParameters field: it has to be an object")
    return value


def _check_managed(call: Call, shape: dict[str, Any], parameters: dict[str, Any]) -> None:
    source = shape["Source"]
    identifier = source.get("SourceIdentifier", "")
    rule = facts.managed_rules().get(identifier)
    if rule is None:
        near = suggest.nearest(identifier, facts.managed_rules())
        hint = f" Did you mean {near}?" if near else ""
        raise invalid(
            f"The sourceIdentifier {identifier} is invalid.  Please refer to the documentation for a list of valid "
            f"sourceIdentifiers that can be used when AWS is the Owner.{hint}"
        )
    if source.get("SourceDetails"):
        raise invalid(
            "SourceDetails should be null/empty if the Owner is AWS. Only AWS Config sets it for a managed rule."
        )
    if not rule.in_region(call.region):
        raise invalid(f"The sourceIdentifier {identifier} is not supported in the region {call.region}.")
    if shape.get("MaximumExecutionFrequency") and not rule.takes_frequency:
        raise invalid(
            "A maximum execution frequency is not allowed for rules triggered by configuration changes: "
            f"{identifier} runs when a resource changes."
        )
    _check_parameters(rule, parameters)


def _check_parameters(rule: facts.ManagedRule, parameters: dict[str, Any]) -> None:
    known = {parameter.name: parameter for parameter in rule.parameters}
    unknown = sorted(set(parameters) - set(known))
    if unknown:
        raise invalid(
            f"Unknown parameters provided in the inputParameters: {', '.join(unknown)}. "
            f"{rule.identifier} takes {', '.join(known) or 'none'}."
        )
    missing = [name for name, parameter in known.items() if parameter.required and name not in parameters]
    if missing:
        raise invalid(f"The required parameter [{', '.join(sorted(missing))}] is not present in the inputParameters")
    for name, value in parameters.items():
        problem = _value_problem(known[name], value)
        if problem:
            raise invalid(f"Parameter value {orjson.dumps(value).decode()} for {name} is invalid: {problem}.")


def _value_problem(parameter: facts.Parameter, value: Any) -> str:
    """Why a value doesn't fit its parameter; empty if it does. AWS takes numbers and booleans as JSON or as text."""
    if isinstance(value, dict | list) and parameter.type != "StringMap":
        return f"it has to be a {parameter.type}"
    try:
        # The form of a value is our reading of the rule's page: AWS takes what does not fit, and evaluates with it.
        parse_value(replace(parameter, pattern=""), value)
    except ValueError as error:
        return str(error)
    return ""


def _check_lambda(call: Call, shape: dict[str, Any], _parameters: dict[str, Any]) -> None:
    source = shape["Source"]
    arn = source.get("SourceIdentifier", "")
    if not arn.startswith("arn:") or ":lambda:" not in arn:
        raise invalid(f"The sourceIdentifier {arn} is invalid: a custom rule names its AWS Lambda function by ARN.")
    if not source.get("SourceDetails"):
        raise invalid("SourceDetails should not be null/empty if the Owner is CUSTOM_LAMBDA.")
    _check_details(source["SourceDetails"])
    services = call.services
    if not services.function_exists(call.account, call.region, arn):
        raise ConfigError(
            "InsufficientPermissionsException",
            f"The AWS Lambda function {arn} cannot be found, or AWS Config cannot invoke it.",
        )
    if not services.function_allows_config(call.account, call.region, arn):
        raise ConfigError(
            "InsufficientPermissionsException",
            f"The AWS Lambda function {arn} cannot be invoked. Check the specified function ARN, and check the "
            "function's permissions: config.amazonaws.com needs lambda:InvokeFunction.",
        )


def _check_policy(_call: Call, shape: dict[str, Any], _parameters: dict[str, Any]) -> None:
    source = shape["Source"]
    if not source.get("CustomPolicyDetails"):
        raise invalid("CustomPolicyDetails should not be null/empty if the Owner is CUSTOM_POLICY.")
    if source.get("SourceIdentifier"):
        raise invalid("SourceIdentifier should be null/empty if the Owner is CUSTOM_POLICY.")
    _check_details(source.get("SourceDetails") or [])


def _check_details(details: list[dict[str, Any]]) -> None:
    for detail in details:
        if detail.get("MaximumExecutionFrequency") and detail.get("MessageType") != "ScheduledNotification":
            raise invalid(
                "A maximum execution frequency is not allowed if MessageType is "
                f"{detail.get('MessageType')}: only ScheduledNotification has one."
            )


_SOURCES: dict[str, Callable[[Call, dict[str, Any], dict[str, Any]], None]] = {
    "AWS": _check_managed,
    "CUSTOM_LAMBDA": _check_lambda,
    "CUSTOM_POLICY": _check_policy,
}
