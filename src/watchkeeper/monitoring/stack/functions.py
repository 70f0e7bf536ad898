"""The Lambda functions: each with its own role, log group and dead-letter queue.

What a function is called, reads and may do stands in :mod:`watchkeeper.monitoring.functions.manifest`; here it becomes
resources.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from watchkeeper.monitoring.functions.manifest import BASE_PERMISSIONS, FUNCTIONS, FunctionSpec, Permission
from watchkeeper.monitoring.functions.runtime import FILE_SCHEME, rules_text
from watchkeeper.monitoring.stack import package
from watchkeeper.monitoring.stack.bucket import ReportBucket
from watchkeeper.monitoring.stack.context import Concern, Context
from watchkeeper.monitoring.stack.key import USE
from watchkeeper.monitoring.stack.policies import Statement, allow, document, trust
from watchkeeper.monitoring.stack.queues import dead_letter_queue
from watchkeeper.reports.results import RuleInfo

RUNTIME = "python3.13"
"""Held to be supported by a test against the catalog of Lambda runtimes."""
KEY = "key"
"""The manifest's symbol of the key."""
RULES_FILE = "rules.json"
RULES_LIMIT = 3000
"""Characters of RULES in the environment: Lambda takes 4 KB for all variables together, names included
(https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)."""


@dataclass(frozen=True)
class Surroundings:
    """What the functions work with."""

    key: aws.kms.Key
    reports: ReportBucket
    alert_topic: aws.sns.Topic
    after: Sequence[pulumi.Resource] = ()
    """What has to be in place before a function can do its work, such as the policies of bucket and topic."""


class DeployedFunction(Concern):
    """One function with all that belongs to it alone."""

    def __init__(
        self,
        context: Context,
        spec: FunctionSpec,
        around: Surroundings,
        code: pulumi.Archive,
        variables: Mapping[str, pulumi.Input[str]],
        parent: pulumi.Resource,
    ) -> None:
        super().__init__("Function", spec.name, context, parent)
        self.spec = spec
        name = context.name(spec.name)
        self.log_group = aws.cloudwatch.LogGroup(
            context.name(f"{spec.name}-logs"),
            name=f"/aws/lambda/{name}",
            retention_in_days=context.settings.log_retention_days,
            tags=context.tags,
            opts=self.child(),
        )
        self.queue = dead_letter_queue(context, f"{spec.name}-dlq", around.key, self.child())
        role_name = context.name(f"{spec.name}-role")
        self.role = aws.iam.Role(
            role_name,
            name=role_name,
            description=f"What {name} may do",
            assume_role_policy=trust("lambda.amazonaws.com"),
            tags=context.tags,
            opts=self.child(),
        )
        self.policy = self._policy("policy", role_statements(context, spec))
        # Apart, because the key's ARN is all that a preview can't know.
        self.key_policy = self._policy("key-policy", [allow(USE, around.key.arn)])
        self.function = aws.lambda_.Function(
            name,
            name=name,
            description=spec.description,
            runtime=RUNTIME,
            handler=spec.handler,
            role=self.role.arn,
            code=code,
            timeout=spec.timeout,
            memory_size=spec.memory,
            environment=aws.lambda_.FunctionEnvironmentArgs(
                variables={key: variables[key] for key in spec.environment if key in variables}
            ),
            dead_letter_config=aws.lambda_.FunctionDeadLetterConfigArgs(target_arn=self.queue.arn),
            tags=context.tags,
            opts=self.child(self.policy, self.key_policy, self.log_group, *around.after),
        )
        self.register_outputs({"functionName": self.function.name, "functionArn": self.function.arn})

    def _policy(self, kind: str, statements: list[Statement]) -> aws.iam.RolePolicy:
        name = self.context.name(f"{self.spec.name}-{kind}")
        return aws.iam.RolePolicy(name, name=name, role=self.role.name, policy=document(*statements), opts=self.child())


