"""Amazon ECR: private repositories.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from typing import Any

from watchkeeper.model import ConfigurationItem, Severity, Unavailable, Verdict
from watchkeeper.rules.base import (
    COMPLIANT,
    Lookup,
    Parameters,
    array,
    flag,
    listed,
    need,
    one_of,
    pick,
    rule,
    shown,
    text,
    verdict,
    violation,
)
from watchkeeper.rules.kms import among_keys
from watchkeeper.rules.policy import account_of, matches

REPOSITORY = "AWS::ECR::Repository"
KEY = "AWS::KMS::Key"
SCANNING = "ecr.registry_scanning"


@rule("ECR_PRIVATE_IMAGE_SCANNING_ENABLED", types=(REPOSITORY,), severity=Severity.HIGH, category="Configuration",
      needs=(f"account:{SCANNING}",))  # fmt: skip
def image_scanning(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Images are scanned, on push or continuously, by the repository's setting or by a rule of the registry."""
    name = text(item.configuration, "RepositoryName")
    if flag(pick(item.configuration, "ImageScanningConfiguration"), "ScanOnPush", default=False):
        return COMPLIANT
    scanned = any(_scans(scanning, name) for scanning in lookup.account_fact(SCANNING))
    return verdict(scanned, "No image is scanned; turn on scanning, on push or continuous.")


def _scans(scanning: Any, repository: str) -> bool:
    """Whether a rule of the registry has the repository's images scanned without being asked. A filter without a
    wildcard matches names that contain it: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-filters.html"""
    if pick(scanning, "scanFrequency") == "MANUAL":
        return False
    filters = [text(entry, "filter") for entry in array(scanning, "repositoryFilters")]
    return any(matches(f if "*" in f else f"*{f}*", repository) for f in filters)


@rule("ECR_PRIVATE_TAG_IMMUTABILITY_ENABLED", types=(REPOSITORY,), severity=Severity.MEDIUM, category="Configuration")
def tag_immutability(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Image tags can't be overwritten."""
    value = one_of(item.configuration, "ImageTagMutability", *MUTABILITY)
    return verdict(value == "IMMUTABLE", f"The tag mutability is {value}; set it to IMMUTABLE, without exclusions.")


MUTABILITY = ("MUTABLE", "IMMUTABLE", "MUTABLE_WITH_EXCLUSION", "IMMUTABLE_WITH_EXCLUSION")
"""With exclusions some tags are mutable: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_Repository.html."""


@rule("ECR_PRIVATE_LIFECYCLE_POLICY_CONFIGURED", types=(REPOSITORY,), severity=Severity.MEDIUM, category="Cost")
def lifecycle_policy(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The repository has a lifecycle policy."""
    need(item.configuration, "RepositoryName", "Arn")
    held = pick(item.configuration, "LifecyclePolicy")
    on = bool(pick(held, "LifecyclePolicyText")) if isinstance(held, dict) else bool(held)
    return verdict(on, "No lifecycle policy; add one that expires old images.")


@rule("ECR_REPOSITORY_CMK_ENCRYPTION_ENABLED", types=(REPOSITORY,), severity=Severity.MEDIUM, category="Encryption",
      needs=(f"items:{KEY}",))  # fmt: skip
def repository_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The repository is encrypted with a customer managed KMS key, one of kmsKeyArns where they are given."""
    need(item.configuration, "RepositoryName", "Arn")
    encryption = pick(item.configuration, "EncryptionConfiguration")
    allowed = parameters.get("kmsKeyArns", ())
    if encryption is None or one_of(encryption, "EncryptionType", "AES256", "KMS", "KMS_DSSE") == "AES256":
        return violation("Not encrypted with a customer managed key; recreate the repository with one.")
    key = text(encryption, "KmsKey")
    if _is_of_aws(key, item, lookup):
        return violation("Not encrypted with a customer managed key; recreate the repository with one.")
    fits = not allowed or among_keys(key, allowed)
    return verdict(fits, f"It is encrypted with {shown(key, 90)}; use one of {listed(allowed, 1)}.")


def _is_of_aws(key: str, item: ConfigurationItem, lookup: Lookup) -> bool:
    """Whether AWS manages the key: ECR gives the ARN of aws/ecr too. One of another account is always its owner's."""
    if key.endswith("alias/aws/ecr"):
        return True
    if account_of(key) not in ("", item.account_id):
        return False
    found = lookup.item(KEY, key.rsplit("/", 1)[-1])
    if found is None:
        raise Unavailable(f"key {shown(key, 90)} is not among the items; it may be AWS's own")
    return text(found.configuration, "keyManager") == "AWS"
