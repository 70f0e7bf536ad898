"""The logic of AWS Config's managed rules, by AWS's documentation: a module per service, a pure function per rule."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from types import MappingProxyType

from watchkeeper.aws.facts import Framework
from watchkeeper.model import Severity
from watchkeeper.rules.base import (
    ACCOUNT,
    COMPLIANT,
    REGISTRY,
    Index,
    Indexed,
    Lookup,
    NoLookup,
    Parameters,
    RuleLogic,
    rule,
)
from watchkeeper.rules.parameters import ParameterError, parse_parameters, parse_value

__all__ = [
    "ACCOUNT",
    "COMPLIANT",
    "SERVICES",
    "Index",
    "Indexed",
    "Lookup",
    "NoLookup",
    "ParameterError",
    "Parameters",
    "RuleLogic",
    "category",
    "logic",
    "logic_of",
    "parse_parameters",
    "parse_value",
    "rule",
    "severity",
]

SERVICES: tuple[str, ...] = (
    "accessanalyzer",
    "account",
    "acm",
    "amplify",
    "apigateway",
    "apigatewayv2",
    "appconfig",
    "appflow",
    "appstream",
    "appsync",
    "athena",
    "autoscaling",
    "backup",
    "batch",
    "bedrock_agentcore_control",
    "cloudformation",
    "cloudfront",
    "cloudtrail",
    "cloudwatch",
    "codebuild",
    "cognito_identity",
    "cognito_idp",
    "connect",
    "customer_profiles",
    "datasync",
    "descriptions",
    "dms",
    "dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "efs",
    "eks",
    "elasticache",
    "elb",
    "elbv2",
    "fis",
    "glue",
    "guardduty",
    "iam",
    "iot",
    "ivs",
    "kafka",
    "kafkaconnect",
    "kinesis",
    "kinesisvideo",
    "kms",
    "lambda_",
    "lightsail",
    "logs",
    "network_firewall",
    "opensearch",
    "organizations",
    "rds",
    "redshift",
    "rum",
    "s3",
    "sagemaker",
    "secretsmanager",
    "securityhub",
    "sesv2",
    "sns",
    "sqs",
    "tags",
    "transfer",
    "workspaces",
)
"""The modules that hold logic: one for each AWS service, under boto3's name of it; ``tags`` is for all of them."""


@functools.cache
def logic() -> Mapping[str, RuleLogic]:
    """Identifier to logic, for every managed rule that has any. Loads the modules on first use."""
    for service in SERVICES:
        importlib.import_module(f"watchkeeper.rules.{service}")
    return MappingProxyType(dict(sorted(REGISTRY.items())))


def logic_of(framework: Framework) -> tuple[str, ...]:
    """The rules of the framework that have logic here."""
    return tuple(identifier for identifier in framework.rules if identifier in logic())


def severity(identifier: str) -> Severity:
    """How bad a violation of the managed rule is; MEDIUM where nothing says so."""
    known = logic().get(identifier)
    return known.severity if known else Severity.MEDIUM


def category(identifier: str) -> str:
    """What the managed rule is about: its logic's category, else the catalog's first."""
    from watchkeeper.aws import facts

    known = logic().get(identifier)
    if known:
        return known.category
    managed = facts.managed_rules().get(identifier)
    return managed.categories[0] if managed else "Configuration"
