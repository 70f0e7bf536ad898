# ruff: noqa: ARG002 (every handler's methods have the same signature)
"""AWS Config: recorder, delivery channel, rules, remediation, aggregators, packs, retention.

Order and errors are AWS's own: https://docs.aws.amazon.com/config/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from watchkeeper.pulumi.engine.provider import ProviderError
from watchkeeper.pulumi.provider.aws import Aws, is_gone
from watchkeeper.pulumi.provider.handler import AutoName, Handler, known
from watchkeeper.pulumi.provider.tagging import change_tags, read_tags
from watchkeeper.pulumi.provider.values import Values, tag_list, to_api

_STOPPING_SECONDS = 5.0
_WAIT_SECONDS = 120.0


def _shape(aws: Aws, operation: str, member: str) -> Any:
    return aws.client("config").meta.service_model.operation_model(operation).input_shape.members[member]


def _first(reply: Values | None, key: str) -> Values | None:
    items = (reply or {}).get(key) or ()
    return next(iter(items), None)


class Recorder(Handler):
    """``id`` is the name. It records nothing until a recorder status starts it."""

    types = ("aws:cfg/recorder:Recorder",)
    service = "config"
    auto_name = AutoName(limit=256)
    rename: ClassVar[dict[str, str]] = {"roleARN": "roleArn"}

    def create(self, aws: Aws, values: Values) -> str:
        group = values.get("recordingGroup")
        # The provider documents allSupported as true unless the program says otherwise.
        given = {**values, "recordingGroup": {"allSupported": True, **group}} if group else values
        body = to_api(_shape(aws, "PutConfigurationRecorder", "ConfigurationRecorder"), given, self.rename)
        aws.call("config", "put_configuration_recorder", ConfigurationRecorder=body)
        return str(values["name"])

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("config", "describe_configuration_recorders", ConfigurationRecorderNames=[id_])
        found = _first(reply, "ConfigurationRecorders")
        return None if found is None else self.outputs(found)

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        aws.drop("config", "delete_configuration_recorder", ConfigurationRecorderName=id_)


class DeliveryChannel(Handler):
    """``id`` is the name. Deleting it waits a little for a recorder that is still stopping."""

    types = ("aws:cfg/deliveryChannel:DeliveryChannel",)
    service = "config"
    auto_name = AutoName(limit=256)
    rename: ClassVar[dict[str, str]] = {"configSnapshotDeliveryProperties": "snapshotDeliveryProperties"}

    def create(self, aws: Aws, values: Values) -> str:
        body = to_api(_shape(aws, "PutDeliveryChannel", "DeliveryChannel"), values, self.rename)
        aws.call("config", "put_delivery_channel", DeliveryChannel=body)
        return str(values["name"])

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("config", "describe_delivery_channels", DeliveryChannelNames=[id_])
        found = _first(reply, "DeliveryChannels")
        return None if found is None else self.outputs(found)

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        refused: list[ProviderError] = []

        def gone() -> bool:
            try:
                aws.drop("config", "delete_delivery_channel", DeliveryChannelName=id_)
            except ProviderError as error:
                if error.code != "LastDeliveryChannelDeleteFailedException":
                    raise
                refused.append(error)
                return False
            return True

        try:
            aws.wait(gone, _STOPPING_SECONDS, f"deleting the delivery channel {id_}")
        except ProviderError as error:
            raise refused[-1] if refused and error.code == "Timeout" else error from error


class RecorderStatus(Handler):
    """Whether a recorder runs; ``id`` is the recorder's name. Deleting it stops the recorder."""

    types = ("aws:cfg/recorderStatus:RecorderStatus",)
    service = "config"
    auto_name = AutoName(limit=256)

    def create(self, aws: Aws, values: Values) -> str:
        name = str(values["name"])
        running = values["isEnabled"] in (True, "true")
        method = "start_configuration_recorder" if running else "stop_configuration_recorder"
        aws.call("config", method, ConfigurationRecorderName=name)
        return name

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("config", "describe_configuration_recorder_status", ConfigurationRecorderNames=[id_])
        found = _first(reply, "ConfigurationRecordersStatus")
        return None if found is None else {"name": id_, "isEnabled": bool(found.get("recording"))}

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        self.create(aws, {**new, "name": id_})

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        aws.drop("config", "stop_configuration_recorder", ConfigurationRecorderName=id_)


