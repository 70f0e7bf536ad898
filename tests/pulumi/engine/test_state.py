"""The state file: damage is noticed, earlier states are offered, two deployments never share one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchkeeper.pulumi.engine.state import (
    BACKUPS,
    ResourceState,
    StateError,
    StateFile,
    backups,
    read_state,
    resolve_pending,
)
from watchkeeper.pulumi.graph import Archive, Secret


def made(name: str, **values: object) -> ResourceState:
    return ResourceState(urn=f"urn:pulumi:dev::p::t:t/t:T::{name}", type="t:t/t:T", name=name, id=name, **values)  # type: ignore[arg-type]


def put(file: Path, *names: str) -> None:
    with StateFile.open(file, "p", "dev") as state:
        for name in names:
            state.finish(state.begin("create", made(name)), put=made(name))


def test_everything_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "dev.json"
    full = made(
        "full",
        inputs={"code": Archive(path="/x"), "password": Secret("hush"), "n": 3},
        property_dependencies={"code": ("urn:1",)},
        dependencies=("urn:1",),
        hashes={"code": "abc"},
        protect=True,
    )
    with StateFile.open(file, "p", "dev") as state:
        state.finish(put=full)
        state.set_outputs({"secret": Secret("hush")})
    content = read_state(file)
    assert content is not None
    assert content.resources == {full.urn: full}
    assert content.outputs == {"secret": Secret("hush")}
    assert file.stat().st_mode & 0o777 == 0o600


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cut=st.integers(0, 2000))
def test_a_journal_cut_anywhere_is_a_prefix_of_what_happened(tmp_path: Path, cut: int) -> None:
    file = tmp_path / "dev.json"
    for old in tmp_path.iterdir():
        old.unlink()
    with StateFile.open(file, "p", "dev") as state:
        snapshot = file.read_bytes()
        for name in ("a", "b", "c"):
            state.finish(state.begin("create", made(name)), put=made(name))
        journal = file.with_name("dev.json.journal").read_bytes()
    file.write_bytes(snapshot)
    file.with_name("dev.json.journal").write_bytes(journal[:cut])
    content = read_state(file)
    assert content is not None
    names = [resource.name for resource in content.resources.values()]
    assert names == ["a", "b", "c"][: len(names)]
    assert len(content.pending) <= 1


def test_a_journal_that_the_snapshot_has_already_is_not_played_twice(tmp_path: Path) -> None:
    file = tmp_path / "dev.json"
    with StateFile.open(file, "p", "dev") as state:
        state.finish(state.begin("create", made("a")), put=made("a"))
        state.finish(drop=made("a").urn)
        state.finish(put=made("b"))
        journal = file.with_name("dev.json.journal").read_bytes()
    file.with_name("dev.json.journal").write_bytes(journal)
    content = read_state(file)
    assert content is not None and [one.name for one in content.resources.values()] == ["b"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace('"id": "a"', '"id": "z"'),
        lambda text: "",
        lambda text: "[]",
        lambda text: "null",
        lambda text: "\x00" * 100,
        lambda text: json.dumps({**json.loads(text), "format": "watchkeeper-state/9"}),
    ],
)
def test_a_damaged_file_is_refused_untouched_and_the_backup_offered(tmp_path: Path, damage: object) -> None:
    file = tmp_path / "dev.json"
    put(file, "a")
    put(file, "b")
    broken = damage(file.read_text())  # type: ignore[operator]
    file.write_text(broken)
    with pytest.raises(StateError) as caught, StateFile.open(file, "p", "dev"):
        pytest.fail("a damaged state was opened")
    assert str(file) in str(caught.value)
    assert file.read_text() == broken
    if "watchkeeper-state/9" not in broken:
        assert str(backups(file)[0]) in caught.value.fix
    backups(file)[0].replace(file)
    content = read_state(file)
    assert content is not None and [one.name for one in content.resources.values()] == ["a"]


def test_a_journal_damaged_in_its_middle_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "dev.json"
    with StateFile.open(file, "p", "dev") as state:
        snapshot = file.read_bytes()
        for name in ("a", "b"):
            state.finish(put=made(name))
        journal = file.with_name("dev.json.journal").read_bytes()
    file.write_bytes(snapshot)
    file.with_name("dev.json.journal").write_bytes(journal.replace(b'"name":"a"', b'"name":"z"'))
    with pytest.raises(StateError, match="line 1 is damaged"):
        read_state(file)


def test_a_bounded_number_of_earlier_states_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "dev.json"
    for number in range(BACKUPS + 3):
        put(file, f"r{number}")
    assert len(backups(file)) == BACKUPS
    newest = read_state(backups(file)[0])
    assert newest is not None and len(newest.resources) == BACKUPS + 2


def test_another_stack_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "dev.json", "a")
    with (
        pytest.raises(StateError, match="belongs to stack 'dev' of project 'p'"),
        StateFile.open(tmp_path / "dev.json", "p", "prod"),
    ):
        pytest.fail("another stack's state was opened")


def test_two_processes_never_share_one(tmp_path: Path) -> None:
    file = tmp_path / "dev.json"
    script = f"""
from pathlib import Path
from watchkeeper.pulumi.engine.state import StateError, StateFile
try:
    with StateFile.open(Path({str(file)!r}), "p", "dev"):
        print("opened")
except StateError as error:
    print(error)
"""
    with StateFile.open(file, "p", "dev"):
        other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
        assert "is deploying with it" in other
    after = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert after == "opened\n"


def test_only_a_real_uncertainty_can_be_resolved(tmp_path: Path) -> None:
    file = tmp_path / "dev.json"
    put(file, "a")
    with pytest.raises(StateError, match="no interrupted operation"):
        resolve_pending(file, made("a").urn, None)
