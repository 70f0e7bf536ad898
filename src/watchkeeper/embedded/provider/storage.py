# ruff: noqa: ARG002 (every handler's methods have the same signature)
"""Where data is kept: Systems Manager parameters, secrets, DynamoDB tables, RDS instances."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from watchkeeper.embedded.provider.aws import Aws
from watchkeeper.embedded.provider.handler import AutoName, Handler, known
from watchkeeper.embedded.provider.tagging import change_tags, read_tags
from watchkeeper.embedded.provider.values import Values, same, tag_changes, tag_list, tag_map
from watchkeeper.engine.provider import ProviderError

_WAIT_SECONDS = 300.0


class Parameter(Handler):
    """``id`` is the name."""

    types = ("aws:ssm/parameter:Parameter",)
    service = "ssm"
    auto_name = AutoName(limit=2048, prefix_property="")
    replace = frozenset({"dataType"})
    write_only = frozenset({"arn", "overwrite", "valueWo", "valueWoVersion", "insecureValue"})
    unsupported = frozenset({"valueWo", "valueWoVersion"})

    def validate(self, values: Values) -> Iterator[str]:
        kind = known(values, "type")
        if kind is not None and kind not in ("String", "StringList", "SecureString"):
            yield f"type has to be String, StringList or SecureString, not {kind!r}"
        if ("value" in values) + ("insecureValue" in values) != 1:
            yield "exactly one of value and insecureValue has to be given"

    def create(self, aws: Aws, values: Values) -> str:
        self._put(aws, values, overwrite=values.get("overwrite") in (True, "true"))
        name = str(values["name"])
        aws.made = name
        tags = tag_list(values.get("tags"))
        if tags:
            aws.call("ssm", "add_tags_to_resource", ResourceType="Parameter", ResourceId=name, Tags=tags)
        return name

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("ssm", "get_parameter", Name=id_, WithDecryption=True)
        if reply is None:
            return None
        found, about = reply["Parameter"], self._about(aws, id_)
        text = {"insecureValue": found["Value"]} if "insecureValue" in values else {"value": found["Value"]}
        plain = {
            key: value for key, value in about.items() if key in ("Description", "AllowedPattern", "Tier") and value
        }
        tags = aws.call("ssm", "list_tags_for_resource", ResourceType="Parameter", ResourceId=id_).get("TagList")
        return {
            **self.outputs(plain),
            **text,
            "name": id_,
            "type": found["Type"],
            "arn": found["ARN"],
            "version": found["Version"],
            "dataType": found.get("DataType", "text"),
            "keyId": about.get("KeyId"),
            "tags": tag_map(tags),
        }

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        if {k: v for k, v in old.items() if k != "tags"} != {k: v for k, v in new.items() if k != "tags"}:
            self._put(aws, new, overwrite=True)
        added, removed = tag_changes(old.get("tags"), new.get("tags"))
        key = {"ResourceType": "Parameter", "ResourceId": id_}
        if added:
            aws.call("ssm", "add_tags_to_resource", **key, Tags=tag_list(added))
        if removed:
            aws.call("ssm", "remove_tags_from_resource", **key, TagKeys=removed)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        aws.drop("ssm", "delete_parameter", Name=id_)

    def _put(self, aws: Aws, values: Values, *, overwrite: bool) -> None:
        body = self.request(aws, "PutParameter", {key: value for key, value in values.items() if key != "tags"})
        text = str(values["value"] if "value" in values else values["insecureValue"])
        aws.call("ssm", "put_parameter", **{**body, "Value": text, "Overwrite": overwrite})

    def _about(self, aws: Aws, name: str) -> Values:
        filters = [{"Key": "Name", "Option": "Equals", "Values": [name]}]
        found = aws.pages("ssm", "describe_parameters", "Parameters", ParameterFilters=filters)
        return next((entry for entry in found if entry["Name"] == name), {})


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


def _key_schema(values: Mapping[str, Any]) -> list[dict[str, str]]:
    keys = [("hashKey", "HASH"), ("rangeKey", "RANGE")]
    return [{"AttributeName": values[name], "KeyType": kind} for name, kind in keys if values.get(name)]


def _throughput(values: Mapping[str, Any]) -> dict[str, int]:
    read, write = int(values.get("readCapacity", 1)), int(values.get("writeCapacity", 1))
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": write}


class Table(Handler):
    """A DynamoDB table; ``id`` is the name. Creation, updates and deletion wait for the table."""

    types = ("aws:dynamodb/table:Table",)
    service = "dynamodb"
    auto_name = AutoName(limit=255, prefix_property="")
    replace = frozenset({"hashKey", "rangeKey", "localSecondaryIndexes"})
    defaults: ClassVar[dict[str, Any]] = {"billingMode": "PROVISIONED", "deletionProtectionEnabled": False}
    write_only = frozenset({"attributes", "localSecondaryIndexes", "serverSideEncryption", "tableClass", "timeouts"})
    unsupported = frozenset(
        {
            "globalTableWitness",
            "importTable",
            "onDemandThroughput",
            "replicas",
            "restoreBackupArn",
            "restoreDateTime",
            "restoreSourceName",
            "restoreSourceTableArn",
            "restoreToLatestTime",
            "warmThroughput",
        }
    )

    def validate(self, values: Values) -> Iterator[str]:
        if "hashKey" not in values:
            yield "hashKey is required"
        if values.get("billingMode") == "PROVISIONED":
            missing = [name for name in ("readCapacity", "writeCapacity") if name not in values]
            yield from (f"{name} is required with billingMode PROVISIONED" for name in missing)
        attributes = known(values, "attributes")
        if not isinstance(attributes, list) or any(not isinstance(entry, dict) for entry in attributes):
            return
        defined = {entry.get("name") for entry in attributes}
        for name in ("hashKey", "rangeKey"):
            key = known(values, name)
            if isinstance(key, str) and key not in defined and all(isinstance(text, str) for text in defined):
                yield f"{name} {key!r} is not among the attributes"

    def create(self, aws: Aws, values: Values) -> str:
        name = str(values["name"])
        provisioned = values["billingMode"] == "PROVISIONED"
        aws.call(
            "dynamodb",
            "create_table",
            TableName=name,
            AttributeDefinitions=self._attributes(values),
            KeySchema=_key_schema(values),
            BillingMode=values["billingMode"],
            ProvisionedThroughput=_throughput(values) if provisioned else None,
            GlobalSecondaryIndexes=[self._index(e, values) for e in values.get("globalSecondaryIndexes", ())] or None,
            LocalSecondaryIndexes=[
                self._index({"hashKey": values["hashKey"], **entry}, {})
                for entry in values.get("localSecondaryIndexes", ())
            ]
            or None,
            StreamSpecification=self._stream(values) if values.get("streamEnabled") in (True, "true") else None,
            SSESpecification=self._encryption(values),
            DeletionProtectionEnabled=values["deletionProtectionEnabled"] in (True, "true"),
            TableClass=values.get("tableClass"),
            Tags=tag_list(values.get("tags")) or None,
        )
        aws.made = name
        self._active(aws, name)
        self._extras(aws, name, {}, values)
        return name

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("dynamodb", "describe_table", TableName=id_)
        if reply is None or reply["Table"].get("TableStatus") == "DELETING":
            return None
        table = reply["Table"]
        keys = {entry["KeyType"]: entry["AttributeName"] for entry in table["KeySchema"]}
        found: Values = {
            "name": id_,
            "arn": table["TableArn"],
            "hashKey": keys.get("HASH"),
            "rangeKey": keys.get("RANGE"),
            "billingMode": table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
            "streamArn": table.get("LatestStreamArn", ""),
            "streamLabel": table.get("LatestStreamLabel", ""),
            "streamEnabled": table.get("StreamSpecification", {}).get("StreamEnabled", False),
            "deletionProtectionEnabled": table.get("DeletionProtectionEnabled", False),
            "tags": read_tags(aws, "dynamodb", table["TableArn"]),
        }
        if found["billingMode"] == "PROVISIONED":
            throughput = table.get("ProvisionedThroughput", {})
            found["readCapacity"] = throughput.get("ReadCapacityUnits")
            found["writeCapacity"] = throughput.get("WriteCapacityUnits")
        if "pointInTimeRecovery" in values:
            found["pointInTimeRecovery"] = {"enabled": self._recovers(aws, id_)}
        if "ttl" in values:
            ttl = aws.call("dynamodb", "describe_time_to_live", TableName=id_).get("TimeToLiveDescription", {})
            on = ttl.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
            name = ttl.get("AttributeName") or values["ttl"].get("attributeName")
            found["ttl"] = {"enabled": on, "attributeName": name}
        return found

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        change: Values = {}
        if any(old.get(name) != new.get(name) for name in ("billingMode", "readCapacity", "writeCapacity")):
            change["BillingMode"] = new["billingMode"]
            if new["billingMode"] == "PROVISIONED":
                change["ProvisionedThroughput"] = _throughput(new)
        if old["deletionProtectionEnabled"] != new["deletionProtectionEnabled"]:
            change["DeletionProtectionEnabled"] = new["deletionProtectionEnabled"] in (True, "true")
        if old.get("tableClass") != new.get("tableClass"):
            change["TableClass"] = new.get("tableClass", "STANDARD")
        if change:
            self._modify(aws, id_, change)
        if any(old.get(name) != new.get(name) for name in ("streamEnabled", "streamViewType")):
            self._modify(aws, id_, {"StreamSpecification": self._stream(new)})
        if not same(old.get("serverSideEncryption"), new.get("serverSideEncryption")):
            self._modify(aws, id_, {"SSESpecification": self._encryption(new) or {"Enabled": False}})
        for entry in self._index_changes(old, new):
            body = {"AttributeDefinitions": self._attributes(new), "GlobalSecondaryIndexUpdates": [entry]}
            self._modify(aws, id_, body)
        self._extras(aws, id_, old, new)
        change_tags(aws, "dynamodb", aws.arn("dynamodb", f"table/{id_}"), old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        aws.drop("dynamodb", "delete_table", TableName=id_)
        gone = lambda: aws.find("dynamodb", "describe_table", TableName=id_) is None  # noqa: E731
        aws.wait(gone, _WAIT_SECONDS, f"deleting the table {id_}")

    def _modify(self, aws: Aws, name: str, change: Values) -> None:
        aws.call("dynamodb", "update_table", TableName=name, **change)
        self._active(aws, name)

    def _active(self, aws: Aws, name: str) -> None:
        def active() -> bool:
            table = aws.call("dynamodb", "describe_table", TableName=name)["Table"]
            indexes = table.get("GlobalSecondaryIndexes") or ()
            return table["TableStatus"] == "ACTIVE" and all(
                entry.get("IndexStatus", "ACTIVE") == "ACTIVE" for entry in indexes
            )

        aws.wait(active, _WAIT_SECONDS, f"the table {name}")

    def _attributes(self, values: Values) -> list[dict[str, str]]:
        return [{"AttributeName": e["name"], "AttributeType": e["type"]} for e in values.get("attributes", ())]

    def _index(self, entry: Values, table: Values) -> Values:
        projection: Values = {"ProjectionType": entry["projectionType"]}
        if entry.get("nonKeyAttributes"):
            projection["NonKeyAttributes"] = list(entry["nonKeyAttributes"])
        keys = [{"AttributeName": k["attributeName"], "KeyType": k["keyType"]} for k in entry.get("keySchemas", ())]
        found: Values = {"IndexName": entry["name"], "KeySchema": keys or _key_schema(entry), "Projection": projection}
        if table.get("billingMode") == "PROVISIONED":
            found["ProvisionedThroughput"] = _throughput(entry)
        return found

    def _index_changes(self, old: Values, new: Values) -> Iterator[Values]:
        before = {entry["name"]: entry for entry in old.get("globalSecondaryIndexes", ())}
        after = {entry["name"]: entry for entry in new.get("globalSecondaryIndexes", ())}
        for name in sorted(before):
            if not same(before[name], after.get(name)):
                yield {"Delete": {"IndexName": name}}
        for name in sorted(after):
            if not same(before.get(name), after[name]):
                yield {"Create": self._index(after[name], new)}

    def _stream(self, values: Values) -> Values:
        if values.get("streamEnabled") not in (True, "true"):
            return {"StreamEnabled": False}
        return {"StreamEnabled": True, "StreamViewType": values.get("streamViewType", "NEW_AND_OLD_IMAGES")}

    def _encryption(self, values: Values) -> Values | None:
        given = values.get("serverSideEncryption")
        if not given or given.get("enabled") not in (True, "true"):
            return None
        key = {"KMSMasterKeyId": given["kmsKeyArn"]} if given.get("kmsKeyArn") else {}
        return {"Enabled": True, "SSEType": "KMS", **key}

    def _recovers(self, aws: Aws, name: str) -> bool:
        reply = aws.call("dynamodb", "describe_continuous_backups", TableName=name)
        backups = reply.get("ContinuousBackupsDescription", {}).get("PointInTimeRecoveryDescription", {})
        return bool(backups.get("PointInTimeRecoveryStatus") == "ENABLED")

    def _extras(self, aws: Aws, name: str, old: Values, new: Values) -> None:
        recovery = (new.get("pointInTimeRecovery") or {}).get("enabled") in (True, "true")
        if recovery != ((old.get("pointInTimeRecovery") or {}).get("enabled") in (True, "true")):
            setting = {"PointInTimeRecoveryEnabled": recovery}
            aws.call("dynamodb", "update_continuous_backups", TableName=name, PointInTimeRecoverySpecification=setting)
        ttl, before = new.get("ttl") or {}, old.get("ttl") or {}
        if not same(ttl, before):
            on = ttl.get("enabled") in (True, "true")
            attribute = ttl.get("attributeName") or before.get("attributeName")
            if on or before.get("enabled") in (True, "true"):
                setting_: Values = {"Enabled": on, "AttributeName": attribute}
                aws.call("dynamodb", "update_time_to_live", TableName=name, TimeToLiveSpecification=setting_)


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


HANDLERS: tuple[Handler, ...] = (Parameter(), Secret(), SecretVersion(), Table(), DbInstance())
