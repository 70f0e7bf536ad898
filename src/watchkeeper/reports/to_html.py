"""HTML pages that stand alone: styles and drawings inline, no script, nothing fetched, ready to print or to mail.

Every text is escaped by Jinja2 and freed of control characters first; a Content-Security-Policy in the page forbids
whatever might slip through.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from watchkeeper.reports import results
from watchkeeper.reports.chart import chart
from watchkeeper.reports.findings import Findings
from watchkeeper.reports.to_text import clean

VIOLATIONS_SHOWN = 500
_AFTER_SEPARATOR = re.compile(r"(?<=[_/:.])(?=\w)")


def executive_summary(summary: results.ExecutiveSummary) -> str:
    """The page for management: one A4 page for a usual account, fit for a phone."""
    return _page("executive-summary.html", summary=summary, chart=chart(summary.trend))


def compliance_report(report: results.ComplianceReport) -> str:
    """The detailed report for people; it shows the worst violations, the JSON beside it has them all."""
    return _page(
        "compliance-report.html",
        report=report,
        violations=report.violations,
        severities={result.rule.name: result.rule.severity.value for result in report.rules},
        limit=VIOLATIONS_SHOWN,
    )


def findings(found: Findings) -> str:
    """Findings of any command, in one file that can be searched: its only script filters the rows."""
    digest = base64.b64encode(hashlib.sha256(_search().encode()).digest()).decode()
    return _page("findings.html", found=found, rules=found.by_name, search=Markup(_search()), script=digest)  # noqa: S704


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Any list, as a page."""
    return _page("table.html", title=title, columns=columns, rows=list(rows))


@cache
def _search() -> str:
    """The script that filters rows; the page's policy allows this text and no other."""
    return files("watchkeeper.reports").joinpath("templates", "search.js").read_text(encoding="utf-8")


def _page(template: str, **values: object) -> str:
    return _templates().get_template(template).render(**values) + "\n"


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("watchkeeper.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_cleaned,
    )
    environment.filters.update(decimal=_decimal, day=_day, when=_when, breakable=_breakable)
    return environment


def _cleaned(value: Any) -> Any:
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _breakable(value: str) -> Markup:
    """An identifier that a browser breaks after its separators rather than inside of a word."""
    return Markup("<wbr>").join(_AFTER_SEPARATOR.split(clean(value)))


def _decimal(value: float) -> str:
    return f"{value:g}"


def _day(value: date | datetime) -> str:
    moment = value.astimezone(UTC) if isinstance(value, datetime) else value
    return f"{moment:%-d %B %Y}"


def _when(value: datetime) -> str:
    return f"{value.astimezone(UTC):%-d %B %Y, %H:%M} UTC"
