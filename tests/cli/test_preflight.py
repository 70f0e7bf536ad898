"""``preflight`` on the command line: misuse, settings from options, and what a terminal shows."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from tests.support.user import User, conforms
from watchkeeper.cli import findings
from watchkeeper.cli.errors import CommandError
from watchkeeper.model import Finding
from watchkeeper.preflight import NotChecked, Report
from watchkeeper.pulumi.engine.preview import preview
from watchkeeper.pulumi.engine.program import load_project

TEMPLATE = {
    "Resources": {
        "Reports": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "reports-dev"}, "DeletionPolicy": "Retain"}
    }
}
HOSTILE = "\x1b]0;owned\x07[bold red]bucket[/]\u202egpj.exe"


@pytest.fixture
def folder(user: User) -> Path:
    """With a template, and files that are none."""
    files = {
        "template.json": json.dumps(TEMPLATE),
        "empty.yaml": "",
        "broken.yaml": "a: [",
        "broken.json": '{"Resources": {',
        "other.json": '{"a": 1}',
        "list.yaml": "- 1",
        "watchkeeper.yaml": "",
        "wrong.yaml": "preflight: {requiredTag: [Owner], destroyable: perhaps}",
    }
    for name, text in files.items():
        (user.home / name).write_text(text)
    (user.home / "binary.json").write_bytes(b"\xea\x00\xff")
    (user.home / "folder").mkdir()
    return user.home


MISUSES = {
    "a missing file": (["missing.yaml"], "missing.yaml is not there; give a folder with Pulumi.yaml"),
    "a folder without a project": (["folder"], "Pulumi.yaml: there is no such file"),
    "no project here": ([], "Neither this folder nor infra/ has a Pulumi.yaml"),
    "an empty file": (["empty.yaml"], "empty.yaml is empty"),
    "a binary file": (["binary.json"], "binary.json cannot be read: it is no text: byte 0xea at 0 is not UTF-8"),
    "broken YAML": (["broken.yaml"], "not YAML: line"),
    "broken JSON": (["broken.json"], "not JSON"),
    "another document": (["other.json"], "none of what preflight reads"),
    "a list": (["list.yaml"], "list.yaml is not a template"),
    "an unknown format": (["template.json", "--format", "xml"], "'sarif'"),
    "an unknown check": (["template.json", "--ignore", "destroyabel"], "did you mean destroyable?"),
    "no check left": (["template.json", "--select", "key-rotation", "--ignore", "kms"], "No check is left to run"),
    "two formats": (["template.json", "--json", "--format", "sarif"], "--json and --format sarif"),
    "two questions": (["--list", "--explain", "key-rotation"], "--list and --explain"),
    "two baselines": (["template.json", "--baseline", "a", "--write-baseline", "b"], "--baseline and --write-baseline"),
    "a missing baseline": (["template.json", "--baseline", "none.json"], "none.json is not there"),
    "a baseline that is none": (["template.json", "--baseline", "other.json"], "other.json is not a baseline"),
    "a baseline that can't be written": (["template.json", "--write-baseline", "none/b.json"], "can't be written"),
    "missing settings": (["template.json", "--settings", "none.yaml"], "none.yaml: it can't be read"),
    "wrong settings": (["template.json", "--settings", "wrong.yaml"], "2 problems"),
    "a region that there is not": (["template.json", "--region", "eu-wst-1"], "eu-west-1"),
}


@pytest.mark.parametrize(("arguments", "says"), MISUSES.values(), ids=MISUSES)
def test_misuse_is_explained(user: User, folder: Path, arguments: list[str], says: str) -> None:
    ran = user("preflight", *arguments)
    assert ran.code == 2, ran.err
    assert says in " ".join(ran.err.split())
    assert ran.out == ""
    assert "Traceback" not in ran.err


def found(user: User, *arguments: str) -> set[str]:
    ran = user("preflight", "template.json", "--select", "destroyable", "--select", "environment-suffix", *arguments)
    return {line.split()[1].rstrip(":") for line in ran.out.splitlines() if line.startswith("  warning")}


def test_options_say_what_settings_say(user: User, folder: Path) -> None:
    assert found(user, "--env", "dev") == {"destroyable"}
    assert found(user, "--environment", "prod", "--no-destroyable") == {"environment-suffix"}
    (folder / "watchkeeper.yaml").write_text("preflight: {environment: prod, destroyable: false}")
    assert found(user) == {"environment-suffix"}
    assert found(user, "--environment", "dev", "--destroyable") == {"destroyable"}


def test_tags_and_roles_may_be_named(user: User, folder: Path) -> None:
    command = ("preflight", "template.json", "--select", "required-tags")
    assert "no tag Team, Owner" in user(*command, "--required-tag", "Team", "--required-tag", "Owner").out
    assert user(*command, "--required-tag", "").code == 0


def test_a_list_for_programs_has_all_that_the_explanation_has(user: User) -> None:
    listed = conforms(user("preflight", "--list", "--select", "kms", "--json").json(), "preflight-list")
    explained = conforms(user("preflight", "--explain", "key-rotation", "--json").json(), "preflight-explain")
    assert {name: explained[name] for name in listed["checks"][0]} in listed["checks"]
    shown = user("preflight", "--explain", "key-rotation").out
    assert all(text in shown for text in (explained["severity"], explained["fix"], explained["source"]))


def test_what_is_piped_has_no_colours_and_no_frames(user: User, folder: Path) -> None:
    ran = user("preflight", "template.json")
    assert ran.code == 1
    assert not {"\x1b", "╭", "│"} & set(ran.out)


def test_a_terminal_of_80_columns_shows_every_text_as_text() -> None:
    report = Report(
        findings=(Finding("key-rotation", "warning", HOSTILE, HOSTILE, f"{HOSTILE} is wrong " * 5, fix=HOSTILE),),
        not_checked=(NotChecked("key-rotation", HOSTILE, "because " * 20),),
        guessed=(HOSTILE,),
        source=HOSTILE,
    )
    text = io.StringIO()
    findings.show(report, Console(file=text, force_terminal=True, width=80, color_system=None, highlight=False))
    shown = text.getvalue()
    assert "[bold red]bucket[/]" in shown
    assert not {"\x07", "\u202e", "\x1b"} & set(shown)
    assert all(len(line) <= 80 for line in shown.splitlines() if HOSTILE not in line)


def test_up_reviews_under_the_projects_settings(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    program = 'import pulumi_aws as aws\naws.cloudwatch.EventRule("nightly", schedule_expression="every 6 hours")\n'
    (tmp_path / "__main__.py").write_text(program)
    project = load_project(tmp_path, "dev")
    review = findings.review(project, "eu-west-1", "123456789012")
    shown = preview(project, foresee=review.foresee)
    with pytest.raises(CommandError, match="Preflight found 1 error"):
        review.approve(shown)
    (tmp_path / "watchkeeper.yaml").write_text(
        "preflight: {suppressions: [{check: schedule-expression, resource: nightly, reason: being replaced}]}"
    )
    review.approve(shown)
    (tmp_path / "watchkeeper.yaml").write_text("preflights: {}")
    with pytest.raises(CommandError, match="Did you mean preflight"):
        review.approve(shown)
