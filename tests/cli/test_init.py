"""``watchkeeper init``: the files of ``infra/``, for any owner, and never over somebody's own."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.places import INFRA
from tests.support.user import User, conforms
from watchkeeper.monitoring import scaffold
from watchkeeper.monitoring.settings import from_pulumi_config

NAMES = {"Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml", "__main__.py", "requirements.txt", ".gitignore"}


def test_the_templates_are_infra_itself() -> None:
    assert scaffold.files() == {name: (INFRA / name).read_text("utf-8") for name in NAMES}


@given(st.text(max_size=300))
@example("yes")
@example("null")
@example("0x10")
@example("12:30:00")
@example("1e3")
@example("a: b")
@example("me # not me")
@example("x\nwatchkeeper:environmentSuffix: prod")
@example("@home")
@example("- a")
@example("=")
@example("Équipe sécurité")
@example("platform-team")
def test_any_owner_is_read_back_or_refused(owner: str) -> None:
    with contextlib.suppress(scaffold.ScaffoldError):
        made = scaffold.files(owner)
        for env in ("dev", "prod"):
            config = yaml.safe_load(made[f"Pulumi.{env}.yaml"])["config"]
            assert config["watchkeeper:owner"] == owner
            assert config["watchkeeper:environmentSuffix"] == env
            assert from_pulumi_config(config).owner == owner


@pytest.mark.parametrize("owner", ["", " ", "a\tb", "a\nb", "x" * 257, "<script>", "\x1b[31m"])
def test_what_no_tag_takes_is_refused(owner: str) -> None:
    with pytest.raises(scaffold.ScaffoldError):
        scaffold.files(owner)


def test_it_writes_the_files_and_says_which(user: User) -> None:
    ran = user("init", "monitoring", "--owner", "12", "--json")
    assert ran.code == 0, ran.err
    assert {Path(file).name for file in conforms(ran.json(), "init")["files"]} == NAMES
    assert {file.name for file in (user.home / "monitoring").iterdir()} == NAMES


def test_files_that_are_there_stay(user: User) -> None:
    folder = user.home / "infra"
    folder.mkdir()
    (folder / "requirements.txt").write_text("mine\n")
    ran = user("init")
    assert ran.code == 2
    assert "requirements.txt" in ran.err
    assert [file.name for file in folder.iterdir()] == ["requirements.txt"]
    assert (folder / "requirements.txt").read_text() == "mine\n"


def test_a_folder_that_can_t_be_made(user: User) -> None:
    (user.home / "file").write_text("")
    ran = user("init", "file/infra")
    assert ran.code == 3, ran.err
    assert "file/infra" in ran.err
    assert "internal error" not in ran.err
