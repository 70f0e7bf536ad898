"""Amazon RDS: database instances."""

# ruff: noqa: ARG002 (every handler's methods have the same signature)
from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from watchkeeper.pulumi.engine.provider import ProviderError
from watchkeeper.pulumi.provider.aws import Aws
from watchkeeper.pulumi.provider.handler import AutoName, Handler, known
from watchkeeper.pulumi.provider.tagging import change_tags, read_tags
from watchkeeper.pulumi.provider.values import Values, same, tag_list

_WAIT_SECONDS = 300.0


class DbInstance(Handler):
    """An RDS instance; ``id`` is its ``identifier``. Deleting takes a final snapshot unless told not to."""

    types = ("aws:rds/instance:Instance",)
    service = "rds"
    auto_name = AutoName(property="identifier", prefix_property="identifierPrefix", limit=63, lower=True)
    replace = frozenset(
        {
            "availabilityZone",
            "characterSetName",
            "dbName",
            "engine",
            "kmsKeyId",
            "replicateSourceDb",
            "snapshotIdentifier",
            "storageEncrypted",
            "timezone",
            "username",
        }
    )
    defaults: ClassVar[dict[str, Any]] = {
        "autoMinorVersionUpgrade": True,
        "backupRetentionPeriod": 0,
        "copyTagsToSnapshot": False,
        "deleteAutomatedBackups": True,
        "deletionProtection": False,
        "iamDatabaseAuthenticationEnabled": False,
        "monitoringInterval": 0,
        "multiAz": False,
        "performanceInsightsEnabled": False,
        "publiclyAccessible": False,
        "skipFinalSnapshot": False,
        "storageEncrypted": False,
    }
    write_only = frozenset(
        {
            "allowMajorVersionUpgrade",
            "applyImmediately",
            "caCertIdentifier",
            "copyTagsToSnapshot",
            "deleteAutomatedBackups",
            "engineVersion",
            "finalSnapshotIdentifier",
            "iamDatabaseAuthenticationEnabled",
            "monitoringInterval",
            "optionGroupName",
            "parameterGroupName",
            "password",
            "performanceInsightsEnabled",
            "performanceInsightsRetentionPeriod",
            "port",
            "skipFinalSnapshot",
            "autoMinorVersionUpgrade",
            "enabledCloudwatchLogsExports",
        }
    )
    unsupported = frozenset(
        {
            "blueGreenUpdate",
            "passwordWo",
            "passwordWoVersion",
            "replicateSourceDb",
            "restoreToPointInTime",
            "s3Import",
            "snapshotIdentifier",
        }
    )
    rename: ClassVar[dict[str, str]] = {
        "BackupRetentionPeriod": "backupRetentionPeriod",
        "CACertificateIdentifier": "caCertIdentifier",
        "DBInstanceClass": "instanceClass",
        "DBInstanceIdentifier": "identifier",
        "DBName": "dbName",
        "DBParameterGroupName": "parameterGroupName",
        "DBSubnetGroupName": "dbSubnetGroupName",
        "EnableCloudwatchLogsExports": "enabledCloudwatchLogsExports",
        "EnableIAMDatabaseAuthentication": "iamDatabaseAuthenticationEnabled",
        "EnablePerformanceInsights": "performanceInsightsEnabled",
        "MasterUserPassword": "password",
        "MasterUsername": "username",
        "MultiAZ": "multiAz",
        "PreferredBackupWindow": "backupWindow",
        "PreferredMaintenanceWindow": "maintenanceWindow",
        "IAMDatabaseAuthenticationEnabled": "iamDatabaseAuthenticationEnabled",
    }

    def validate(self, values: Values) -> Iterator[str]:
        for name in ("engine", "allocatedStorage", "username"):
            if name not in values:
                yield f"{name} is required for a new instance"
        if "password" not in values and values.get("manageMasterUserPassword") not in (True, "true"):
            yield "password or manageMasterUserPassword is required"
        days = known(values, "backupRetentionPeriod")
        if days is not None and not 0 <= int(days) <= 35:
            yield f"backupRetentionPeriod has to be between 0 and 35 days, not {days}"
        kind = known(values, "instanceClass")
        if isinstance(kind, str) and not kind.startswith("db."):
            yield f"instanceClass has to begin with db., not be {kind!r}"
        if values.get("skipFinalSnapshot") is False and "finalSnapshotIdentifier" not in values:
            yield "finalSnapshotIdentifier is required unless skipFinalSnapshot is true: deletion would fail"

    def create(self, aws: Aws, values: Values) -> str:
        body = self.request(aws, "CreateDBInstance", {key: value for key, value in values.items() if key != "tags"})
        aws.call("rds", "create_db_instance", **body, Tags=tag_list(values.get("tags")) or None)
        name = str(values["identifier"])
        aws.made = name
        self._available(aws, name)
        return name

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("rds", "describe_db_instances", DBInstanceIdentifier=id_)
        about = next(iter((reply or {}).get("DBInstances") or ()), None)
        if about is None or about.get("DBInstanceStatus") == "deleting":
            return None
        apart = ("Endpoint", "DBSubnetGroup", "VpcSecurityGroups", "DBParameterGroups", "OptionGroupMemberships")
        found = self.outputs({key: value for key, value in about.items() if key not in apart})
        endpoint = about.get("Endpoint") or {}
        address, port = endpoint.get("Address", ""), endpoint.get("Port")
        groups = [group["VpcSecurityGroupId"] for group in about.get("VpcSecurityGroups", ())]
        subnets = (about.get("DBSubnetGroup") or {}).get("DBSubnetGroupName")
        return {
            **found,
            "arn": about["DBInstanceArn"],
            "address": address,
            "endpoint": f"{address}:{port}" if address else "",
            "port": port,
            "hostedZoneId": endpoint.get("HostedZoneId"),
            "engineVersionActual": about.get("EngineVersion"),
            "resourceId": about.get("DbiResourceId"),
            "status": about.get("DBInstanceStatus"),
            "dbSubnetGroupName": subnets,
            "vpcSecurityGroupIds": groups or None,
            "tags": read_tags(aws, "rds", about["DBInstanceArn"]),
        }

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        changed = {
            key: value
            for key, value in new.items()
            if key not in ("tags", "region", "identifier") and not same(old.get(key), value)
        }
        body = self.request(aws, "ModifyDBInstance", changed)
        if body:
            # The local cloud has no maintenance window to wait for; the provider's default is to wait for it.
            body["ApplyImmediately"] = new.get("applyImmediately", True) in (True, "true")
            aws.call("rds", "modify_db_instance", **{**body, "DBInstanceIdentifier": id_})
            self._available(aws, id_)
        if old.get("tags") != new.get("tags"):
            change_tags(aws, "rds", aws.arn("rds", f"db:{id_}"), old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        skip = values["skipFinalSnapshot"] in (True, "true") or aws.made is not None
        try:
            aws.drop(
                "rds",
                "delete_db_instance",
                DBInstanceIdentifier=id_,
                SkipFinalSnapshot=skip,
                FinalDBSnapshotIdentifier=None if skip else values.get("finalSnapshotIdentifier"),
                DeleteAutomatedBackups=values["deleteAutomatedBackups"] in (True, "true"),
            )
        except ProviderError as error:
            if error.code != "InvalidDBInstanceState":
                raise
        aws.wait(lambda: self.read(aws, id_, {}) is None, _WAIT_SECONDS, f"deleting the database {id_}")

    def _available(self, aws: Aws, name: str) -> None:
        def ready() -> bool:
            reply = aws.call("rds", "describe_db_instances", DBInstanceIdentifier=name)
            return bool(reply["DBInstances"][0]["DBInstanceStatus"] in ("available", "storage-optimization"))

        aws.wait(ready, _WAIT_SECONDS, f"the database {name}")


HANDLERS = (DbInstance(),)
