"""remediation-parameters: a remediation says what it acts on and as whom."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.aws import refusals
from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.meaning.values import at, one, quote, truth
from watchkeeper.preflight.meaning.views import REMEDIATION, Views
from watchkeeper.pulumi.graph import UNKNOWN, Resource

RESOURCE = "RESOURCE_ID"
"""https://docs.aws.amazon.com/config/latest/APIReference/API_ResourceValue.html"""
STATIC = ("staticValue", "staticValues")
ROLE_PARAMETER = "AutomationAssumeRole"


def look(views: Views) -> Iterator[Result]:
    """Each remediation configuration."""
    for remediation in views.of_type(REMEDIATION):
        parameters = at(views.inputs(remediation), "parameters")
        if any(parameter is UNKNOWN for parameter in parameters):
            yield CHECK.unknown(remediation, "the parameters are known only after the deployment")
            continue
        yield from _look_at(views, remediation, parameters)


def _look_at(views: Views, remediation: Resource, parameters: list[object]) -> Iterator[Result]:
    if not parameters:
        yield CHECK.finding(remediation, "the remediation has no parameters.", path="parameters")
        return
    if not any(at(parameter, "resourceValue") for parameter in parameters):
        yield CHECK.finding(
            remediation,
            "no parameter has a resourceValue: the document is never told which resource to correct.",
            fix="Give the document's resource parameter RESOURCE_ID as its resourceValue.",
            path="parameters",
        )
    for parameter in parameters:
        refused = refusals.remediation_parameter(
            str(one(parameter, ("name",))), _given(parameter, "resourceValue"), _given(parameter, *STATIC)
        )
        if refused:
            yield CHECK.finding(
                remediation,
                f"{refused.reason}.",
                fix="Keep one of the two.",
                path="parameters",
                aws_does=f"PutRemediationConfigurations answers {refused.code}.",
            )
    for value in (item for parameter in parameters for item in at(parameter, "resourceValue")):
        if value is not UNKNOWN and value != RESOURCE:
            yield CHECK.finding(
                remediation,
                f"{quote(value)} is no resourceValue: {RESOURCE} is the only one.",
                fix=f"Write {RESOURCE}, or give the text as staticValue.",
                path="parameters",
                aws_does="PutRemediationConfigurations answers InvalidParameterValueException.",
            )
    names = [one(parameter, ("name",)) for parameter in parameters]
    if truth(views.get(remediation, "automatic")) and ROLE_PARAMETER not in names and UNKNOWN not in names:
        yield CHECK.finding(
            remediation,
            f"the remediation is automatic and has no {ROLE_PARAMETER}.",
            fix=f"Add the parameter {ROLE_PARAMETER} with the role's ARN as its staticValue.",
            path="parameters",
            aws_does="PutRemediationConfigurations answers InvalidParameterValueException.",
        )


def _given(parameter: object, *names: str) -> bool | None:
    values = [value for name in names for value in at(parameter, name)]
    return None if any(value is UNKNOWN for value in values) and len(values) == 1 else bool(values)


CHECK = Check(
    id="remediation-parameters",
    severity=ERROR,
    title="A remediation says what it acts on and as whom",
    explanation="An SSM document needs its parameters: the resource (resource_value RESOURCE_ID) and, to run "
    "automatically, the role that it assumes.",
    aws_does="The remediation never runs, or every run fails.",
    fix="Give parameters with a resource_value and AutomationAssumeRole.",
    source="https://docs.aws.amazon.com/config/latest/developerguide/setup-autoremediation.html",
    look=look,
    tags=("config", "remediation"),
)
