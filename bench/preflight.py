"""Measures preflight: wall time on our own stack against the bare import of the SDK, what it and others catch.

Prints one JSON document. ``python -m bench.preflight [--runs N]``. What others catch is written as a page too, when all
of them could be asked.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from bench import preflight_wall
from bench.preflight_comparison import PAGE, compare, page

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests" / "preflight"


def load_mutations() -> Any:
    """The table of mistakes that the tests use too."""
    from tests.preflight import mutations

    return mutations


def program(mutations: Any) -> dict[str, Any]:
    """Each mistake in the correct Pulumi program's graph."""
    from watchkeeper.preflight import Options, read_target, run

    target = read_target(TESTS / "fixtures" / "reference")
    options = Options(root=target.root)
    clean = run(target.graph, options)
    caught = [
        (mutation.check, {item.check for item in run(mutation.change(target.graph), options).findings})
        for mutation in mutations.MUTATIONS
    ]
    return {
        "unmutated_findings": len(clean.findings),
        "mistakes": len(caught),
        "caught": sum(check in found for check, found in caught),
        "caught_by_that_check_alone": sum(found == {check} for check, found in caught),
        "missed": [check for check, found in caught if check not in found],
    }


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    mutations = load_mutations()
    in_program = program(mutations)
    compared = compare(mutations.TEMPLATE_MUTATIONS, given.runs)
    if not compared["left_out"]:
        in_template = {check for check, _ in mutations.TEMPLATE_MUTATIONS}
        elsewhere = sorted({mutation.check for mutation in mutations.MUTATIONS} - in_template)
        PAGE.write_text(page(compared, in_program, elsewhere))
    print(
        json.dumps({"wall": preflight_wall.measure(given.runs), "program": in_program, "template": compared}, indent=2)
    )


if __name__ == "__main__":
    main()
