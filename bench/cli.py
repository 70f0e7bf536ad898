"""Measures what the command line costs before it does anything: processor time of ``watchkeeper --help``.

Beside it the floor of the same run: importing the command-line and table libraries alone. Prints one JSON document.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median

RUNS = 15
HELP = [str(Path(sys.executable).with_name("watchkeeper")), "--help"]
LIBRARIES = [sys.executable, "-c", "import typer, rich.console, rich.table"]
AIM = 2.0


def processor_seconds(command: list[str]) -> float:
    """User and system time of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Both in turn, so that they share the machine's moods."""
    pairs = [(processor_seconds(LIBRARIES), processor_seconds(HELP)) for _ in range(RUNS)]
    floor, shown = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
    result = {
        "help_cpu_seconds": round(shown, 3),
        "libraries_cpu_seconds": round(floor, 3),
        "ratio": round(shown / floor, 2),
        "aim": AIM,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
