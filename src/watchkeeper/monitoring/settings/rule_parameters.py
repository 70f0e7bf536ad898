"""What AWS would refuse of one rule."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from watchkeeper.aws import facts
from watchkeeper.monitoring.settings.groups import RuleSetting
from watchkeeper.monitoring.settings.problems import Problem, nearest
from watchkeeper.rules import parse_value

INPUT_PARAMETERS_LIMIT: Final = 1024
"""botocore config/2014-11-12, ``StringWithCharLimit1024``: a rule's InputParameters as JSON."""


def rule_problems(rule: RuleSetting, region: str | None = None) -> Iterable[Problem]:
    """What AWS would refuse of one rule, relative to the rule: parameters, frequency, region."""
    known = facts.managed_rules()[rule.identifier]
    names = [parameter.name for parameter in known.parameters]
    for name, value in rule.parameters.items():
        parameter = known.parameter(name)
        if parameter is None:
            hint = nearest(name, names) if names else "It takes none."
            yield Problem(f"parameters.{name}", f"is not a parameter of {rule.identifier}.", hint)
            continue
        try:
            parse_value(parameter, value)
        except ValueError as error:
            yield Problem(f"parameters.{name}", f"is not accepted: {error}.")
    missing = [
        parameter.name for parameter in known.parameters if parameter.required and parameter.name not in rule.parameters
    ]
    for name in missing:
        default = facts.rule_defaults(rule.identifier).get(name)
        hint = f"The console would fill in {default}." if default else ""
        yield Problem(f"parameters.{name}", f"is required by {rule.identifier}.", hint)
    if len(json.dumps(rule.parameters)) > INPUT_PARAMETERS_LIMIT:
        yield Problem("parameters", f"are longer than {INPUT_PARAMETERS_LIMIT} characters of JSON, AWS Config's limit.")
    if rule.frequency and not known.takes_frequency:
        yield Problem(
            "frequency", f"is for periodic rules; {rule.identifier} runs on changes and AWS refuses one.", "Remove it."
        )
    if region and not known.in_region(region):
        yield Problem("identifier", f"{rule.identifier} is not offered in {region}.")
