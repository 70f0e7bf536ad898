"""The managed rules, deployed once the recorder runs."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from watchkeeper.aws import facts
from watchkeeper.monitoring.settings import RuleSetting
from watchkeeper.monitoring.stack.context import Concern, Context

DESCRIPTION_LIMIT = 256
"""botocore config/2014-11-12, ``EmptiableStringWithCharLimit256``."""


class ConfigRules(Concern):
    """One AWS Config rule for each rule setting."""

    def __init__(self, context: Context, after: list[pulumi.Resource], parent: pulumi.Resource) -> None:
        super().__init__("ConfigRules", "config-rules", context, parent)
        self.rules = {rule.name: self._rule(rule, after) for rule in context.settings.all_rules}
        self.register_outputs({"ruleNames": [rule.name for rule in self.rules.values()]})

    def _rule(self, rule: RuleSetting, after: list[pulumi.Resource]) -> aws.cfg.Rule:
        name = self.context.name(rule.name)
        return aws.cfg.Rule(
            name,
            name=name,
            description=facts.managed_rules()[rule.identifier].description[:DESCRIPTION_LIMIT],
            source=aws.cfg.RuleSourceArgs(owner="AWS", source_identifier=rule.identifier),
            input_parameters=json.dumps(rule.parameters, sort_keys=True) if rule.parameters else None,
            # A change-triggered rule refuses a frequency: the settings let one through for periodic rules only.
            maximum_execution_frequency=rule.frequency,
            tags=self.context.tags,
            opts=self.child(*after),
        )
