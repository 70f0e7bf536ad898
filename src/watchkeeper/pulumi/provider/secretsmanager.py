"""AWS Secrets Manager: secrets and their versions."""

# ruff: noqa: ARG002 (every handler's methods have the same signature)
from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any, ClassVar

from watchkeeper.pulumi.engine.provider import ProviderError
from watchkeeper.pulumi.provider.aws import Aws
from watchkeeper.pulumi.provider.handler import AutoName, Handler, known
from watchkeeper.pulumi.provider.values import Values, tag_changes, tag_list, tag_map


class Secret(Handler):
    """``id`` is the ARN. Deleting one leaves it recoverable for ``recoveryWindowInDays``; 0 deletes at once."""

    types = ("aws:secretsmanager/secret:Secret",)
    service = "secretsmanager"
    auto_name = AutoName(limit=512)
    defaults: ClassVar[dict[str, Any]] = {"forceOverwriteReplicaSecret": False, "recoveryWindowInDays": 30}
    documents = frozenset({"policy"})
    write_only = frozenset({"forceOverwriteReplicaSecret", "recoveryWindowInDays", "policy"})
    unsupported = frozenset({"replicas"})

    def validate(self, values: Values) -> Iterator[str]:
        days = known(values, "recoveryWindowInDays")
        if days is not None and int(days) != 0 and not 7 <= int(days) <= 30:
            yield f"recoveryWindowInDays has to be 0 or between 7 and 30, not {days}"

    def identify(self, aws: Aws, values: Values) -> str | None:
        reply = aws.find("secretsmanager", "describe_secret", SecretId=values["name"]) if "name" in values else None
        return None if reply is None else str(reply["ARN"])

    def create(self, aws: Aws, values: Values) -> str:
        reply = aws.call(
            "secretsmanager",
            "create_secret",
            Name=values["name"],
            Description=values.get("description"),
            KmsKeyId=values.get("kmsKeyId"),
            Tags=tag_list(values.get("tags")) or None,
        )
        arn = str(reply["ARN"])
        aws.made = arn
        self._police(aws, arn, {}, values)
        return arn

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("secretsmanager", "describe_secret", SecretId=id_)
        if reply is None or reply.get("DeletedDate"):
            return None
        return {
            "arn": reply["ARN"],
            "name": reply["Name"],
            "description": reply.get("Description") or None,
            "kmsKeyId": reply.get("KmsKeyId"),
            "tags": tag_map(reply.get("Tags")),
        }

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        if any(old.get(name) != new.get(name) for name in ("description", "kmsKeyId")):
            text = new.get("description", "")
            key = new.get("kmsKeyId")
            aws.call("secretsmanager", "update_secret", SecretId=id_, Description=text, KmsKeyId=key)
        self._police(aws, id_, old, new)
        added, removed = tag_changes(old.get("tags"), new.get("tags"))
        if removed:
            aws.call("secretsmanager", "untag_resource", SecretId=id_, TagKeys=removed)
        if added:
            aws.call("secretsmanager", "tag_resource", SecretId=id_, Tags=tag_list(added))

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        days = int(values["recoveryWindowInDays"])
        how: Values = {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}
        try:
            aws.drop("secretsmanager", "delete_secret", SecretId=id_, **how)
        except ProviderError as error:
            # Scheduled for deletion already.
            if error.code != "InvalidRequestException":
                raise

    def _police(self, aws: Aws, arn: str, old: Values, new: Values) -> None:
        if new.get("policy"):
            aws.call("secretsmanager", "put_resource_policy", SecretId=arn, ResourcePolicy=new["policy"])
        elif old.get("policy"):
            aws.drop("secretsmanager", "delete_resource_policy", SecretId=arn)


class SecretVersion(Handler):
    """A secret's value; ``id`` is ``<secret ARN>|<version id>``."""

    types = ("aws:secretsmanager/secretVersion:SecretVersion",)
    chosen_by_aws = True
    service = "secretsmanager"
    replace = frozenset({"secretId", "secretString", "secretBinary"})
    write_only = frozenset({"secretId", "secretString", "secretBinary", "versionStages"})
    one_of = (("secretString", "secretBinary"),)
    unsupported = frozenset({"secretStringWo", "secretStringWoVersion"})

    def create(self, aws: Aws, values: Values) -> str:
        binary = values.get("secretBinary")
        reply = aws.call(
            "secretsmanager",
            "put_secret_value",
            SecretId=values["secretId"],
            SecretString=values.get("secretString"),
            SecretBinary=base64.b64decode(binary) if binary else None,
            VersionStages=values.get("versionStages"),
        )
        return f"{reply['ARN']}|{reply['VersionId']}"

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        arn, _, version = id_.partition("|")
        try:
            reply = aws.find("secretsmanager", "get_secret_value", SecretId=arn, VersionId=version)
        except ProviderError as error:
            # The secret itself is scheduled for deletion.
            if error.code == "InvalidRequestException":
                return None
            raise
        if reply is None:
            return None
        return {
            "arn": arn,
            "secretArn": arn,
            "versionId": version,
            "secretString": reply.get("SecretString"),
            "versionStages": sorted(reply.get("VersionStages", ())),
        }

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        arn, _, version = id_.partition("|")
        for stage in sorted(set(new.get("versionStages", ())) - set(old.get("versionStages", ()))):
            method = "update_secret_version_stage"
            aws.call("secretsmanager", method, SecretId=arn, VersionStage=stage, MoveToVersionId=version)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        """A value goes with its secret or with the next value: the current version can't be taken away."""


HANDLERS = (
    Secret(),
    SecretVersion(),
)
