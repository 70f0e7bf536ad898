"""A creation that was interrupted and has no name to be found by: it is named, and a person says what became of it."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.support.user import User, conforms
from watchkeeper.local.deploying import state_file
from watchkeeper.pulumi.engine.state import ResourceState, StateError, StateFile, read_state, resolve_pending

PROGRAM = """
import pulumi
pulumi.CustomResource("aws:kms/key:Key", "reports", {"description": "reports", "deletionWindowInDays": 7})
"""
KEY = "aws:kms/key:Key"
URN = f"urn:pulumi:dev::cut::{KEY}::reports"


def cut_short(file: Path, resource: ResourceState) -> None:
    """What a process leaves that was killed after it announced a creation and before it had the answer."""
    with StateFile.open(file, "cut", "dev") as state:
        state.begin("create", resource)


@pytest.fixture
def state(user: User) -> Path:
    infra = user.home / "infra"
    infra.mkdir()
    (infra / "Pulumi.yaml").write_text("name: cut\nruntime: python\n")
    (infra / "Pulumi.dev.yaml").write_text("config:\n  aws:region: eu-west-1\n")
    (infra / "__main__.py").write_text(PROGRAM)
    return state_file(infra / ".watchkeeper", "cut", "dev")


def advice(text: str) -> str:
    """The command that a message says to run, whatever the terminal's width made of it."""
    line = " ".join(text.split())
    assert "watchkeeper local settle" in line, text
    return line.partition("watchkeeper local settle ")[2].partition(" --id")[0]


def test_what_was_made_is_taken_over_as_the_messages_say(user: User, state: Path) -> None:
    assert user("local", "start", "-C", "infra").code == 0
    kms = user.client("kms")
    made = kms.create_key(Description="reports")["KeyMetadata"]["KeyId"]
    cut_short(state, ResourceState(URN, KEY, "reports", inputs={"description": "reports"}))

    shown = user("preview")
    assert shown.code == 0, shown.err
    assert shlex.split(advice(shown.err)) == [URN, "--env", "dev"]
    refused = user("up", "--skip-preflight")
    assert refused.code == 3
    assert shlex.split(advice(refused.err)) == [URN, "--env", "dev"]
    assert len(kms.list_keys()["Keys"]) == 1, "it is never made a second time"

    settled = user("local", "settle", URN, "--id", made, "--json")
    shown = conforms(settled.json(), "local-settle")
    assert (shown["urn"], shown["id"]) == (URN, made), settled.err
    done = user("up", "--skip-preflight", "--json")
    assert done.json()["ok"], done.err
    assert "interrupted" not in user("preview").err
    assert [key["KeyId"] for key in kms.list_keys()["Keys"]] == [made]
    nothing = user("local", "settle", URN)
    assert nothing.code == 3
    assert "watchkeeper preview" in nothing.err


def test_what_was_not_made_is_made(user: User, state: Path) -> None:
    cut_short(state, ResourceState(URN, KEY, "reports"))
    settled = user("local", "settle", URN)
    assert settled.code == 0, settled.err
    assert "does not exist" in settled.err
    content = read_state(state)
    assert content is not None
    assert content.empty


def test_an_empty_id_is_no_answer(user: User, state: Path) -> None:
    cut_short(state, ResourceState(URN, KEY, "reports"))
    assert user("local", "settle", URN, "--id", " ").code == 2


def test_what_was_to_be_replaced_is_not_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "dev.json"
    with StateFile.open(file, "cut", "dev") as state:
        state.finish(put=ResourceState(URN, KEY, "reports", id="old"))
    cut_short(file, ResourceState(URN, KEY, "reports"))
    resolve_pending(file, URN, "new")
    content = read_state(file)
    assert content is not None
    assert content.resources[URN].id == "new"
    assert [doomed.id for doomed in content.doomed.values()] == ["old"]


def test_updates_and_missing_files_are_not_for_settling(tmp_path: Path) -> None:
    file = tmp_path / "dev.json"
    with pytest.raises(StateError, match="watchkeeper preview"):
        resolve_pending(file, URN, None)
    assert not file.exists()
    with StateFile.open(file, "cut", "dev") as state:
        state.begin("update", ResourceState(URN, KEY, "reports", id="old"))
    with pytest.raises(StateError, match="no interrupted operation"):
        resolve_pending(file, URN, "old")
