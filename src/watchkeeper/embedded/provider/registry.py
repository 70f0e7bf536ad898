"""All handlers by Pulumi type: a new type needs its class in the service's module, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from watchkeeper.embedded.provider import (
    analytics,
    awslambda,
    cfg,
    cloudwatch,
    compute,
    events,
    iam,
    kms,
    messaging,
    s3,
    storage,
)
from watchkeeper.embedded.provider.handler import Handler

_SERVICES: tuple[tuple[Handler, ...], ...] = (
    analytics.HANDLERS,
    awslambda.HANDLERS,
    cfg.HANDLERS,
    cloudwatch.HANDLERS,
    compute.HANDLERS,
    events.HANDLERS,
    iam.HANDLERS,
    kms.HANDLERS,
    messaging.HANDLERS,
    s3.HANDLERS,
    storage.HANDLERS,
)


@lru_cache(maxsize=1)
def handlers() -> Mapping[str, Handler]:
    """Handlers by every type name that they answer to."""
    by_type = {token: handler for service in _SERVICES for handler in service for token in handler.types}
    return MappingProxyType(dict(sorted(by_type.items())))
