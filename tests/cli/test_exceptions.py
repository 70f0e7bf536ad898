"""Exceptions as a user writes and sees them: the commands, and every output with an exception and without."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.cli.test_answers import TYPES, write
from tests.support.user import Ran, User, conforms

ADD = (
    "exceptions",
    "add",
    "--rule",
    "DESIRED_INSTANCE_TYPE",
    "--owner",
    "me",
    "--reason",
    "legacy",
    "--approved-by",
    "boss",
)
UNTIL = ("--until", "2099-01-01")


@pytest.fixture
def somebody(user: User) -> User:
    write(user, ("i-1", "m5.large"), ("i-2", "m5.large"), ("i-3", "t3.micro"))
    (user.home / "exceptions.yaml").write_text("maximumDays: 3650\nexceptions: []\n")
    return user


def soon(days: int) -> str:
    from datetime import UTC, datetime, timedelta

    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}"


def accept(user: User, *resources: str) -> None:
    named = [word for each in resources for word in ("--resource", each)]
    ran = user(*ADD, "--until", soon(20), *named)
    assert ran.code == 0, ran.err


def evaluate(user: User, *more: str) -> Ran:
    return user("evaluate", "a.json", "--rule", TYPES, *more)


def test_an_accepted_violation_leaves_the_score_and_every_output(somebody: User) -> None:
    accept(somebody, "i-1")
    ran = evaluate(somebody, "--json")
    assert ran.code == 1
    found = conforms(ran.json(), "evaluate")
    (rule,) = found["rules"].values()
    assert (rule["compliant"], rule["non_compliant"], rule["excepted"]) == (1, 1, 1)
    assert [each["resource_id"] for each in found["violations"]] == ["i-2"]
    (excepted,) = found["excepted"]
    assert excepted["resource_id"] == "i-1"
    assert "by me: legacy" in excepted["annotation"]
    assert "1 violation accepted" in ran.err
    for fmt in ("table", "csv", "html", "markdown"):
        text = evaluate(somebody, "--format", fmt).out
        assert "i-2" in text, fmt
        assert "i-1" not in text, fmt
    raw = conforms(evaluate(somebody, "--json", "--no-exceptions").json(), "evaluate")
    assert (len(raw["violations"]), raw["excepted"]) == (2, [])


def test_all_accepted_is_clean(somebody: User) -> None:
    accept(somebody, "i-*")
    assert evaluate(somebody).code == 0
    assert evaluate(somebody, "--no-exceptions").code == 1
    whatif = somebody("whatif", "a.json", "--rule", TYPES, "--json")
    assert (whatif.code, whatif.json()["newly_failing"]) == (0, [])


def test_a_broken_file_stops_every_command(somebody: User) -> None:
    (somebody.home / "exceptions.yaml").write_text("exceptions:\n  - rule: NO_SUCH\n    until: never\n")
    for ran in (evaluate(somebody), somebody("exceptions", "list"), somebody("exceptions", "check")):
        assert ran.code == 2
        assert "exceptions.yaml:2: owner and reason are missing" in ran.err


def test_list_check_and_explain(somebody: User) -> None:
    accept(somebody, "i-1")
    listed = somebody("exceptions", "list", "--json")
    (entry,) = conforms(listed.json(), "exceptions-list")["exceptions"]
    assert (entry["state"], entry["resources"]) == ("active", ["i-1"])
    assert next(csv.DictReader(io.StringIO(somebody("exceptions", "list", "-f", "csv").out)))["state"] == "active"
    explained = somebody("exceptions", "explain", "i-1", "--json")
    assert conforms(explained.json(), "exceptions-list")["exceptions"] == [entry]
    assert somebody("exceptions", "explain", "i-9", "--json").json()["exceptions"] == []
    (somebody.home / "now.json").write_text(evaluate(somebody, "--json").out)
    used = somebody("exceptions", "check", "--results", "now.json", "--json")
    assert used.code == 0
    assert [note["kind"] for note in conforms(used.json(), "exceptions-check")["notes"]] == ["ends"]
    write(somebody, ("i-1", "t3.micro"))
    (somebody.home / "now.json").write_text(evaluate(somebody, "--json").out)
    unused = somebody("exceptions", "check", "--results", "now.json", "--json")
    assert unused.code == 1
    assert "unused" in {note["kind"] for note in unused.json()["notes"]}


def test_todays_violations_are_accepted_in_one_reviewed_file(somebody: User) -> None:
    (somebody.home / "now.json").write_text(evaluate(somebody, "--json").out)
    ran = somebody("exceptions", "add", "--from", "now.json", "--owner", "me", "--reason", "first", "--until", soon(90))
    assert ran.code == 0, ran.err
    assert evaluate(somebody).code == 1, "nobody approved it yet"
    text = (somebody.home / "exceptions.yaml").read_text()
    (somebody.home / "exceptions.yaml").write_text(text.replace("owner: me", "owner: me\n    approvedBy: boss"))
    assert evaluate(somebody).code == 0
    (entry,) = somebody("exceptions", "list", "--json").json()["exceptions"]
    assert entry["resources"] == ["i-1", "i-2"]


def test_a_past_day_is_refused_and_nothing_written(somebody: User) -> None:
    before = (somebody.home / "exceptions.yaml").read_text()
    ran = somebody(*ADD, "--resource", "i-1", "--until", "2020-01-01")
    assert ran.code == 2
    assert "is over" in ran.err
    unknown = somebody("exceptions", "add", "--rule", "NO", "--account", "1", "--owner", "a", "--reason", "b", *UNTIL)
    assert unknown.code == 2
    assert "12 digits" in unknown.err
    assert (somebody.home / "exceptions.yaml").read_text() == before


def test_renew_changes_the_date_alone(somebody: User) -> None:
    accept(somebody, "i-1")
    text = (somebody.home / "exceptions.yaml").read_text()
    ran = somebody("exceptions", "renew", "3", "--until", soon(100))
    assert ran.code == 0, ran.err
    assert (somebody.home / "exceptions.yaml").read_text() == text.replace(soon(20), soon(100))
    assert somebody("exceptions", "renew", "9", "--until", soon(100)).code == 2
    assert somebody("exceptions", "renew", "3", "--until", "2020-01-01").code == 2


def test_many_items_in_worker_processes_are_accepted_alike(somebody: User) -> None:
    accept(somebody, "i-1*")
    content = json.loads((somebody.home / "a.json").read_text())
    (first, *_) = content["configurationItems"]
    items = [{**first, "resourceId": f"i-{number}", "tags": {"x": "y" * 300}} for number in range(4000)]
    (somebody.home / "a.json").write_text(json.dumps({**content, "configurationItems": items}))
    found = evaluate(somebody, "--json").json()
    accepted = sum(f"{number}".startswith("1") for number in range(4000))
    (rule,) = found["rules"].values()
    assert (rule["excepted"], rule["non_compliant"]) == (accepted, 4000 - accepted)
