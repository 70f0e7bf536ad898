"""ARNs and partitions (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html)."""

from __future__ import annotations

_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"))


def partition_of(region: str) -> str:
    """``aws``, ``aws-cn`` or ``aws-us-gov``."""
    return next((name for prefix, name in _PARTITIONS if region.startswith(prefix)), "aws")


def arn_of(service: str, resource: str, *, region: str, account: str, partition: str = "") -> str:
    """``arn:aws:service:region:account:resource``; the partition is the region's unless another is given."""
    return f"arn:{partition or partition_of(region)}:{service}:{region}:{account}:{resource}"
