"""HTML pages that stand alone: styles and drawings inline, no script, nothing fetched, ready to print or to mail.

Every text is escaped by Jinja2 and freed of control characters first; a Content-Security-Policy in the page forbids
whatever might slip through.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from watchkeeper.reports import results
from watchkeeper.reports.chart import chart
from watchkeeper.reports.to_text import clean

VIOLATIONS_SHOWN = 500


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
    environment.filters.update(decimal=_decimal, day=_day, when=_when)
    return environment


def _cleaned(value: Any) -> Any:
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _decimal(value: float) -> str:
    return f"{value:g}"


def _day(value: date | datetime) -> str:
    moment = value.astimezone(UTC) if isinstance(value, datetime) else value
    return f"{moment:%-d %B %Y}"


def _when(value: datetime) -> str:
    return f"{value.astimezone(UTC):%-d %B %Y, %H:%M} UTC"
