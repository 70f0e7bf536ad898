"""Formats, output files, and which findings make a command fail."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.support.user import User, conforms

TYPES = "DESIRED_INSTANCE_TYPE:instanceType=t3.micro"
HOSTILE = "=cmd|'/c calc'!A1 <script>alert(1)</script>"


def instance(resource_id: str, instance_type: str) -> dict[str, object]:
    return {
        "configurationItemVersion": "1.3",
        "configurationItemStatus": "OK",
        "configurationItemCaptureTime": "2026-11-30T10:00:00.000Z",
        "configurationStateId": 1,
        "awsAccountId": "111122223333",
        "resourceType": "AWS::EC2::Instance",
        "resourceId": resource_id,
        "awsRegion": "eu-west-1",
        "tags": {},
        "relatedEvents": [],
        "relationships": [],
        "configuration": {"instanceId": resource_id, "instanceType": instance_type, "state": {"name": "running"}},
        "supplementaryConfiguration": {},
    }


@pytest.fixture
def somebody(user: User) -> User:
    write(user, ("i-1", "m5.large"), (HOSTILE, "m5.large"), ("i-3", "t3.micro"))
    return user


def write(user: User, *instances: tuple[str, str]) -> None:
    items = [instance(*each) for each in instances]
    (user.home / "a.json").write_text(
        json.dumps({"fileVersion": "1.0", "configSnapshotId": "x", "configurationItems": items})
    )


def evaluate(user: User, *more: str, **variables: str):  # type: ignore[no-untyped-def]
    return user("evaluate", "a.json", "--rule", TYPES, *more, **variables)


def test_several_formats_go_to_a_folder(somebody: User) -> None:
    formats = [word for each in ("table", "json", "csv", "html", "markdown") for word in ("--format", each)]
    ran = evaluate(somebody, *formats, "--output", "out")
    assert (ran.code, ran.out) == (1, ""), ran.err
    folder = somebody.home / "out"
    assert {file.name for file in folder.iterdir()} == {
        f"evaluate.{end}" for end in ("txt", "json", "csv", "html", "md")
    }
    found = conforms(json.loads((folder / "evaluate.json").read_text()), "evaluate")
    assert found["violations"][0]["captured_at"] == "2026-11-30T10:00:00Z"
    rows = list(csv.DictReader((folder / "evaluate.csv").open(newline="")))
    assert {row["resource_id"] for row in rows} == {"i-1", f"'{HOSTILE}"}
    page = (folder / "evaluate.html").read_text()
    assert "<script>alert(1)" not in page
    assert page.count("<script>") == 1, "the search's own, which the page's policy names by its hash"
    assert "\\<script" in (folder / "evaluate.md").read_text()


def test_one_format_goes_to_a_file(somebody: User) -> None:
    ran = evaluate(somebody, "-f", "csv", "-o", "deep/found.csv")
    assert (ran.code, ran.out) == (1, "")
    assert (somebody.home / "deep" / "found.csv").read_text().startswith("rule,identifier,")


def test_several_formats_need_a_folder(somebody: User) -> None:
    ran = evaluate(somebody, "-f", "csv", "--json")
    assert ran.code == 2
    assert "--output FOLDER" in ran.err


def test_a_file_that_cannot_be_written_is_named(somebody: User) -> None:
    (somebody.home / "taken").write_text("")
    ran = evaluate(somebody, "-f", "csv", "-o", "taken/found.csv")
    assert ran.code == 3
    assert "taken/found.csv" in ran.err


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 1),
        (("--fail-on", "low"), 1),
        (("--fail-on", "high"), 0),
        (("--fail-on", "critical", "--fail-on", "low"), 1),
        (("--exit-zero",), 0),
    ],
)
def test_only_what_is_bad_enough_fails(somebody: User, options: tuple[str, ...], code: int) -> None:
    assert evaluate(somebody, *options).code == code  # the rule's severity is LOW


def test_what_was_not_evaluated_fails_at_its_severity(user: User) -> None:
    write(user, ("i-1", "t3.micro"))
    item = json.loads((user.home / "a.json").read_text())
    del item["configurationItems"][0]["configuration"]["instanceType"]
    (user.home / "a.json").write_text(json.dumps(item))
    assert evaluate(user, "--fail-on", "low").code in (1, 3)
    assert evaluate(user, "--fail-on", "low").code != 0


def test_what_the_baseline_lists_is_known(somebody: User) -> None:
    assert evaluate(somebody, "--json", "-o", "before.json").code == 1
    same = evaluate(somebody, "--baseline", "before.json")
    assert same.code == 0
    assert "0 new violations, 2 known" in same.err
    write(somebody, ("i-1", "m5.large"), ("i-9", "m5.large"))
    more = evaluate(somebody, "--baseline", "before.json", "--fail-on", "new")
    assert more.code == 1
    assert "1 new violations, 1 known" in more.err
    assert evaluate(somebody, "--baseline", "before.json", "--fail-on", "high").code == 0


@pytest.mark.parametrize("text", ["", "[]", '{"rules": []}', '{"violations": [{}], "rules": {}}'])
def test_what_is_no_baseline_is_refused(somebody: User, text: str) -> None:
    (somebody.home / "before.json").write_text(text)
    ran = evaluate(somebody, "--baseline", "before.json")
    assert ran.code == 2
    assert "before.json" in ran.err


def test_new_needs_something_to_compare_with(somebody: User) -> None:
    ran = evaluate(somebody, "--fail-on", "new")
    assert ran.code == 2
    assert "--baseline" in ran.err


def test_lists_have_the_formats_too(user: User) -> None:
    ran = user("rules", "list", "--service", "RDS", "-f", "csv")
    assert ran.out.splitlines()[0] == "identifier,trigger,logic,parameters (* required)"
    assert "| RDS\\_" in user("rules", "list", "--service", "RDS", "-f", "markdown").out
    assert "<td>RDS_" in user("rules", "list", "--service", "RDS", "-f", "html").out


def test_the_page_searches_in_a_browser(somebody: User, tmp_path: Path) -> None:
    evaluate(somebody, "-f", "html", "-o", "page.html")
    page = (somebody.home / "page.html").read_text()
    assert "script-src &#39;sha256-" in page or "script-src 'sha256-" in page
