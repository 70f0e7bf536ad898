"""Waiting for what follows from something: as long as it takes on a busy machine, and no longer on an idle one.

The clock here runs only while the machine has nothing to do: what has been waited for in vain for ``PATIENCE`` of its
seconds is not under way any more. The tests' own limit (``timeout`` in pyproject.toml) ends what keeps a machine busy
for ever.
"""

from __future__ import annotations

import os
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from watchkeeper.local.patience import Patience

T = TypeVar("T")

PATIENCE = 30.0
"""Idle seconds."""


def idle_seconds() -> float:
    """How long the machine has been idle; the wall clock where it doesn't tell (proc(5), /proc/stat)."""
    try:
        idle = int(Path("/proc/stat").read_text().split(maxsplit=5)[4])
    except (OSError, ValueError, IndexError):
        return time.monotonic()
    return idle / os.sysconf("SC_CLK_TCK") / (os.cpu_count() or 1)


def until(what: str, seen: Callable[[], Any], every: float = 0.1) -> Any:
    """Wait until ``seen`` gives something true; gives that."""
    found = eventually(seen, every)
    assert found, f"not seen in {PATIENCE:.0f} idle seconds: {what}"
    return found


def started(what: str, process: subprocess.Popen[bytes], look: Callable[[], T | None]) -> T:
    """What ``look`` gives once the process is ready; waits for as long as the process gets on."""
    patience = Patience(process.pid)
    while (found := look()) is None:
        assert process.poll() is None, f"{what} ended with {process.returncode} while it was starting"
        assert not patience.over(), f"{what} did not start"
        time.sleep(0.1)
    return found


def answers(url: str) -> bool | None:
    """True once something answers well there."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            answer.read()
    except OSError:
        return None
    return True


def eventually(seen: Callable[[], Any], every: float = 0.02) -> Any:
    """The first true thing that ``seen`` gives, or what it gave last."""
    end = idle_seconds() + PATIENCE
    while not (found := seen()) and idle_seconds() < end:
        time.sleep(every)
    return found
