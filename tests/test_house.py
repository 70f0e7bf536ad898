"""The house: what is about one AWS service has boto3's name of it, in every room."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from typer.main import get_command

from tests.support.places import ROOT
from watchkeeper import rules
from watchkeeper.cli.app import app
from watchkeeper.cli.common import commands
from watchkeeper.inventory.registry import NATIVE, SERVICES
from watchkeeper.pulumi.provider.registry import handlers

COMMANDS = dict(commands(get_command(app)))
SOURCE = ROOT / "src" / "watchkeeper"
FRAMEWORK = {
    "rules": {"base", "documents", "pack", "parameters", "policy", "reference", "rows"},
    "inventory": {"account", "cloudcontrol", "core", "described", "reading", "registry"},
    "pulumi/provider": {
        *("archives", "aws", "handler", "lookups", "policy_document", "provider"),
        *("reference", "registry", "tagging", "values"),
    },
}
"""What a room has beside its services."""
NO_SERVICE = {"descriptions", "tags"}
"""What is about all services: ``account`` is boto3's name of a service as well."""
OF_ANOTHER = {
    # AWS's own rules for Elasticsearch domains are those for OpenSearch, which replaced it.
    "AWS::Elasticsearch::Domain": "opensearch",
    # S3 Control is S3 to everybody but boto3.
    "AWS::S3::AccountPublicAccessBlock": "s3",
    "AWS::S3::AccessPoint": "s3",
}


def module_of(service: str) -> str:
    """boto3's name as a module's."""
    name = {"s3control": "s3"}.get(service, service).replace("-", "_")
    return f"{name}_" if name == "lambda" else name


KNOWN = {module_of(service) for service in boto3.Session().get_available_services()}


def services(room: str) -> Iterator[str]:
    stems = (file.stem for file in (SOURCE / room).glob("*.py"))
    return (stem for stem in stems if stem != "__init__" and stem not in FRAMEWORK[room])


@pytest.mark.parametrize("room", FRAMEWORK)
def test_a_module_has_boto3s_name_of_its_service(room: str) -> None:
    assert set(services(room)) <= KNOWN | NO_SERVICE


def test_every_module_with_rules_is_loaded() -> None:
    assert set(rules.SERVICES) == set(services("rules"))


def test_every_module_with_readers_is_known() -> None:
    assert {Path(str(module.__file__)).stem for module in SERVICES} == set(services("inventory"))


def test_a_rule_stands_with_the_service_of_its_resource_type() -> None:
    owner = {name: module_of(reader.service) for name, reader in NATIVE.items()} | OF_ANOTHER
    of_service = {name.split("::")[1]: module for name, module in owner.items() if name not in OF_ANOTHER}
    for identifier, logic in rules.logic().items():
        home = logic.function.__module__.rpartition(".")[2]
        if home == "tags" or logic.types[0] == rules.ACCOUNT:
            continue
        wanted = {owner.get(each) or of_service.get(each.split("::")[1]) for each in logic.types}
        if wanted == {None}:
            # Read through the registry's handlers: no reader of ours says whose the type is.
            continue
        # The functions of rows are made in base and rows; their tables say the types.
        assert home in wanted or home in ("base", "rows"), f"{identifier} stands in {home}, not in {wanted}"


def test_a_reader_stands_with_its_service() -> None:
    for module in SERVICES:
        home = module.__name__.rpartition(".")[2]
        for reader in module.READERS:
            assert module_of(reader.service) == home, f"{reader.resource_type} is read in {home}"


def test_a_handler_stands_with_its_service() -> None:
    for name, handler in handlers().items():
        home = type(handler).__module__.rpartition(".")[2]
        assert module_of(handler.service) == home, f"{name} is made in {home}"


def test_no_command_makes_up_a_json_shape() -> None:
    """Documents are made by the rooms that they are about, beside their schemas' names."""
    for file in (SOURCE / "cli").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "document":
                literals = [part for part in ast.walk(node) if isinstance(part, ast.Dict)]
                assert not literals, f"{file.name}:{node.lineno}"


def test_a_command_has_a_module_of_its_own() -> None:
    names = {name.partition(" ")[0] for name in (path.removeprefix("watchkeeper ") for path in COMMANDS)}
    assert names <= {file.stem.replace("_", "-") for file in (SOURCE / "cli").glob("*.py")}
