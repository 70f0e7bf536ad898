"""The readers by resource type."""

from __future__ import annotations

from types import ModuleType

from watchkeeper.inventory import (
    acm,
    apigateway,
    apigatewayv2,
    apprunner,
    autoscaling,
    backup,
    batch,
    cloudcontrol,
    cloudformation,
    cloudfront,
    cloudtrail,
    cloudwatch,
    codebuild,
    dms,
    dynamodb,
    ec2,
    ecr,
    ecs,
    efs,
    eks,
    elasticache,
    elb,
    elbv2,
    es,
    iam,
    kafka,
    kinesis,
    kms,
    lambda_,
    logs,
    network_firewall,
    opensearch,
    rds,
    redshift,
    s3,
    sagemaker,
    secretsmanager,
    sns,
    sqs,
    ssm,
    stepfunctions,
)
from watchkeeper.inventory.core import Reader

SERVICES: tuple[ModuleType, ...] = (
    acm,
    apigateway,
    apigatewayv2,
    apprunner,
    autoscaling,
    backup,
    batch,
    cloudformation,
    cloudfront,
    cloudtrail,
    cloudwatch,
    codebuild,
    dms,
    dynamodb,
    ec2,
    ecr,
    ecs,
    efs,
    eks,
    elasticache,
    elb,
    elbv2,
    es,
    iam,
    kafka,
    kinesis,
    kms,
    lambda_,
    logs,
    network_firewall,
    opensearch,
    rds,
    redshift,
    s3,
    sagemaker,
    secretsmanager,
    sns,
    sqs,
    ssm,
    stepfunctions,
)
"""The modules with readers, one for each AWS service under boto3\'s name of it."""

NATIVE: dict[str, Reader] = {reader.resource_type: reader for module in SERVICES for reader in module.READERS}
"""Resource type -> how it is read through its service's own API."""

READERS: dict[str, Reader] = NATIVE | {
    name: reader for name, reader in cloudcontrol.readers().items() if name not in NATIVE
}
"""Resource type -> how it is read."""
