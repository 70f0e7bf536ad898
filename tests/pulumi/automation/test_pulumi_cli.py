"""``--target aws`` against a stand-in for the Pulumi CLI: what it is asked, what its answers become, how it fails."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.support.user import Ran, User, conforms, user_in

FAKE = Path(__file__).parent / "fake_pulumi"
PROXIES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
NOBODY = "http://127.0.0.1:9"
"""A proxy where nothing listens: whatever tries to reach the network fails at once."""
AWS = ("--target", "aws")
UP = ("up", *AWS, "--skip-preflight")
DESTROY = ("destroy", *AWS, "--yes")


@dataclass(frozen=True)
class Cli:
    """A user with a project, and what the Pulumi CLI of theirs was asked."""

    user: User
    backend: Path

    @property
    def calls(self) -> list[str]:
        return (self.backend / "calls").read_text().splitlines()


@pytest.fixture
def user(tmp_path: Path) -> Iterator[User]:
    """With a project, an empty home, no network, and no Pulumi CLI."""
    home, project, tools = tmp_path / "home", tmp_path / "work", tmp_path / "bin"
    for folder in (home, project, tools):
        folder.mkdir()
    (project / "Pulumi.yaml").write_text("name: edge\nruntime: python\n")
    (project / "Pulumi.dev.yaml").write_text("config:\n  aws:region: eu-west-1\n")
    (project / "__main__.py").write_text("")
    with user_in(project) as somebody:
        network = {**dict.fromkeys(PROXIES, NOBODY), "no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}
        path = f"{tools}:/usr/bin:/bin"
        yield replace(somebody, environment={**somebody.environment, **network, "HOME": str(home), "PATH": path})


@pytest.fixture
def cli(user: User, tmp_path: Path) -> Cli:
    """The same, with the stand-in on the PATH."""
    program = tmp_path / "bin" / "pulumi"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(FAKE))} "$@"\n')
    program.chmod(0o755)
    backend = tmp_path / "backend"
    backend.mkdir()
    return Cli(replace(user, environment={**user.environment, "FAKE_PULUMI": str(backend)}), backend)


def failed(ran: Ran, *said: str) -> None:
    """It ended as a command that could not run, with these words on the terminal and nothing in the pipe."""
    assert ran.code == 3, ran.err
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert "internal error" not in ran.err
    for words in said:
        assert words in ran.err


@pytest.mark.parametrize("command", [UP, DESTROY, ("preview", *AWS)], ids=lambda command: str(command[0]))
def test_without_the_cli_and_without_a_network_the_remedy_is_said(user: User, command: tuple[str, ...]) -> None:
    failed(user(*command, within=30), "There is no Pulumi CLI here", "https://www.pulumi.com/docs/install/")


@pytest.mark.parametrize("said", [{"FAKE_PULUMI_VERSION": "v2.9.0"}, {"FAKE_PULUMI_SAYS": "no version"}], ids=str)
def test_a_cli_that_will_not_do_counts_as_none(cli: Cli, said: dict[str, str]) -> None:
    failed(cli.user(*UP, within=120, **said), "There is no Pulumi CLI here", "https://www.pulumi.com/docs/install/")


def test_a_cli_that_may_not_be_run_counts_as_none(user: User, tmp_path: Path) -> None:
    (tmp_path / "bin" / "pulumi").write_text("not a program")
    failed(user(*UP), "There is no Pulumi CLI here")


def test_a_stack_is_made_shown_changed_and_emptied(cli: Cli) -> None:
    shown = cli.user("preview", *AWS, "--json")
    assert conforms(shown.json(), "preview")["counts"] == {"create": 3}, shown.err
    first = cli.user(*UP, "--json")
    made = conforms(first.json(), "deployment")
    assert (made["ok"], made["counts"]) == (True, {"create": 3})
    assert made["outputs"] == {"bucket": "reports-dev"}, "the secret output stays where it is"
    assert "Updating (dev):" in first.err
    assert "hush" not in first.out + first.err
    again = cli.user(*UP)
    assert again.rows() == [["bucket", "reports-dev"]]
    assert "3 same in " in again.err
    gone = cli.user(*DESTROY, "--json")
    assert conforms(gone.json(), "deployment")["counts"] == {"delete": 3}
    assert [call for call in cli.calls if call.split()[-1] in ("preview", "up", "destroy")] == [
        "preview",
        "up",
        "up",
        "destroy",
    ]
    assert cli.calls.count("stack init dev") == 1


def test_a_cli_that_tells_in_a_file_is_understood(cli: Cli) -> None:
    shown = cli.user("preview", *AWS, "--json", FAKE_PULUMI_VERSION="v3.150.0")
    assert shown.json()["counts"] == {"create": 3}, shown.err


def test_environments_are_stacks(cli: Cli) -> None:
    (cli.user.home / "Pulumi.prod.yaml").write_text("config:\n  aws:region: eu-west-1\n")
    assert cli.user(*UP, "--env", "prod").code == 0
    assert "stack init prod" in cli.calls
    failed(cli.user(*DESTROY), 'no stack "dev"', "watchkeeper up --target aws --env dev")


@pytest.mark.parametrize(
    ("says", "command", "words"),
    [
        ("conflict", UP, ('Another update of the stack "dev" is under way', "pulumi cancel")),
        ("locked", DESTROY, ('Another update of the stack "dev" is under way', "pulumi cancel")),
        ("failed", UP, ("BucketAlreadyExists", "The Pulumi CLI failed", "error: update failed")),
        ("no login", UP, ("The Pulumi CLI is not logged in", "PULUMI_ACCESS_TOKEN must be set")),
        ("no summary", ("preview", *AWS), ("summary event never found",)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_cli_refuses_is_said_once(
    cli: Cli, says: str, command: tuple[str, ...], words: tuple[str, ...]
) -> None:
    (cli.backend / "dev.json").write_text('{"deployed": false, "history": []}')
    ran = cli.user(*command, FAKE_PULUMI_SAYS=says)
    failed(ran, *words)
    assert ran.err.count("BucketAlreadyExists") <= 1


def test_the_outputs_of_a_stack_that_nobody_deployed(cli: Cli) -> None:
    failed(cli.user("verify", *AWS), 'no stack "dev"', "watchkeeper up --target aws --env dev")


def test_a_project_that_is_wrong_never_gets_to_the_cli(cli: Cli) -> None:
    (cli.user.home / "Pulumi.dev.yaml").write_text("config: [")
    assert cli.user(*UP).code == 2
    assert not (cli.backend / "calls").exists()
