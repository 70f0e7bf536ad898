"""Amazon DynamoDB: tables."""

# ruff: noqa: ARG002 (every handler's methods have the same signature)
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from watchkeeper.pulumi.provider.aws import Aws
from watchkeeper.pulumi.provider.handler import AutoName, Handler, known
from watchkeeper.pulumi.provider.tagging import change_tags, read_tags
from watchkeeper.pulumi.provider.values import Values, same, tag_list

_WAIT_SECONDS = 300.0


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


HANDLERS = (Table(),)