class Rule(Handler):
    """``id`` is the name."""

    types = ("aws:cfg/rule:Rule",)
    service = "config"
    auto_name = AutoName(limit=128)
    documents = frozenset({"inputParameters"})
    rename: ClassVar[dict[str, str]] = {"ConfigRuleName": "name"}
    _frequencies = frozenset({"One_Hour", "Three_Hours", "Six_Hours", "Twelve_Hours", "TwentyFour_Hours"})

    def validate(self, values: Values) -> Iterator[str]:
        frequency = known(values, "maximumExecutionFrequency")
        if frequency is not None and frequency not in self._frequencies:
            allowed = ", ".join(sorted(self._frequencies))
            yield f"maximumExecutionFrequency has to be one of {allowed}, not {frequency!r}"
        source = known(values, "source")
        owner = known(source, "owner") if isinstance(source, Mapping) else None
        if owner is not None and owner not in ("AWS", "CUSTOM_LAMBDA", "CUSTOM_POLICY"):
            yield f"source.owner has to be AWS, CUSTOM_LAMBDA or CUSTOM_POLICY, not {owner!r}"

    def create(self, aws: Aws, values: Values) -> str:
        body = to_api(_shape(aws, "PutConfigRule", "ConfigRule"), values, self.rename)
        aws.call("config", "put_config_rule", ConfigRule=body, Tags=tag_list(values.get("tags")) or None)
        return str(values["name"])

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        found = _first(aws.find("config", "describe_config_rules", ConfigRuleNames=[id_]), "ConfigRules")
        if found is None or found.get("ConfigRuleState") == "DELETING":
            return None
        arn = found["ConfigRuleArn"]
        outputs = {**self.outputs(found), "arn": arn, "ruleId": found["ConfigRuleId"]}
        return {**outputs, "tags": read_tags(aws, "config", arn)} if values.get("tags") else outputs

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        body = to_api(_shape(aws, "PutConfigRule", "ConfigRule"), new, self.rename)
        aws.call("config", "put_config_rule", ConfigRule=body)
        if old.get("tags") != new.get("tags"):
            found = _first(aws.call("config", "describe_config_rules", ConfigRuleNames=[id_]), "ConfigRules") or {}
            change_tags(aws, "config", str(found["ConfigRuleArn"]), old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        aws.drop("config", "delete_config_rule", ConfigRuleName=id_)
        gone = lambda: aws.find("config", "describe_config_rules", ConfigRuleNames=[id_]) is None  # noqa: E731
        aws.wait(gone, _WAIT_SECONDS, f"deleting the rule {id_}")


class Aggregator(Handler):
    """``id`` is the name. Switching between account and organization source replaces it."""

    types = ("aws:cfg/configurationAggregator:ConfigurationAggregator",)
    service = "config"
    auto_name = AutoName(limit=256)
    one_of = (("accountAggregationSource", "organizationAggregationSource"),)
    rename: ClassVar[dict[str, str]] = {
        "AllAwsRegions": "allRegions",
        "AwsRegions": "regions",
        "ConfigurationAggregatorName": "name",
    }

    def validate(self, values: Values) -> Iterator[str]:
        for name in ("accountAggregationSource", "organizationAggregationSource"):
            source = known(values, name)
            if not isinstance(source, Mapping):
                continue
            given = ("regions" in source and source["regions"] != []) + (source.get("allRegions") in (True, "true"))
            if given != 1:
                yield f"{name} needs either regions or allRegions, and not both"

    def create(self, aws: Aws, values: Values) -> str:
        body = self.request(aws, "PutConfigurationAggregator", {k: v for k, v in values.items() if k != "tags"})
        aws.call("config", "put_configuration_aggregator", **body, Tags=tag_list(values.get("tags")) or None)
        return str(values["name"])

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("config", "describe_configuration_aggregators", ConfigurationAggregatorNames=[id_])
        found = _first(reply, "ConfigurationAggregators")
        if found is None:
            return None
        arn = found["ConfigurationAggregatorArn"]
        outputs = {**self.outputs(found), "arn": arn}
        return {**outputs, "tags": read_tags(aws, "config", arn)} if values.get("tags") else outputs

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        body = self.request(aws, "PutConfigurationAggregator", {k: v for k, v in new.items() if k != "tags"})
        reply = aws.call("config", "put_configuration_aggregator", **body)
        if old.get("tags") != new.get("tags"):
            change_tags(aws, "config", str(reply["ConfigurationAggregator"]["ConfigurationAggregatorArn"]), old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        aws.drop("config", "delete_configuration_aggregator", ConfigurationAggregatorName=id_)


class Authorization(Handler):
    """Lets another account's aggregator in; ``id`` is ``<account>:<region>``."""

    types = ("aws:cfg/aggregateAuthorization:AggregateAuthorization",)
    identity = "{accountId}:{authorizedAwsRegion}"
    service = "config"
    replace = frozenset({"accountId", "authorizedAwsRegion"})

    def create(self, aws: Aws, values: Values) -> str:
        account, region = str(values["accountId"]), str(values.get("authorizedAwsRegion") or aws.region)
        aws.call(
            "config",
            "put_aggregation_authorization",
            AuthorizedAccountId=account,
            AuthorizedAwsRegion=region,
            Tags=tag_list(values.get("tags")) or None,
        )
        return f"{account}:{region}"

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        account, _, region = id_.partition(":")
        for entry in aws.pages("config", "describe_aggregation_authorizations", "AggregationAuthorizations"):
            if (entry["AuthorizedAccountId"], entry["AuthorizedAwsRegion"]) == (account, region):
                arn = entry["AggregationAuthorizationArn"]
                outputs: Values = {"accountId": account, "authorizedAwsRegion": region, "arn": arn}
                return {**outputs, "tags": read_tags(aws, "config", arn)} if values.get("tags") else outputs
        return None

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        found = self.read(aws, id_, {}) or {}
        change_tags(aws, "config", str(found["arn"]), old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        account, _, region = id_.partition(":")
        method = "delete_aggregation_authorization"
        aws.drop("config", method, AuthorizedAccountId=account, AuthorizedAwsRegion=region)


class Remediation(Handler):
    """What repairs a rule's violations; ``id`` is the rule's name."""

    types = ("aws:cfg/remediationConfiguration:RemediationConfiguration",)
    identity = "{configRuleName}"
    service = "config"
    replace = frozenset({"configRuleName"})
    defaults: ClassVar[dict[str, Any]] = {"automatic": False}

    def validate(self, values: Values) -> Iterator[str]:
        kind = known(values, "targetType")
        if kind is not None and kind != "SSM_DOCUMENT":
            yield f"targetType has to be SSM_DOCUMENT, not {kind!r}"

    def create(self, aws: Aws, values: Values) -> str:
        shape = _shape(aws, "PutRemediationConfigurations", "RemediationConfigurations").member
        body = to_api(shape, {key: value for key, value in values.items() if key != "parameters"})
        if values.get("parameters"):
            body["Parameters"] = {entry["name"]: _parameter(entry) for entry in values["parameters"]}
        reply = aws.call("config", "put_remediation_configurations", RemediationConfigurations=[body])
        for failed in reply.get("FailedBatches") or ():
            message = str(failed.get("FailureMessage", "refused"))
            raise ProviderError(message, operation="PutRemediationConfigurations", code="FailedBatch")
        return str(values["configRuleName"])

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("config", "describe_remediation_configurations", ConfigRuleNames=[id_])
        found = _first(reply, "RemediationConfigurations")
        if found is None:
            return None
        parameters = [_read_parameter(name, value) for name, value in found.get("Parameters", {}).items()]
        outputs = self.outputs({key: value for key, value in found.items() if key != "Parameters"})
        return {**outputs, "arn": found.get("Arn"), **({"parameters": parameters} if parameters else {})}

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        kind = values.get("resourceType")
        aws.drop("config", "delete_remediation_configuration", ConfigRuleName=id_, ResourceType=kind)


def _parameter(entry: Values) -> Values:
    if "resourceValue" in entry:
        return {"ResourceValue": {"Value": entry["resourceValue"]}}
    single = [entry["staticValue"]] if "staticValue" in entry else []
    return {"StaticValue": {"Values": [str(value) for value in (*single, *entry.get("staticValues", ()))]}}


def _read_parameter(name: str, value: Values) -> Values:
    if "ResourceValue" in value:
        return {"name": name, "resourceValue": value["ResourceValue"]["Value"]}
    texts = list(value.get("StaticValue", {}).get("Values", ()))
    return {"name": name, "staticValue": texts[0]} if len(texts) == 1 else {"name": name, "staticValues": texts}


class ConformancePack(Handler):
    """``id`` is the name. Creation and deletion wait for the rules in it."""

    types = ("aws:cfg/conformancePack:ConformancePack",)
    service = "config"
    auto_name = AutoName(limit=256)
    one_of = (("templateBody", "templateS3Uri"),)
    write_only = frozenset({"templateBody", "templateS3Uri"})
    rename: ClassVar[dict[str, str]] = {
        "ConformancePackName": "name",
        "ConformancePackInputParameters": "inputParameters",
        "DeliveryS3Bucket": "deliveryS3Bucket",
    }

    def create(self, aws: Aws, values: Values) -> str:
        name = str(values["name"])
        aws.call("config", "put_conformance_pack", **self.request(aws, "PutConformancePack", values))
        aws.made = name
        aws.wait(lambda: self._settled(aws, name), _WAIT_SECONDS, f"the conformance pack {name}")
        return name

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("config", "describe_conformance_packs", ConformancePackNames=[id_])
        found = _first(reply, "ConformancePackDetails")
        return None if found is None else {**self.outputs(found), "arn": found["ConformancePackArn"]}

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        aws.drop("config", "delete_conformance_pack", ConformancePackName=id_)
        aws.wait(lambda: self.read(aws, id_, {}) is None, _WAIT_SECONDS, f"deleting the conformance pack {id_}")

    def _settled(self, aws: Aws, name: str) -> bool:
        reply = aws.find("config", "describe_conformance_pack_status", ConformancePackNames=[name])
        status = _first(reply, "ConformancePackStatusDetails")
        state = (status or {}).get("ConformancePackState")
        if state == "CREATE_FAILED":
            reason = str((status or {}).get("ConformancePackStatusReason", "its creation failed"))
            raise ProviderError(reason, operation="PutConformancePack", code="CREATE_FAILED")
        return state == "CREATE_COMPLETE"


class Retention(Handler):
    """How long Config keeps items; ``id`` is its name, ``default``."""

    types = ("aws:cfg/retentionConfiguration:RetentionConfiguration",)
    identity = "default"
    service = "config"

    def validate(self, values: Values) -> Iterator[str]:
        days = known(values, "retentionPeriodInDays")
        if days is not None and not 30 <= int(days) <= 2557:
            yield f"retentionPeriodInDays has to be between 30 and 2557, not {days}"

    def create(self, aws: Aws, values: Values) -> str:
        days = int(values["retentionPeriodInDays"])
        reply = aws.call("config", "put_retention_configuration", RetentionPeriodInDays=days)
        return str(reply["RetentionConfiguration"]["Name"])

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        try:
            reply = aws.find("config", "describe_retention_configurations", RetentionConfigurationNames=[id_])
        except ProviderError as error:
            if is_gone(error):
                return None
            raise
        found = _first(reply, "RetentionConfigurations")
        return None if found is None else {**self.outputs(found), "name": found["Name"]}

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        aws.drop("config", "delete_retention_configuration", RetentionConfigurationName=id_)


HANDLERS: tuple[Handler, ...] = (
    Recorder(),
    DeliveryChannel(),
    RecorderStatus(),
    Rule(),
    Aggregator(),
    Authorization(),
    Remediation(),
    ConformancePack(),
    Retention(),
)
