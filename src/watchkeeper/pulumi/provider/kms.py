# ruff: noqa: ARG002 (every handler's methods have the same signature)
"""AWS KMS: keys, aliases, key policies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from watchkeeper.pulumi.engine.provider import ProviderError
from watchkeeper.pulumi.provider.aws import Aws, is_gone
from watchkeeper.pulumi.provider.handler import AutoName, Handler, known
from watchkeeper.pulumi.provider.values import Values, tag_changes, tag_list, tag_map

_POLICY = "default"
_PENDING = ("PendingDeletion", "PendingReplicaDeletion")


class Key(Handler):
    """``id`` is the key's id. Deleting one schedules its deletion, as AWS has it."""

    types = ("aws:kms/key:Key",)
    chosen_by_aws = True
    service = "kms"
    replace = frozenset({"keyUsage", "customerMasterKeySpec", "multiRegion", "customKeyStoreId", "xksKeyId"})
    defaults: ClassVar[dict[str, Any]] = {
        "bypassPolicyLockoutSafetyCheck": False,
        "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "enableKeyRotation": False,
        "isEnabled": True,
        "keyUsage": "ENCRYPT_DECRYPT",
    }
    documents = frozenset({"policy"})
    write_only = frozenset({"deletionWindowInDays", "bypassPolicyLockoutSafetyCheck"})

    def validate(self, values: Values) -> Iterator[str]:
        days = known(values, "deletionWindowInDays")
        if days is not None and not 7 <= int(days) <= 30:
            yield f"deletionWindowInDays has to be between 7 and 30, not {days}"
        period = known(values, "rotationPeriodInDays")
        if period is not None and not 90 <= int(period) <= 2560:
            yield f"rotationPeriodInDays has to be between 90 and 2560, not {period}"

    def create(self, aws: Aws, values: Values) -> str:
        reply = aws.call(
            "kms",
            "create_key",
            Description=values.get("description", ""),
            KeyUsage=values["keyUsage"],
            KeySpec=values["customerMasterKeySpec"],
            Policy=values.get("policy"),
            MultiRegion=values.get("multiRegion"),
            Tags=tag_list(values.get("tags"), "TagKey", "TagValue") or None,
            BypassPolicyLockoutSafetyCheck=values["bypassPolicyLockoutSafetyCheck"],
        )
        key = str(reply["KeyMetadata"]["KeyId"])
        aws.made = key
        if values["enableKeyRotation"]:
            self._rotate(aws, key, values)
        if not values["isEnabled"]:
            aws.call("kms", "disable_key", KeyId=key)
        return key

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("kms", "describe_key", KeyId=id_)
        if reply is None or reply["KeyMetadata"].get("KeyState") in _PENDING:
            return None
        about = reply["KeyMetadata"]
        rotation = aws.call("kms", "get_key_rotation_status", KeyId=id_)
        tags = aws.call("kms", "list_resource_tags", KeyId=id_).get("Tags")
        return {
            "arn": about["Arn"],
            "keyId": about["KeyId"],
            "description": about.get("Description", ""),
            "keyUsage": about.get("KeyUsage"),
            "customerMasterKeySpec": about.get("KeySpec"),
            "isEnabled": about.get("Enabled"),
            "multiRegion": about.get("MultiRegion", False),
            "enableKeyRotation": rotation.get("KeyRotationEnabled", False),
            "rotationPeriodInDays": rotation.get("RotationPeriodInDays"),
            "policy": aws.call("kms", "get_key_policy", KeyId=id_, PolicyName=_POLICY).get("Policy"),
            "tags": tag_map(tags, "TagKey", "TagValue"),
        }

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        if new["isEnabled"] and not old["isEnabled"]:
            aws.call("kms", "enable_key", KeyId=id_)
        if old.get("description") != new.get("description"):
            aws.call("kms", "update_key_description", KeyId=id_, Description=new.get("description", ""))
        if new.get("policy"):
            aws.call("kms", "put_key_policy", KeyId=id_, PolicyName=_POLICY, Policy=new["policy"])
        if new["enableKeyRotation"]:
            self._rotate(aws, id_, new)
        elif old["enableKeyRotation"]:
            aws.call("kms", "disable_key_rotation", KeyId=id_)
        added, removed = tag_changes(old.get("tags"), new.get("tags"))
        if added:
            aws.call("kms", "tag_resource", KeyId=id_, Tags=tag_list(added, "TagKey", "TagValue"))
        if removed:
            aws.call("kms", "untag_resource", KeyId=id_, TagKeys=removed)
        if old["isEnabled"] and not new["isEnabled"]:
            aws.call("kms", "disable_key", KeyId=id_)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        days = values.get("deletionWindowInDays")
        try:
            aws.drop("kms", "schedule_key_deletion", KeyId=id_, PendingWindowInDays=int(days) if days else None)
        except ProviderError as error:
            # Pending deletion already.
            if error.code != "KMSInvalidStateException":
                raise

    def _rotate(self, aws: Aws, key: str, values: Values) -> None:
        period = values.get("rotationPeriodInDays")
        aws.call("kms", "enable_key_rotation", KeyId=key, RotationPeriodInDays=int(period) if period else None)


