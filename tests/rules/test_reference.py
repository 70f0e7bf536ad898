"""The page of rules names every rule once, and says which have logic."""

from __future__ import annotations

from watchkeeper.aws.facts import managed_rules
from watchkeeper.rules import logic
from watchkeeper.rules.reference import rules_markdown


def test_every_rule_is_on_the_page_once() -> None:
    page = rules_markdown()
    for identifier in managed_rules():
        assert page.count(f"[{identifier}](") == 1, identifier
    with_logic = page.split("## Rules with logic")[1].split("## Rules without logic")[0]
    assert with_logic.count("\n| [") == len(logic())


def test_a_row_has_all_its_cells() -> None:
    rows = [line for line in rules_markdown().split("## Rules with logic")[1].splitlines() if line.startswith("| [")]
    assert {row.replace("\\|", "").count("|") for row in rows} == {10}
    backup = next(row for row in rows if "DB_INSTANCE_BACKUP_ENABLED" in row)
    assert "`backupRetentionPeriod` (int, optional, 0 to 35)" in backup
