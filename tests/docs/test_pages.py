"""The pages are complete and point at what there is."""

from __future__ import annotations

import importlib
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from scripts import make_docs
from tests.support.places import ROOT
from watchkeeper.cli.app import app
from watchkeeper.cli.common import commands
from watchkeeper.monitoring.settings import Settings
from watchkeeper.monitoring.settings.meaning import meanings

DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")])
BY_HAND = [page for page in PAGES if not page.read_text(encoding="utf-8").startswith("<!-- generated")]
COMMANDS = dict(commands(get_command(app)))
LINK = re.compile(r"(?<!`)\[[^\]\n]*\]\(([^)\s]+)\)")


def names(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in pages]


@pytest.fixture(scope="module")
def made() -> dict[Path, str]:
    return make_docs.pages()


def test_generated_parts_are_up_to_date(made: dict[Path, str]) -> None:
    assert not make_docs.stale(made), "run make docs"


def test_making_them_twice_changes_nothing(made: dict[Path, str]) -> None:
    assert make_docs.pages() == made


def test_a_page_without_its_markers_says_so() -> None:
    with pytest.raises(make_docs.MarkerError, match="<!-- /settings -->"):
        make_docs.fill("a page", "settings", "text")


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)):
        if target.startswith(("https://", "mailto:")):
            continue
        assert not target.startswith("http:"), target
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in anchors(file), f"{page.name} links to {target}"


def anchors(page: Path) -> set[str]:
    """As GitHub makes them from headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", BY_HAND, ids=names(BY_HAND))
def test_modules_and_files_that_a_page_names_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for dotted in re.findall(r"\b(watchkeeper(?:\.(?!yaml\b)[a-z_]+)+)\b(?!\.yaml|/)", text):
        assert exists(dotted), f"{page.name} names {dotted}"
    for path in re.findall(r"`((?:src|tests|docs|scripts|bench|infra|requirements)/[\w./-]*)`", text):
        assert (ROOT / path).exists(), f"{page.name} names {path}"


def exists(dotted: str) -> bool:
    """A module, or something in one."""
    module, _, name = dotted.rpartition(".")
    if importlib.util.find_spec(module) is None:
        return False
    return hasattr(importlib.import_module(module), name) or importlib.util.find_spec(dotted) is not None


@pytest.mark.parametrize("page", BY_HAND, ids=names(BY_HAND))
def test_commands_that_a_page_names_exist(page: Path) -> None:
    """Each command with each of its options, in examples and in the text."""
    text = page.read_text(encoding="utf-8")
    console = [
        line for block in re.findall(r"^```console\n(.*?)^```$", text, re.M | re.S) for line in block.splitlines()
    ]
    shown = [line.removeprefix("$ ") for line in console if line.startswith("$ ")]
    spoken = re.findall(r"`(watchkeeper [^`]+)`", text)
    for call in [part for line in (*shown, *spoken) for part in re.split(r"&&|\||\$\(|\)", line)]:
        check_call(page.name, call.strip().strip('"').split("#")[0].split())


def check_call(page: str, words: list[str]) -> None:
    if words[:1] != ["watchkeeper"] or len(words) == 1 or words[1].startswith("-"):
        return
    name = next((" ".join(words[:length]) for length in (3, 2) if " ".join(words[:length]) in COMMANDS), None)
    group = " ".join(words) in {path.rsplit(" ", 1)[0] for path in COMMANDS}
    assert name or group, f"{page}: there is no command {' '.join(words)}"
    if name is None:
        return
    known = {option for parameter in COMMANDS[name].params for option in (*parameter.opts, *parameter.secondary_opts)}
    for word in words:
        if word.startswith("-"):
            assert word.split("=")[0] in known | {"--help"}, f"{page}: {name} has no option {word}"


def test_every_command_and_option_is_documented() -> None:
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    for path, command in COMMANDS.items():
        section = text.partition(f"## {path}\n")[2].partition("\n## ")[0]
        assert section, path
        section += text.partition("## Options of every command\n")[2].partition("\n## ")[0]
        assert command.help, path
        for parameter in command.params:
            if getattr(parameter, "hidden", False):
                continue
            assert parameter.help, f"{path} {parameter.name}"
            name = parameter.opts[0] if parameter.param_type_name != "argument" else parameter.name.upper()
            assert f"`{name}" in section, f"{path} {name}"


def test_every_setting_is_in_the_readme_with_its_meaning() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        row = re.search(rf"^\| `{field.alias}` \|.*$", text, flags=re.M)
        assert row, field.alias
        assert meanings(Settings)[name].replace("\n", " ") in row[0], field.alias


def test_what_users_copy_can_be_read() -> None:
    """The hook and the action: the command that they run exists, with its options."""
    import yaml

    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert hook["entry"] in COMMANDS
    action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    used = set(re.findall(r"inputs\.([\w-]+)", str(action["runs"])))
    assert used == set(action["inputs"])
    for part in re.findall(r"requirements/[\w.]+", str(action)):
        assert (ROOT / part).is_file()
