"""The examples of the pages are what a reader gets: each block is run, written, validated, or says why it isn't.

The comment above a block says which: ``run`` (``run: exit 1``), ``file: NAME``, ``settings``, ``example`` (only
parsed), ``not run: REASON``. The lines below a ``$`` are looked for in what the command prints; ``…`` stands for
anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.docs.support import Shell
from tests.support.places import ROOT
from watchkeeper.monitoring import settings

DOCS = ROOT / "docs"
PAGES = (
    "embedded-aws.md",
    "preflight.md",
    "operations.md",
    "exceptions.md",
    "rule-logic.md",
    "config-service.md",
    "pulumi-engine.md",
)
BLOCK = re.compile(
    r"(?:<!-- (?P<mark>[^\n]*) -->\n)?```(?P<language>console|python|yaml|hcl)\n(?P<text>.*?)^```$", re.M | re.S
)


@dataclass(frozen=True)
class Block:
    """A fenced block and the comment above it."""

    mark: str
    language: str
    text: str
    line: int


def blocks(page: str) -> Iterator[Block]:
    text = (DOCS / page).read_text(encoding="utf-8")
    for found in BLOCK.finditer(text):
        yield Block(found["mark"] or "", found["language"], found["text"], text.count("\n", 0, found.start()) + 1)


def steps(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each command with the lines that it should print."""
    for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
        command, *expected = part.splitlines()
        yield command, [line for line in expected if line.strip()]


def pattern(line: str) -> str:
    return ".*?".join(re.escape(part) for part in line.rstrip().split("…"))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_does_what_it_shows(page: str, shell: Shell) -> None:
    """Given a reader with an empty embedded AWS, when they follow the page, then they see what it shows."""
    shell.forget()
    code, output = shell.run("watchkeeper local reset --yes")
    assert code == 0, output
    for block in blocks(page):
        where = f"{page}:{block.line}"
        if block.mark.startswith("file: "):
            file = shell.folder / block.mark.removeprefix("file: ")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text)
        elif block.mark.startswith("run"):
            run(shell, block, where)


def run(shell: Shell, block: Block, where: str) -> None:
    wanted = int(block.mark.removeprefix("run: exit ")) if "exit" in block.mark else 0
    for command, expected in steps(block.text):
        code, output = shell.run(command)
        assert code == wanted, f"{where}: {command} ended with {code}\n{output}"
        for line in expected:
            assert re.search(pattern(line), output), f"{where}: {command} does not print\n{line}\nbut\n{output}"


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_run_or_says_why_not(page: str) -> None:
    known = re.compile(r"run(: exit \d)?|file: \S+|settings|example|not run: \S.*")
    for block in blocks(page):
        assert known.fullmatch(block.mark), f"{page}:{block.line}: no mark above the block"
        if block.mark == "example" and block.language == "python":
            compile(block.text, page, "exec")
        if block.language == "yaml":
            yaml.safe_load(block.text)


@pytest.mark.parametrize("page", PAGES)
def test_settings_on_a_page_are_settings(page: str, tmp_path: Path) -> None:
    for block in blocks(page):
        if block.mark == "settings":
            file = tmp_path / "Pulumi.dev.yaml"
            file.write_text(block.text)
            settings.load(file)
