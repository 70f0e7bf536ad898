"""Takes the README's pictures: ``watchkeeper demo`` in a terminal of 100 columns, and the page that it leaves behind.

``python scripts/make_pictures.py [--columns N] [--to FOLDER]``. Needs Chromium. The demo runs in a new folder of its
own; a picture that would show a path of this machine is refused.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import re
import shutil
import struct
import sys
import tempfile
import termios
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
TITLE = "watchkeeper demo"
ROWS = 50
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CONTROL = re.compile(r"(\x1b\[[0-9;?]*[A-Za-z]|\n)")


def record(command: Sequence[str], folder: Path, columns: int) -> str:
    """What the command shows in a terminal of that width, colours and all. Raises SystemExit when it fails."""
    child, terminal = pty.fork()
    if child == 0:
        # Here, not from the parent: the command asks for the size as soon as it starts.
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
        os.chdir(folder)
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
        os.execv(command[0], list(command))
    shown = b"".join(_read(terminal))
    seen = screen(shown.decode(errors="replace"))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        raise SystemExit(f"{' '.join(command)} ended with {code}:\n{seen}")
    return seen


def _read(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            part = os.read(terminal, 1 << 16)
        except OSError:  # Linux's way of saying that the other end is closed
            return
        if not part:
            return
        yield part


def screen(stream: str) -> str:
    """What is left to see when a spinner has redrawn its line: colours are kept, cursor movements carried out.

    Knows what Rich writes: line feed, colour, "one line up" and "clear the line"; a carriage return always comes with
    the latter.
    """
    lines, row = [""], 0
    for part in CONTROL.split(stream.replace("\r", "")):
        if part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part == "\x1b[2K":
            lines[row] = ""
        elif part == "\x1b[1A":
            row = max(0, row - 1)
        elif not part.startswith("\x1b") or part.endswith("m"):
            lines[row] += part
    return "\n".join(lines)


def svg(shown: str, columns: int) -> str:
    """The terminal as a picture."""
    text = Text.from_ansi(shown.strip("\n"))
    console = Console(record=True, width=columns, file=StringIO())
    console.print(Text("$ ", "bold green") + Text(TITLE, "bold"))
    console.print(text, soft_wrap=True)
    return console.export_svg(title=TITLE)


def photograph(page: Path, image: Path, width: int = 1000) -> None:
    """A page, as Chromium shows it."""
    from playwright.sync_api import sync_playwright

    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise SystemExit("there is no Chromium here: make browser")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=browser, args=list(FLAGS))
        view = opened.new_page(viewport={"width": width, "height": 600}, device_scale_factor=1.5)
        view.goto(page.as_uri())
        view.screenshot(path=str(image), full_page=True)
        opened.close()


def refuse_paths(text: str, *paths: Path) -> None:
    """Raises SystemExit when one of these is to be seen."""
    for path in paths:
        if str(path) in text:
            raise SystemExit(f"the picture would show {path}")


def main(arguments: Sequence[str]) -> int:
    """Take both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--to", type=Path, default=IMAGES)
    given = parser.parse_args(arguments)
    given.to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        shown = record([str(Path(sys.executable).parent / "watchkeeper"), "demo"], folder, given.columns)
        refuse_paths(shown, folder, ROOT, Path.home())
        (given.to / "demo.svg").write_text(svg(shown, given.columns), encoding="utf-8")
        (summary,) = folder.glob("watchkeeper-demo/executive-summary-*.html")
        refuse_paths(summary.read_text(encoding="utf-8"), folder, ROOT, Path.home())
        photograph(summary, given.to / "executive-summary.png")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
