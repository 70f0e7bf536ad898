"""Amazon S3: the managed rules about buckets and the account's public access block."""

from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    Lookup,
    Parameters,
    array,
    dig,
    required_aspect,
    rule,
    shown,
    verdict,
    violation,
    COMPLIANT,
    aspect,
)

BUCKET = "AWS::S3::Bucket"


@rule(
    "S3_BUCKET_VERSIONING_ENABLED",
    types=(BUCKET,),
    severity=Severity.MEDIUM,
    category="Backup and recovery",
    aspects=("BucketVersioningConfiguration",),
)
def bucket_versioning_enabled(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Versioning is enabled; with isMfaDeleteEnabled=true, MFA delete as well."""
    versioning = required_aspect(item, "BucketVersioningConfiguration")
    status = dig(versioning, "status")
    if status != "Enabled":
        return violation(f"Versioning is {shown(status or 'Off')}; enable versioning on the bucket.")
    if parameters.get("isMfaDeleteEnabled", "").lower() != "true":
        return COMPLIANT
    return verdict(dig(versioning, "isMfaDeleteEnabled") is True, "MFA delete is off; enable it on the bucket's versioning.")
