"""Snapshots of partly read, unusual and adversarial items, each with the verdicts that AWS's pages allow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.evaluation.files.running import evaluate_files
from watchkeeper.evaluation.item import configured

FOLDER = Path(__file__).parent / "snapshots"
CASES = json.loads((FOLDER / "cases.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["file"] for case in CASES])
def test_a_verdict_is_one_that_the_page_allows(case: dict[str, Any]) -> None:
    result = evaluate_files([FOLDER / case["file"]], [configured(case["rule"], case["parameters"])], workers=0)
    assert not result.problems
    (rule,) = result.rules
    found = {kind.value for kind, count in rule.counts.items() if count}
    assert found, rule.reasons
    assert found <= set(case["expected"]), case["why"]
