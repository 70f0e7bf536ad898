"""What AWS would refuse of one rule."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final

from watchkeeper import catalog
from watchkeeper.settings.groups import RuleSetting
from watchkeeper.settings.problems import Problem, listed, nearest, short

INPUT_PARAMETERS_LIMIT: Final = 1024
"""botocore config/2014-11-12, ``StringWithCharLimit1024``: a rule's InputParameters as JSON."""


def rule_problems(rule: RuleSetting, region: str | None = None) -> Iterable[Problem]:
    """What AWS would refuse of one rule, relative to the rule: parameters, frequency, region."""
    known = catalog.managed_rules()[rule.identifier]
    names = [parameter.name for parameter in known.parameters]
    for name, value in rule.parameters.items():
        parameter = known.parameter(name)
        if parameter is None:
            hint = nearest(name, names) if names else "It takes none."
            yield Problem(f"parameters.{name}", f"is not a parameter of {rule.identifier}.", hint)
            continue
        wrong = _parameter_wrong(parameter, value)
        if wrong:
            yield Problem(f"parameters.{name}", f"{short(value)} {wrong}.")
    missing = [
        parameter.name for parameter in known.parameters if parameter.required and parameter.name not in rule.parameters
    ]
    for name in missing:
        default = catalog.rule_defaults(rule.identifier).get(name)
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


def _parameter_wrong(parameter: catalog.Parameter, value: str) -> str:
    """What is wrong with a parameter's value, or nothing."""
    if not value.strip():
        return "is empty"
    if parameter.type in ("int", "double"):
        return _number_wrong(parameter, value)
    if parameter.type == "boolean" and value.lower() not in ("true", "false"):
        return "is neither true nor false"
    parts = [part.strip() for part in value.split(",")] if parameter.type == "CSV" else [value]
    strange = [part for part in parts if parameter.values and part not in parameter.values]
    if strange:
        return f"has {short(strange[0])}; AWS takes {listed(parameter.values)}"
    if parameter.pattern and not all(re.fullmatch(parameter.pattern, part) for part in parts):
        return f"does not look like {parameter.pattern}"
    return ""


def _number_wrong(parameter: catalog.Parameter, value: str) -> str:
    pattern = r"[+-]?\d{1,18}" if parameter.type == "int" else r"[+-]?\d{1,18}(\.\d{1,18})?"
    if not re.fullmatch(pattern, value, re.ASCII):
        return "is not a whole number" if parameter.type == "int" else "is not a number"
    if parameter.minimum is not None and float(value) < parameter.minimum:
        return f"is less than {parameter.minimum:g}"
    if parameter.maximum is not None and float(value) > parameter.maximum:
        return f"is more than {parameter.maximum:g}"
    return ""
