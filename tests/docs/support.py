"""A reader who tries the examples."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

COMMAND_SECONDS = 900


@dataclass
class Shell:
    """A user's shell: what one command exports, the next one has."""

    folder: Path
    environment: Path = field(init=False)

    def __post_init__(self) -> None:
        self.environment = self.folder / ".environment"

    def forget(self) -> None:
        """A new shell in the same folder."""
        self.environment.write_text("")

    def run(self, command: str) -> tuple[int, str]:
        """Exit code, and everything printed."""
        script = f'source {self.environment}\n{command}\ncode=$?\nexport -p > {self.environment}\nexit "$code"'
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        return done.returncode, done.stdout


def _environment() -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PULUMI_", "WATCHKEEPER_"))
    }
    tools = str(Path(sys.executable).parent)
    return {**kept, "PATH": os.pathsep.join([tools, kept.get("PATH", "")]), "TERM": "dumb"}
