"""The Pulumi project that ``watchkeeper init`` makes: a program of five lines, and settings to start from.

The templates are the files of ``infra/`` as they are; only the owner's name changes.
"""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

TEMPLATES = resources.files("watchkeeper.monitoring") / "templates"
OWNER = "platform-team"
"""The owner that stands in the templates."""
OWNER_LINE = f"owner: {OWNER}"


class ScaffoldError(Exception):
    """The project can't be made as asked; the message says why, ``hint`` what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def files(owner: str = OWNER) -> dict[str, str]:
    """The project's files by name.

    Raises ScaffoldError where the owner can't be the value of a tag: 1 to 256 letters, digits, spaces and ``_.:/=+-@``
    (https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html).
    """
    if not re.fullmatch(r"[\w \-.:/=+@]{1,256}", owner) or owner != owner.strip():
        raise ScaffoldError(
            f"{owner!r} can't be the owner: it becomes the value of a tag.",
            "Use 1 to 256 letters, digits, spaces and _.:/=+-@",
        )
    line = f"owner: {_scalar(owner)}"
    texts = {template.name.removesuffix(".txt"): template.read_text("utf-8") for template in TEMPLATES.iterdir()}
    return {name: text.replace(OWNER_LINE, line) for name, text in sorted(texts.items())}


def write(directory: Path, owner: str = OWNER) -> list[Path]:
    """Write the project into a folder, which is made when there is none; gives the files written.

    Raises
    ------
    ScaffoldError
        The owner is not a tag's value.
    FileExistsError
        One of the files is there already; none was written.
    OSError
        The folder can't be made or written to.
    """
    wanted = {directory / name: text for name, text in files(owner).items()}
    for file in wanted:
        if file.exists() or file.is_symlink():
            raise FileExistsError(errno.EEXIST, "exists", str(file))
    directory.mkdir(parents=True, exist_ok=True)
    for file, text in wanted.items():
        file.write_text(text, "utf-8")
    return list(wanted)


def _scalar(text: str) -> str:
    """The text as every YAML reader gives it back: plain where that is beyond doubt, else quoted (``yes``, ``12``)."""
    plain = re.fullmatch(r"[A-Za-z][\w-]*[\w-]", text) and yaml.safe_load(text) == text
    return text if plain else json.dumps(text, ensure_ascii=False)


def document_of(files: Iterable[Path]) -> dict[str, Any]:
    """What was written, as JSON: ``schemas/init.schema.json``."""
    return {"files": [str(file) for file in files]}
