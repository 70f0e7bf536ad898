"""AWS Systems Manager: parameters."""

# ruff: noqa: ARG002 (every handler's methods have the same signature)
from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.pulumi.provider.aws import Aws
from watchkeeper.pulumi.provider.handler import AutoName, Handler, known
from watchkeeper.pulumi.provider.values import Values, tag_changes, tag_list, tag_map


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


HANDLERS = (Parameter(),)