class Alias(Handler):
    """``id`` is the name, ``alias/`` in front."""

    types = ("aws:kms/alias:Alias",)
    service = "kms"
    auto_name = AutoName(limit=256, before="alias/")

    def validate(self, values: Values) -> Iterator[str]:
        name = values.get("name")
        if isinstance(name, str) and not name.startswith("alias/"):
            yield f"name has to begin with alias/, not be {name!r}"
        if isinstance(name, str) and name.startswith("alias/aws/"):
            yield f"name {name!r} is reserved: alias/aws/ belongs to AWS"

    def create(self, aws: Aws, values: Values) -> str:
        name = str(values["name"])
        aws.call("kms", "create_alias", AliasName=name, TargetKeyId=values["targetKeyId"])
        return name

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        aliases = aws.pages("kms", "list_aliases", "Aliases")
        found = next((alias for alias in aliases if alias["AliasName"] == id_), None)
        if found is None or "TargetKeyId" not in found:
            return None
        key = found["TargetKeyId"]
        key_arn = key if key.startswith("arn:") else aws.arn("kms", f"key/{key}")
        wanted = values.get("targetKeyId")
        # A program may name the key by its id or its ARN.
        target = wanted if wanted in (key, key_arn) else key_arn.rsplit("/", 1)[-1]
        return {"arn": found["AliasArn"], "name": id_, "targetKeyArn": key_arn, "targetKeyId": target}

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        aws.call("kms", "update_alias", AliasName=id_, TargetKeyId=new["targetKeyId"])

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        aws.drop("kms", "delete_alias", AliasName=id_)


class KeyPolicy(Handler):
    """``id`` is the key's. Deleting one gives the key AWS's default policy back."""

    types = ("aws:kms/keyPolicy:KeyPolicy",)
    identity = "{keyId}"
    service = "kms"
    replace = frozenset({"keyId"})
    defaults: ClassVar[dict[str, Any]] = {"bypassPolicyLockoutSafetyCheck": False}
    documents = frozenset({"policy"})
    write_only = frozenset({"bypassPolicyLockoutSafetyCheck"})

    def create(self, aws: Aws, values: Values) -> str:
        self._put(aws, values["keyId"], values["policy"])
        return str(values["keyId"])

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("kms", "get_key_policy", KeyId=id_, PolicyName=_POLICY)
        return None if reply is None else {"keyId": id_, "policy": reply["Policy"]}

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        self._put(aws, id_, new["policy"])

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        try:
            self._put(aws, id_, default_policy(aws))
        except ProviderError as error:
            if not is_gone(error) and error.code != "KMSInvalidStateException":
                raise

    def _put(self, aws: Aws, key: str, policy: str) -> None:
        aws.call("kms", "put_key_policy", KeyId=key, PolicyName=_POLICY, Policy=policy)


def default_policy(aws: Aws) -> str:
    """What a key gets whose creator gives none: the account decides through IAM.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    root = f"arn:{aws.partition}:iam::{aws.account}:root"
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": root},
        "Action": "kms:*",
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement]})


HANDLERS: tuple[Handler, ...] = (Key(), Alias(), KeyPolicy())
