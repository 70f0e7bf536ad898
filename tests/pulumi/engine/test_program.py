"""A project is read as Pulumi reads it, and what is wrong with one is said with its file and its remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from watchkeeper.pulumi.engine.host import explain_node
from watchkeeper.pulumi.engine.program import ENCRYPTED, ProgramError, Project, ProjectError, load_project, stacks


def project(tmp_path: Path, main: str, stack: str = "{}") -> Project:
    (tmp_path / "Pulumi.yaml").write_text(main)
    (tmp_path / "Pulumi.dev.yaml").write_text(stack)
    return load_project(tmp_path, "dev")


def test_configuration_is_fully_qualified_text(small: Project) -> None:
    assert small.config["aws:region"] == "eu-west-1"
    assert small.config["small:emails"] == '["a@example.com", "b@example.com"]'
    assert small.config["small:token"] == ENCRYPTED
    assert small.secret_keys == small.encrypted_keys == ("small:token",)
    assert small.region == "eu-west-1"


def test_values_become_the_text_that_pulumi_gives(tmp_path: Path) -> None:
    loaded = project(tmp_path, "name: p\nruntime: python\n", "config: {p:on: true, p:n: 3, p:o: {a: [1]}, p:e: }")
    assert loaded.config == {"p:on": "true", "p:n": "3", "p:o": '{"a": [1]}', "p:e": ""}


def test_defaults_of_the_project_file_yield_to_the_stack(tmp_path: Path) -> None:
    main = "name: p\nruntime: python\nconfig:\n  a: 1\n  b: {type: string, default: two}\n"
    main += "  aws:region: {value: eu-west-1}\n"
    loaded = project(tmp_path, main, "config: {p:a: 5}")
    assert loaded.config == {"p:a": "5", "p:b": "two", "aws:region": "eu-west-1"}


@pytest.mark.parametrize(
    ("main", "stack", "problem"),
    [
        ("runtime: python", "{}", "has no name"),
        ("name: p\nruntime: go", "{}", "runtime 'go'"),
        ("name: [", "{}", "not YAML"),
        ("- a", "{}", "holds no mapping"),
        ("name: p\nruntime: python\nmain: gone", "{}", "main is 'gone'"),
        ("name: p\nruntime: python", "config: [1]", "config is no mapping"),
        ("name: p\nruntime: python", "config: {p:d: {d: !!binary aGk=}}", "is no text, number"),
    ],
)
def test_a_broken_project_is_explained(tmp_path: Path, main: str, stack: str, problem: str) -> None:
    with pytest.raises(ProjectError, match=problem) as caught:
        project(tmp_path, main, stack)
    assert str(tmp_path) in caught.value.file
    assert caught.value.fix


def test_a_stack_without_a_file_names_those_with_one(tmp_path: Path) -> None:
    project(tmp_path, "name: p\nruntime: python")
    with pytest.raises(ProjectError, match="Stacks with one here: dev"):
        load_project(tmp_path, "prod")
    assert stacks(tmp_path) == ["dev"]


def test_no_project_at_all(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="there is no such file"):
        load_project(tmp_path, "dev")


def test_the_nearest_existing_names_are_offered() -> None:
    error = ProgramError(
        "AttributeError", "no", name="ConfigurationRecorder", valid=("Recorder", "RecorderStatus", "Rule")
    )
    assert error.nearest[0] == "Recorder"


def test_a_node_stack_trace_is_read(tmp_path: Path) -> None:
    (tmp_path / "index.ts").write_text("import * as aws\nnew aws.cfg.ConfigurationRecorder('x')\n")
    output = f"""Running program failed with an unhandled exception:
TypeError: aws.cfg.ConfigurationRecorder is not a constructor
    at Object.<anonymous> ({tmp_path}/index.ts:2:1)
    at Module._compile (node:internal/modules/cjs/loader:1364:14)
"""
    error = explain_node(output, 1, tmp_path)
    assert (error.kind, error.line, error.name, error.owner) == ("TypeError", 2, "ConfigurationRecorder", "aws.cfg")
    assert error.source == "new aws.cfg.ConfigurationRecorder('x')"
