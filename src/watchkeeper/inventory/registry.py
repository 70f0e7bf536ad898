"""The readers by resource type."""

from __future__ import annotations

from watchkeeper.inventory import (
    analytics,
    balancing,
    cloudcontrol,
    compute,
    containers,
    data,
    ec2,
    gateways,
    iam,
    messaging,
    networks,
    rds,
    s3,
    watching,
    workloads,
)
from watchkeeper.inventory.core import Reader

_MODULES = (
    *(s3, ec2, rds, iam, compute, data, messaging, watching),
    *(networks, balancing, analytics, containers, gateways, workloads),
)

NATIVE: dict[str, Reader] = {reader.resource_type: reader for module in _MODULES for reader in module.READERS}
"""Resource type -> how it is read through its service's own API."""

READERS: dict[str, Reader] = NATIVE | {
    name: reader for name, reader in cloudcontrol.readers().items() if name not in NATIVE
}
"""Resource type -> how it is read."""
