"""The readers by resource type."""

from __future__ import annotations

from watchkeeper.inventory import ec2, rds, s3
from watchkeeper.inventory.core import Reader

_MODULES = (s3, ec2, rds)

READERS: dict[str, Reader] = {reader.resource_type: reader for module in _MODULES for reader in module.READERS}
"""Resource type -> how it is read."""
