"""Every format of the same values: its schema holds, its golden file is unchanged, hostile text stays text.

``UPDATE_GOLDEN=1 pytest tests/reports`` writes the golden files anew; look at the difference before you commit it.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reports import support as samples
from watchkeeper.reports import to_csv, to_html, to_json, to_markdown, to_text

GOLDEN = Path(__file__).parent / "golden"
RENDERED: dict[str, Callable[[], str]] = {
    "compliance-report.json": lambda: to_json.dumps(to_json.compliance_report(samples.report())),
    "compliance-report.html": lambda: to_html.compliance_report(samples.report(hostile=True)),
    "compliance-report.csv": lambda: to_csv.results(samples.report(hostile=True)),
    "compliance-report.md": lambda: to_markdown.compliance_report(samples.report(hostile=True)),
    "daily-score.json": lambda: to_json.dumps(to_json.daily_score(samples.daily())),
    "executive-summary.json": lambda: to_json.dumps(to_json.executive_summary(samples.summary())),
    "executive-summary.html": lambda: to_html.executive_summary(samples.summary(hostile=True)),
}


@pytest.mark.parametrize("name", RENDERED)
def test_golden(name: str) -> None:
    rendered = RENDERED[name]()
    if os.environ.get("UPDATE_GOLDEN"):
        (GOLDEN / name).write_bytes(rendered.encode())
    assert rendered.encode() == (GOLDEN / name).read_bytes()


@pytest.mark.parametrize("name", to_json.SCHEMAS)
def test_schemas_are_schemas(name: str) -> None:
    document = to_json.schema(name)
    jsonschema.Draft202012Validator.check_schema(document)
    assert document["properties"]["schema"] == {"const": name}


@pytest.mark.parametrize("name", [name for name in RENDERED if name.endswith(".json")])
def test_documents_follow_their_schema(name: str) -> None:
    document = json.loads(RENDERED[name]())
    jsonschema.validate(document, to_json.schema(document["schema"]))


@pytest.mark.parametrize("name", [name for name in RENDERED if name.endswith(".json")])
def test_a_document_that_lacks_something_breaks_its_schema(name: str) -> None:
    document = json.loads(RENDERED[name]())
    for key in list(document):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({k: v for k, v in document.items() if k != key}, to_json.schema(document["schema"]))


def test_what_is_stored_can_be_read_again() -> None:
    report = samples.report(hostile=True)
    made_at, results = to_json.read_results(
        to_json.read(to_json.dumps(to_json.compliance_report(report)), "compliance-report")
    )
    assert made_at == report.generated_at
    assert [(item.rule, item.resource_id, item.compliance) for item in results] == [
        (item.rule, item.resource_id, item.compliance) for item in report.results
    ]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"schema": "alert"}', "null"])
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(to_json.UnreadableDocumentError):
        to_json.read(text, "compliance-report")


@pytest.mark.parametrize("document", [{}, {"results": [{}]}, {"results": 3}, {"generated_at": "x", "results": []}])
def test_half_a_report_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(to_json.UnreadableDocumentError):
        to_json.read_results(document)


class Tags(HTMLParser):
    """Every element and attribute of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.parametrize("name", [name for name in RENDERED if name.endswith(".html")])
def test_pages_stand_alone_and_run_nothing(name: str) -> None:
    page = RENDERED[name]()
    tags = Tags()
    tags.feed(page)
    assert not tags.tags & {"script", "img", "link", "iframe", "object", "a", "form"}
    assert not {attribute for attribute in tags.attributes if attribute.startswith("on")} | (
        tags.attributes & {"href", "src"}
    )
    assert "url(" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", page)


@given(st.text(max_size=40))
def test_no_text_makes_an_element_or_a_formula(text: str) -> None:
    page = to_html._templates().from_string("<p>{{ text }}</p>").render(text=text)
    tags = Tags()
    tags.feed(page)
    assert tags.tags == {"p"}
    cell = to_csv.cell(text)
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))
    assert "\n" not in cell
    markdown = to_markdown.escape(text)
    assert not re.search(r"(?<!\\)[|<`]", markdown.replace("\\\\", ""))
    assert to_text.subject(text).isprintable()
    assert 0 < len(to_text.subject(text)) <= to_text.SUBJECT_LIMIT


def test_csv_is_read_back_row_by_row() -> None:
    rows = list(csv.DictReader(io.StringIO(RENDERED["compliance-report.csv"]())))
    report = samples.report(hostile=True)
    assert len(rows) == len(report.results) + len(report.not_evaluated)
    assert tuple(rows[0]) == to_csv.COLUMNS
    assert [row["rule"] for row in rows if row["compliance"] == "NOT_EVALUATED"] == [samples.TRAIL.name]


def test_the_page_says_what_was_not_evaluated() -> None:
    page = RENDERED["executive-summary.html"]()
    assert "Not evaluated: 1 rule" in page
    assert "may not call cloudtrail:DescribeTrails" in page
