"""The comparison with other tools: what it calls caught, and the page that it writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.preflight_comparison import page, watchkeeper, write


def _bad_schedule(template: Any) -> None:
    template["Resources"]["Schedule"]["Properties"]["ScheduleExpression"] = "every 6 hours"


def test_each_mistake_is_a_file_of_its_own_and_only_the_mistake_is_said(tmp_path: Path) -> None:
    correct, mutated = write(tmp_path, [("schedule-expression", _bad_schedule), ("nothing", lambda _: None)])
    assert [check for check, _ in mutated] == ["schedule-expression", "nothing"]
    tool = watchkeeper([correct, *(file for _, file in mutated)])
    assert tool.said[correct] == frozenset()
    assert tool.said[mutated[0][1]] == {"schedule-expression: Schedule"}
    assert tool.said[mutated[1][1]] == frozenset()
    assert json.loads(Path(mutated[1][1]).read_text()) == json.loads(Path(correct).read_text())


def test_the_page_has_what_was_measured() -> None:
    taken = {"wall": 1.5, "cpu": 0.5, "wall_ratio": 1.0, "cpu_ratio": 1.0}
    found = {
        "versions": {"a": "1", "b": "2"},
        "mistakes": 1,
        "caught": {"a": 1, "b": 0},
        "said_of_the_correct_template": {"a": [], "b": ["X: y"]},
        "seconds": {"a": taken, "b": taken},
        "rows": [{"mistake": "key-rotation", "a": ["key-rotation: a|b <i>"], "b": []}],
    }
    text = page(found, {"caught": 3, "mistakes": 4, "unmutated_findings": 0}, ["component-parent"])
    lines = text.splitlines()
    assert "| caught | 1 of 1 | 0 of 1 |" in lines
    assert "| said of the correct template | 0 | 1 |" in lines
    assert "| [key-rotation](checks/key-rotation.md) | `key-rotation` a\\|b &lt;i> | – |" in lines
    assert "3 of 4 mistakes and finds nothing" in text
