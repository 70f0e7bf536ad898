"""``up`` looks before it deploys, and runs the program no oftener than it must: once to look, once to deploy."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tests.support.user import User

PROGRAM = """
    import pathlib
    import pulumi_aws as aws

    with pathlib.Path("runs").open("a") as runs:
        runs.write("x")
    account = aws.get_caller_identity().account_id
    key = aws.kms.Key("key", enable_key_rotation=True, tags={"account": account})
"""
WRONG = """
    aws.cfg.Rule("rule", source={"owner": "AWS", "source_identifier": "DB_BACKUP_RETENTION_PERIOD"})
"""


@pytest.fixture
def infra(user: User) -> Path:
    infra = user.home / "infra"
    infra.mkdir()
    (infra / "Pulumi.yaml").write_text("name: looked\nruntime: python\n")
    (infra / "Pulumi.dev.yaml").write_text("config:\n  aws:region: eu-west-1\n")
    return infra


def test_an_error_is_found_in_the_preview_and_nothing_is_made(user: User, infra: Path) -> None:
    (infra / "__main__.py").write_text(dedent(PROGRAM) + dedent(WRONG))
    stopped = user("up")
    assert stopped.code == 1, stopped.err
    assert "managed-rule-exists" in stopped.err
    assert "nothing was deployed" in stopped.err
    assert (infra / "runs").read_text() == "x"
    assert user.client("kms").list_keys()["Keys"] == []

    forced = user("up", "--skip-preflight")
    assert forced.code == 3, "AWS refuses the rule as well"
    assert len(user.client("kms").list_keys()["Keys"]) == 1


def test_the_program_runs_once_to_look_and_once_to_deploy(user: User, infra: Path) -> None:
    (infra / "__main__.py").write_text(dedent(PROGRAM))
    done = user("up", "--json")
    assert done.json()["ok"], done.err
    assert (infra / "runs").read_text() == "xx"
    assert "guessed" not in done.err, "the embedded AWS answered the look-up"
    kms = user.client("kms")
    (key,) = kms.list_keys()["Keys"]
    account = user.client("sts").get_caller_identity()["Account"]
    assert kms.list_resource_tags(KeyId=key["KeyId"])["Tags"] == [{"TagKey": "account", "TagValue": account}]
