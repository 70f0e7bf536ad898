"""AWS KMS: keys.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from watchkeeper.model import ConfigurationItem, Severity, Unavailable, Verdict
from watchkeeper.rules.base import Lookup, Parameters, flag, not_applicable, required_aspect, rule, shown, text, verdict
from watchkeeper.rules.policy import needed_statements

KEY = "AWS::KMS::Key"
DELETION = ("PendingDeletion", "PendingReplicaDeletion")
"""States of a key that is scheduled for deletion; the second waits for its replicas to go first.
https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"""


@rule("CMK_BACKING_KEY_ROTATION_ENABLED", types=(KEY,), severity=Severity.MEDIUM, category="Encryption",
      aspects=("KeyRotationStatus",))  # fmt: skip
def key_rotation(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """An enabled symmetric customer managed key with KMS material rotates every year."""
    if text(item.configuration, "keyManager") != "CUSTOMER":
        return not_applicable("AWS manages the key.")
    if text(item.configuration, "keyState") != "Enabled":
        return not_applicable("The key is not enabled.")
    spec = text(item.configuration, "keySpec", "customerMasterKeySpec", default="SYMMETRIC_DEFAULT")
    if spec != "SYMMETRIC_DEFAULT" or text(item.configuration, "origin") != "AWS_KMS":
        return not_applicable("Only symmetric keys with material from KMS rotate.")
    held = required_aspect(item, "KeyRotationStatus")
    on = (
        flag({"KeyRotationStatus": held}, "KeyRotationStatus")
        if not isinstance(held, dict)
        else flag(held, "keyRotationEnabled")
    )
    return verdict(on, "Automatic key rotation is off; enable it.")


@rule("KMS_CMK_NOT_SCHEDULED_FOR_DELETION", types=(KEY,), severity=Severity.CRITICAL, category="Encryption")
def not_scheduled_for_deletion(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The customer managed key is not scheduled for deletion; only kmsKeyIds where they are given."""
    if text(item.configuration, "keyManager") != "CUSTOMER":
        return not_applicable("AWS manages the key.")
    wanted = [part.strip() for part in parameters.get("kmsKeyIds", "").split(",") if part.strip()]
    names = (text(item.configuration, "keyId", default=item.resource_id), item.arn)
    if wanted and not any(name in wanted for name in names):
        return not_applicable("The key is not among kmsKeyIds.")
    state = text(item.configuration, "keyState")
    return verdict(state not in DELETION, "The key is scheduled for deletion; cancel that if it is in use.")


@rule("KMS_KEY_POLICY_NO_PUBLIC_ACCESS", types=(KEY,), severity=Severity.CRITICAL, category="Public access",
      aspects=("Policy",))  # fmt: skip
def key_policy_not_public(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The key policy gives nothing to everybody."""
    policy = needed_statements(required_aspect(item, "Policy"))
    bad = next((s for s in policy if s.is_public("kms")), None)
    return verdict(bad is None, f"The key policy's {bad.label if bad else ''} is public; name the principals.")


def among_keys(key: Any, allowed: Iterable[str]) -> bool:
    """Whether a resource's key is one of those allowed; both may be ids, ARNs, or names or ARNs of aliases.

    Raises Unavailable where the item does not say the key, and where one names a key and the other an alias: which key
    an alias stands for is not known. Only AWS's own aliases (``alias/aws/s3``) never stand for a customer's key.
    """
    if not key:
        raise Unavailable("the item does not say its KMS key")
    kinds = []
    for entry in allowed:
        if same_key(key, entry) or same_key(entry, key):
            return True
        kinds.append(_is_alias(entry))
    if not _is_awss(key) and any(kind != _is_alias(key) for kind in kinds):
        raise Unavailable(f"the key is {shown(key, 90)}, and which key an alias stands for is not known")
    return False


def _is_alias(key: str) -> bool:
    return key.startswith("alias/") or ":alias/" in key


def _is_awss(key: str) -> bool:
    return "alias/aws/" in key


def same_key(key: Any, arn: Any) -> bool:
    """Whether a KMS key's id or ARN, or an alias's name or ARN, names the key or alias of that ARN. Raises Unavailable
    where either is no text."""
    if not isinstance(key, str) or not isinstance(arn, str):
        raise Unavailable("the item holds something else where a key belongs")
    return key == arn or (not key.startswith("arn:") and arn.endswith((f"/{key}", f":{key}")))
