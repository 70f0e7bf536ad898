"""``python -m bench [NAME …]``: run the measurements and print one JSON document.

Each module beside this one that :data:`BENCHES` names is run in a process of its own, so that no measurement warms
the next one up, and prints one JSON document on its standard output; its progress goes to standard error.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from datetime import UTC, datetime
from os import cpu_count

BENCHES = ("cli", "demo", "config", "evaluate", "scan", "preflight")


def main(names: list[str]) -> int:
    """Run the benches of these names, or all. A bench that fails is named with its error, and the run exits 1."""
    unknown = sorted(set(names) - set(BENCHES))
    if unknown:
        print(f"no bench named {', '.join(unknown)}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    results = {name: _measure(name) for name in names or BENCHES}
    document = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": cpu_count(), "python": platform.python_version(), "system": platform.system()},
        "results": results,
    }
    print(json.dumps(document, indent=2))
    return 1 if any("error" in result for result in results.values()) else 0


def _measure(name: str) -> dict[str, object]:
    print(f"bench {name} …", file=sys.stderr)
    done = subprocess.run([sys.executable, "-m", f"bench.{name}"], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        return {"error": f"exit code {done.returncode}"}
    result: dict[str, object] = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
