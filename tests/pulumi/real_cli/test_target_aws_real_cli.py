"""``--target aws`` with the real Pulumi CLI: what it says when it works, fails, is interrupted, and afterwards.

AWS is the embedded one: our provider serves as the CLI's AWS plugin.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from tests.support.pulumi_cli import PulumiUser, pulumi_user
from tests.support.user import Ran, User, conforms
from tests.support.waiting import until
from watchkeeper.local import server

TOPICS = """
import pulumi
first = pulumi.CustomResource("aws:sns/topic:Topic", "first", {"name": "first-dev"})
pulumi.export("id", first.id)
"""
RULE = """
source = {"owner": "AWS", "sourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"}
pulumi.CustomResource("aws:cfg/rule:Rule", "early", {"name": "early-dev", "source": source})
"""
SLOW = """
import pathlib, time
import pulumi

def wait(arn):
    if not pulumi.runtime.is_dry_run():
        pathlib.Path("reached").write_text(arn)
        time.sleep(600)
    return arn

first = pulumi.CustomResource("aws:sns/topic:Topic", "first", {"name": "first-dev"})
pulumi.CustomResource("aws:sns/topic:Topic", "second", {"name": "second-dev", "displayName": first.id.apply(wait)})
"""
AWS = ("--target", "aws")


@dataclass(frozen=True)
class Both:
    """The same person with ``pulumi`` and with ``watchkeeper``."""

    pulumi: PulumiUser
    watchkeeper: User

    @property
    def program(self) -> Path:
        return self.pulumi.folder / "__main__.py"


@pytest.fixture
def aws() -> Iterator[server.Running]:
    with server.running(region="eu-west-1") as running:
        yield running


@pytest.fixture
def both(tmp_path: Path, aws: server.Running) -> Both:
    folder = tmp_path / "edge"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: edge\nruntime: python\n")
    (folder / "Pulumi.dev.yaml").write_text("config:\n  aws:region: eu-west-1\n")
    (folder / "__main__.py").write_text(TOPICS)
    user = pulumi_user(folder, aws)
    return Both(user, User(folder, user.environment))


def names(aws: server.Running) -> set[str]:
    topics = boto3.client("sns", **aws.boto()).list_topics()["Topics"]
    return {topic["TopicArn"].rpartition(":")[2] for topic in topics}


def failed(ran: Ran, *words: str) -> None:
    assert ran.code == 3, ran.err
    assert "Traceback" not in ran.err
    for word in words:
        assert word in ran.err, ran.err


@pytest.mark.full
def test_target_aws_with_the_real_cli(both: Both, aws: server.Running) -> None:
    shown = both.watchkeeper("preview", *AWS, "--json")
    assert conforms(shown.json(), "preview")["counts"] == {"create": 2}, shown.err
    done = both.watchkeeper("up", *AWS, "--json")
    made = conforms(done.json(), "deployment")
    assert made["counts"] == {"create": 2}, done.err
    assert made["outputs"] == {"id": f"arn:aws:sns:eu-west-1:{aws.account}:first-dev"}
    assert max(map(len, done.err.splitlines())) > 80, "a pipe gets the CLI's lines as they are"
    assert both.watchkeeper("up", *AWS, "--json").json()["counts"] == {"same": 2}

    both.program.write_text(TOPICS + RULE)
    refused = both.watchkeeper("up", *AWS, "--skip-preflight")
    failed(refused, "aws:cfg/rule:Rule early: PutConfigRule: NoAvailableConfigurationRecorderException: ")
    assert "above says" not in refused.err

    wrong = both.watchkeeper("up", *AWS, PULUMI_CONFIG_PASSPHRASE="wrong")
    failed(wrong, "passphrase", "PULUMI_CONFIG_PASSPHRASE")

    both.program.write_text(TOPICS)
    gone = both.watchkeeper("destroy", *AWS, "--yes", "--json")
    assert gone.json()["counts"] == {"delete": 2}, gone.err


@pytest.mark.full
def test_target_aws_at_a_signal_the_real_cli_ends_in_order(both: Both, aws: server.Running) -> None:
    both.program.write_text(SLOW)
    running = both.watchkeeper.begin("up", *AWS, "--skip-preflight")
    until("the first topic", lambda: (both.pulumi.folder / "reached").exists())
    running.send_signal(signal.SIGTERM)
    _, said = running.communicate()
    assert running.returncode == 3, said
    assert "Traceback" not in said
    assert "was interrupted (SIGTERM) and has ended" in said
    assert processes_in(both.pulumi.folder) == []

    both.program.write_text(TOPICS)
    again = both.watchkeeper("up", *AWS, "--json")
    assert again.json()["counts"] == {"same": 2}, "unlocked, and what was made is known"
    assert both.watchkeeper("destroy", *AWS, "--yes").code == 0


@pytest.mark.full
def test_target_aws_what_a_killed_real_cli_left_is_settled(both: Both, aws: server.Running) -> None:
    urn = "urn:pulumi:dev::edge::aws:sns/topic:Topic::first"
    kill_while_creating(both, aws)
    assert names(aws) == {"first-dev"}
    locked = both.watchkeeper("destroy", *AWS, "--yes")
    failed(locked, 'Another update of the stack "dev" is under way', "watchkeeper settle --target aws --env dev")

    pending = both.watchkeeper("up", *AWS)
    failed(pending, "aws:sns/topic:Topic first", "watchkeeper settle --target aws --env dev")

    settled = both.watchkeeper("settle", *AWS, "--json")
    found = conforms(settled.json(), "settle")
    assert found["taken"] == {urn: f"arn:aws:sns:eu-west-1:{aws.account}:first-dev"}, settled.err
    again = both.watchkeeper("up", *AWS, "--json")
    assert again.json()["counts"].get("create", 0) == 0, again.err
    assert both.watchkeeper("destroy", *AWS, "--yes").code == 0
    assert names(aws) == set()


def kill_while_creating(both: Both, aws: server.Running) -> None:
    """Kill the CLI after AWS made the topic and before the provider's answer came: the provider is stopped there."""
    tools = Path(both.pulumi.environment["PATH"].split(os.pathsep)[0])
    provider = tools / "pulumi-resource-aws"
    kept = provider.read_text()
    provider.write_text(f"#!{sys.executable}\n{HANGING}")
    cli = subprocess.Popen(
        ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive"],
        cwd=both.pulumi.folder,
        env=dict(both.pulumi.environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until("the topic", lambda: names(aws) == {"first-dev"})
    cli.kill()
    cli.wait()
    provider.write_text(kept)
    for pid in processes_in(both.pulumi.folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


HANGING = """
import sys, time
from watchkeeper.pulumi.provider import AwsProvider
from watchkeeper.cli.app import main

create = AwsProvider.create

def made_and_not_told(*given):
    create(*given)
    time.sleep(600)

AwsProvider.create = made_and_not_told
sys.argv[1:1] = ["pulumi-provider"]
main()
"""


def processes_in(folder: Path) -> list[int]:
    """Processes that work in a folder."""
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdecimal():
            continue
        try:
            if (process / "cwd").resolve() == folder.resolve():
                found.append(int(process.name))
        except OSError:
            continue
    return found
