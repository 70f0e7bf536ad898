"""The options of every command, and where an option's default comes from."""

from __future__ import annotations

import pytest
from typer.main import get_command

from tests.support.user import User
from watchkeeper.cli.app import app
from watchkeeper.cli.common import Command, commands


def listed(user: User, *words: str, **variables: str) -> set[str]:
    ran = user(*words, **variables)
    assert ran.code == 0, ran.err
    return {row[0].partition("_")[0] for row in ran.rows()}


def test_every_command_has_them() -> None:
    for path, command in commands(get_command(app)):
        assert isinstance(command, Command), path
        assert {"quiet", "verbose", "debug", "no_color", "profile"} <= {each.name for each in command.params}, path


def test_the_nearest_value_counts(user: User) -> None:
    (user.home / "watchkeeper.yaml").write_text("commands: {rules list: {service: RDS}}")
    assert listed(user, "rules", "list", "rds-in") == {"RDS"}
    assert listed(user, "rules", "list", "sqs") == set()
    every = {"WATCHKEEPER_SERVICE": "SQS"}
    assert listed(user, "rules", "list", **every) == {"SQS"}
    one = {**every, "WATCHKEEPER_RULES_LIST_SERVICE": "SNS"}
    assert listed(user, "rules", "list", **one) == {"SNS"}
    assert listed(user, "rules", "list", "--service", "S3", **one) == {"S3"}


def test_the_file_is_found_above_up_to_the_top_of_the_repository(user: User) -> None:
    inner = user.home / "repository" / "deep"
    inner.mkdir(parents=True)
    (user.home / "watchkeeper.yaml").write_text("commands: {rules list: {service: SQS}}")
    here = User(inner, user.environment)
    assert listed(here, "rules", "list") == {"SQS"}
    (user.home / "repository" / ".git").mkdir()
    assert len(listed(here, "rules", "list")) > 20


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("commands: {rules list: {servce: S3}}", "servce: did you mean service?"),
        ("commands: {rules lst: {service: S3}}", "rules lst: did you mean rules list?"),
        ("commands: [scan]", "is not a mapping of commands"),
        ("commands: {rules list: S3}", "commands.rules list is not a mapping"),
        ("commands: {rules list: [", "can't be read"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(user: User, text: str, told: str) -> None:
    (user.home / "watchkeeper.yaml").write_text(text)
    ran = user("rules", "list")
    assert ran.code == 2
    assert told in " ".join(ran.err.split())


def test_quiet_prints_results_and_errors_only(user: User) -> None:
    ran = user("rules", "list", "--service", "S3", "--quiet")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out
    assert "is not an AWS region" in user("--quiet", "rules", "list", "--region", "x").err
    assert user("--quiet", "rules", "list", "--debug").code == 2


def test_a_profile_is_that_of_the_sdk(user: User) -> None:
    ran = user("scan", "--target", "aws", "--region", "eu-west-1", "--profile", "nobody")
    assert ran.code == 3
    assert "nobody" in ran.err
