"""Virtual environments for the tools that we are measured against: made on first use, kept in .watchkeeper/bench."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT = 900
"""Seconds that a command may take: an installation is the longest."""


def binaries(package: str, version: str, command: str) -> Path:
    """The folder of the package's programs, ``command`` among them. Raises OSError or SubprocessError when it can't be
    had."""
    folder = ROOT / ".watchkeeper" / "bench" / f"{package}-{version}"
    found = folder / "bin"
    if not (found / command).is_file():
        uv = str(Path(sys.executable).with_name("uv"))
        print(f"installing {package} {version} into {folder.relative_to(ROOT)} …", file=sys.stderr)
        quiet([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)])
        quiet([uv, "pip", "install", "--quiet", "--python", str(found / "python"), f"{package}=={version}"])
    return found


def quiet(command: list[str]) -> str:
    """What the command writes on its standard output. Raises OSError, with the end of what it said, where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT)
    if done.returncode != 0:
        raise OSError(f"{Path(command[0]).name} ended with {done.returncode}: {done.stderr[-300:].strip()}")
    return done.stdout
