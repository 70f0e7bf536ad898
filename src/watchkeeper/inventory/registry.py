"""The readers by resource type."""

from __future__ import annotations

from watchkeeper.inventory import compute, data, ec2, iam, messaging, rds, s3, watching
from watchkeeper.inventory.core import Reader

_MODULES = (s3, ec2, rds, iam, compute, data, messaging, watching)

READERS: dict[str, Reader] = {reader.resource_type: reader for module in _MODULES for reader in module.READERS}
"""Resource type -> how it is read."""
