"""How long to wait for a process: for as long as it gets on, however busy the machine is."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

STILL_SECONDS = 60.0


class Patience:
    """Waits for a process; over when nothing of it has moved for ``still`` seconds: neither its processor time nor the
    size of its log. Whether it has died is for the caller to see."""

    def __init__(self, pid: int, log: Path | None = None, still: float = STILL_SECONDS) -> None:
        self._pid = pid
        self._log = log
        self._still = still
        self._moved = self._marks()
        self._since = time.monotonic()

    def over(self) -> bool:
        """Whether waiting on makes no sense; to be asked again and again."""
        marks = self._marks()
        if marks != self._moved:
            self._moved, self._since = marks, time.monotonic()
        return time.monotonic() - self._since > self._still

    def _marks(self) -> tuple[float | None, int]:
        return processor_seconds(self._pid), _size(self._log)


def processor_seconds(pid: int) -> float | None:
    """Processor time that a process has had; None where the system doesn't tell, or the process is gone."""
    try:
        # The name in parentheses may hold anything: count the fields behind it (proc(5)).
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return _of_ps(pid)


def _of_ps(pid: int) -> float | None:
    """As ``ps`` tells where there is no ``/proc``: ``[[dd-]hh:]mm:ss[.cc]``."""
    try:
        said = subprocess.run(["ps", "-o", "time=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout
        days, _, rest = said.strip().rpartition("-")
        seconds = 0.0
        for part in rest.split(":"):
            seconds = seconds * 60 + float(part)
        return seconds + 86400 * int(days or 0)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None


def _size(log: Path | None) -> int:
    try:
        return log.stat().st_size if log else 0
    except OSError:
        return 0
