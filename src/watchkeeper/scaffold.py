"""The Pulumi project that ``watchkeeper init`` makes: a program of five lines, and settings to start from."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

TEMPLATES = resources.files("watchkeeper") / "templates"
OWNER = "platform-team"
"""The owner that stands in the templates."""


def files(owner: str = OWNER) -> dict[str, str]:
    """The project's files by name."""
    texts = {template.name.removesuffix(".txt"): template.read_text("utf-8") for template in TEMPLATES.iterdir()}
    return {name: text.replace(OWNER, owner) for name, text in sorted(texts.items())}


def write(directory: Path, owner: str = OWNER) -> list[Path]:
    """Write the project into a new or empty folder; gives the files written.

    Raises
    ------
    FileExistsError
        One of the files is there already; none was written.
    """
    wanted = {directory / name: text for name, text in files(owner).items()}
    for file in wanted:
        if file.exists():
            raise FileExistsError(17, "exists", str(file))
    directory.mkdir(parents=True, exist_ok=True)
    for file, text in wanted.items():
        file.write_text(text, "utf-8")
    return list(wanted)
