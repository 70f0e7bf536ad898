"""The examples of the checks are what they say: one side has the mistake, the other has not."""

from __future__ import annotations

from pathlib import Path

import pytest

from watchkeeper.preflight import checks, inspect
from watchkeeper.preflight.examples import examples

BY_HAND = {check: item for check, item in examples().items() if item.form == "py"}
WITHOUT = {"account-state", "suppression-expired", "suppression-invalid"}
"""What they find is in no program: an account, and preflight's own suppressions."""


def test_every_check_that_looks_at_a_program_has_an_example() -> None:
    assert set(examples()) == set(checks()) - WITHOUT


@pytest.mark.parametrize("check", BY_HAND)
@pytest.mark.parametrize("side", ["wrong", "right"])
def test_a_programs_side_is_what_it_says(tmp_path: Path, check: str, side: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: example\nruntime: python\nconfig:\n  aws:region: eu-west-1\n")
    (tmp_path / "__main__.py").write_text(getattr(BY_HAND[check], side))
    report = inspect(tmp_path)
    found = {item.check for item in report.findings}
    assert (check in found) is (side == "wrong"), [item.message for item in report.findings]
    assert ("program-error" in found) is (check == "program-error" and side == "wrong")
    assert report.errors == ()
