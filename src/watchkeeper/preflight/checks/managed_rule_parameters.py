"""managed-rule-parameters: a managed rule gets its parameters, spelled and typed as AWS wants them."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.inputs.managed_rules import known_rules
from watchkeeper.preflight.meaning.values import has_unknown
from watchkeeper.preflight.meaning.views import Views
from watchkeeper.pulumi.graph import UNKNOWN
from watchkeeper.rules.parameters import ParameterError, parse_parameters
from watchkeeper.text import clean

PATH = "inputParameters"


def look(views: Views) -> Iterator[Result]:
    """Each managed rule's input parameters, as text or as an object."""
    for rule, managed in known_rules(views):
        value = views.get(rule, PATH)
        if value is UNKNOWN or has_unknown(value):
            yield CHECK.unknown(rule, "the input parameters are known only after the deployment")
            continue
        if value is not None and not isinstance(value, str | dict):
            yield CHECK.finding(rule, f"{PATH} is {type(value).__name__}, not a JSON object.", path=PATH)
            continue
        try:
            parse_parameters(managed.identifier, value)
        except ParameterError as error:
            expected = ", ".join(f"{item.name} ({item.type})" for item in managed.parameters) or "no parameters"
            for problem in error.problems:
                yield CHECK.finding(
                    rule,
                    f"{managed.identifier}: {clean(problem)}.",
                    fix=f"{managed.identifier} takes {expected}. {managed.url}",
                    path=PATH,
                )
        except RecursionError:
            yield CHECK.finding(rule, f"{PATH} is nested too deeply to be parameters.", path=PATH)


CHECK = Check(
    id="managed-rule-parameters",
    severity=ERROR,
    title="Managed rules get the parameters that they take",
    explanation="Defaults are filled in by the console only: through the API a required parameter must be given, and a "
    "name or type that the rule does not have is refused.",
    aws_does="PutConfigRule answers InvalidParameterValueException.",
    fix="Give the rule's parameters as its page lists them.",
    source="https://docs.aws.amazon.com/config/latest/developerguide/managed-rules-by-aws-config.html",
    look=look,
    tags=("config", "rules"),
)
