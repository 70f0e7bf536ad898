"""All handlers by Pulumi type: a new type needs its class in the service's module, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from watchkeeper.pulumi.provider import (
    athena,
    cloudtrail,
    cloudwatch,
    config,
    dynamodb,
    ec2,
    events,
    glue,
    iam,
    kms,
    lambda_,
    logs,
    rds,
    s3,
    scheduler,
    secretsmanager,
    sns,
    sqs,
    ssm,
)
from watchkeeper.pulumi.provider.handler import Handler

_SERVICES: tuple[tuple[Handler, ...], ...] = (
    athena.HANDLERS,
    cloudtrail.HANDLERS,
    cloudwatch.HANDLERS,
    config.HANDLERS,
    dynamodb.HANDLERS,
    ec2.HANDLERS,
    events.HANDLERS,
    glue.HANDLERS,
    iam.HANDLERS,
    kms.HANDLERS,
    lambda_.HANDLERS,
    logs.HANDLERS,
    rds.HANDLERS,
    s3.HANDLERS,
    scheduler.HANDLERS,
    secretsmanager.HANDLERS,
    sns.HANDLERS,
    sqs.HANDLERS,
    ssm.HANDLERS,
)


@lru_cache(maxsize=1)
def handlers() -> Mapping[str, Handler]:
    """Handlers by every type name that they answer to."""
    by_type = {token: handler for service in _SERVICES for handler in service for token in handler.types}
    return MappingProxyType(dict(sorted(by_type.items())))