class Functions(Concern):
    """All functions of the manifest."""

    def __init__(self, context: Context, around: Surroundings, parent: pulumi.Resource) -> None:
        super().__init__("Functions", "functions", context, parent)
        rules = rules_json(context)
        fits = len(rules) <= RULES_LIMIT
        code = package.archive({} if fits else {RULES_FILE: rules})
        variables = environment(context, around, rules if fits else f"{FILE_SCHEME}{RULES_FILE}")
        self.deployed = {
            spec.name: DeployedFunction(context, spec, around, code, variables, self) for spec in FUNCTIONS
        }
        self.register_outputs(
            {"functionNames": {name: deployed.function.name for name, deployed in self.deployed.items()}}
        )


def rules_json(context: Context) -> str:
    """What the functions know of the rules: deployed name → identifier, severity, category, remediation."""
    return rules_text(
        {
            context.name(rule.name): RuleInfo(
                context.name(rule.name), rule.identifier, rule.severity, rule.category, str(rule.remediation or "off")
            )
            for rule in context.settings.all_rules
        }
    )


def environment(context: Context, around: Surroundings, rules: str) -> dict[str, pulumi.Input[str]]:
    """Every environment variable of the manifest; an optional one only where there is something to say."""
    settings = context.settings
    optional = {"REMEDIATION_KMS_KEY_ARN": settings.remediation_kms_key_arn}
    return {
        "REPORT_BUCKET": around.reports.bucket.bucket,
        "ALERT_TOPIC_ARN": around.alert_topic.arn,
        "METRIC_NAMESPACE": settings.metric_namespace,
        "ENVIRONMENT_SUFFIX": settings.environment_suffix,
        "RULES": rules,
        "EXEMPTION_TAG": settings.exemption_tag,
        "MINIMUM_BACKUP_RETENTION_DAYS": str(settings.minimum_backup_retention_days),
        **{name: value for name, value in optional.items() if value},
    }


def role_statements(context: Context, spec: FunctionSpec) -> list[Statement]:
    """The manifest's statements of one function's role, all but the key's.

    Every function uses the key: Lambda writes to the encrypted dead-letter queue with the function's role
    (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html).
    """
    symbols = _symbols(context, spec)
    plain = {"METRIC_NAMESPACE": context.settings.metric_namespace}
    permissions = (*BASE_PERMISSIONS, *spec.permissions)
    return [_statement(permission, symbols, plain) for permission in permissions if permission.resources != (KEY,)]


def _symbols(context: Context, spec: FunctionSpec) -> dict[str, pulumi.Input[str]]:
    name = context.name(spec.name)
    return {
        "*": "*",
        "report-bucket": context.bucket_arn(ReportBucket.name_in(context)),
        "alert-topic": context.arn("sns", context.name("compliance-alerts")),
        "config-rules": context.arn("config", "config-rule/*"),
        "buckets": context.bucket_arn("*"),
        "db-instances": context.arn("rds", "db:*"),
        "log-group": context.arn("logs", f"log-group:/aws/lambda/{name}"),
        "dead-letter-queue": context.arn("sqs", context.name(f"{spec.name}-dlq")),
    }


def _statement(permission: Permission, symbols: Mapping[str, pulumi.Input[str]], plain: Mapping[str, str]) -> Statement:
    resources = [_resource(symbol, symbols) for symbol in permission.resources]
    condition = {
        operator: {key: _filled(value, plain) for key, value in keys.items()}
        for operator, keys in permission.conditions.items()
    }
    return allow(permission.actions, resources[0] if len(resources) == 1 else resources, condition=condition)


def _resource(symbol: str, symbols: Mapping[str, pulumi.Input[str]]) -> pulumi.Input[str]:
    base, slash, path = symbol.partition("/")
    if slash:
        return pulumi.Output.concat(symbols[base], "/", path)
    if symbol == "log-group":
        return pulumi.Output.concat(symbols[symbol], ":*")
    return symbols[symbol]


def _filled(value: str | tuple[str, ...], plain: Mapping[str, str]) -> Any:
    """The condition's value with ``{NAME}`` replaced."""
    if isinstance(value, tuple):
        return [_filled(one, plain) for one in value]
    for name, text in plain.items():
        value = value.replace(f"{{{name}}}", text)
    return value
