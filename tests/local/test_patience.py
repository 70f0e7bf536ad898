"""Waiting for a process ends when nothing of it moves, not when a clock says so."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from watchkeeper.local import patience
from watchkeeper.local.patience import Patience, processor_seconds

BUSY = "while True: pass"
ASLEEP = "import time; time.sleep(3600)"


@contextmanager
def process(program: str) -> Iterator[int]:
    running = subprocess.Popen([sys.executable, "-c", program])
    try:
        yield running.pid
    finally:
        running.kill()
        running.wait()


def over_within(one: Patience, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if one.over():
            return True
        time.sleep(0.02)
    return False


def test_a_process_that_works_is_waited_for() -> None:
    with process(BUSY) as pid:
        # Longer than it takes a busy machine to give it one turn.
        assert not over_within(Patience(pid, still=5.0), 7.0)


def test_a_process_that_does_nothing_is_given_up() -> None:
    with process(ASLEEP) as pid:
        assert over_within(Patience(pid, still=0.5), 600)


def test_a_log_that_grows_is_progress(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with process(ASLEEP) as pid:
        assert over_within(Patience(pid, log, still=0.3), 600)
        one = Patience(pid, log, still=600)
        log.write_text("more")
        assert not one.over()


def test_processor_time_as_ps_tells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for said, seconds in (("00:00:01", 1.0), ("1-02:03:04", 93784.0), ("0:07.50", 7.5), ("", None)):
        done = subprocess.CompletedProcess([], 0, stdout=f"{said}\n")
        monkeypatch.setattr(patience.subprocess, "run", lambda *_, done=done, **__: done)
        assert processor_seconds(-1) == seconds


def test_a_process_that_is_gone_has_none() -> None:
    with process(ASLEEP) as pid:
        pass
    assert processor_seconds(pid) is None
