"""AWS Glue: databases of the Data Catalog."""

# ruff: noqa: ARG002 (every handler's methods have the same signature)
from __future__ import annotations

from watchkeeper.pulumi.provider.aws import Aws
from watchkeeper.pulumi.provider.handler import AutoName, Handler
from watchkeeper.pulumi.provider.tagging import change_tags, read_tags
from watchkeeper.pulumi.provider.values import Values


class CatalogDatabase(Handler):
    """A Glue database; ``id`` is ``<catalog>:<name>``."""

    types = ("aws:glue/catalogDatabase:CatalogDatabase",)
    identity = "{account}:{name}"
    service = "glue"
    auto_name = AutoName(limit=255, prefix_property="", lower=True)
    replace = frozenset({"catalogId"})
    unsupported = frozenset({"createTableDefaultPermissions", "federatedDatabase", "targetDatabase"})

    def create(self, aws: Aws, values: Values) -> str:
        catalog = str(values.get("catalogId") or aws.account)
        tags = values.get("tags") or None
        aws.call("glue", "create_database", CatalogId=catalog, DatabaseInput=self._input(values), Tags=tags)
        return f"{catalog}:{values['name']}"

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        catalog, _, name = id_.partition(":")
        reply = aws.find("glue", "get_database", CatalogId=catalog, Name=name)
        if reply is None:
            return None
        about = reply["Database"]
        arn = aws.arn("glue", f"database/{name}")
        names = ("Description", "LocationUri", "Parameters")
        found = self.outputs({key: about[key] for key in names if about.get(key)})
        return {**found, "name": name, "catalogId": catalog, "arn": arn, "tags": read_tags(aws, "glue", arn)}

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        catalog, _, name = id_.partition(":")
        aws.call("glue", "update_database", CatalogId=catalog, Name=name, DatabaseInput=self._input(new))
        change_tags(aws, "glue", aws.arn("glue", f"database/{name}"), old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        catalog, _, name = id_.partition(":")
        aws.drop("glue", "delete_database", CatalogId=catalog, Name=name)

    def _input(self, values: Values) -> Values:
        names = {"name": "Name", "description": "Description", "locationUri": "LocationUri", "parameters": "Parameters"}
        return {api: values[name] for name, api in names.items() if name in values}


HANDLERS = (CatalogDatabase(),)
