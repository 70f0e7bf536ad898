"""compliance-report: the detailed report of the present compliance, to the report bucket as JSON, HTML and CSV."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from watchkeeper.monitoring.functions import runtime
from watchkeeper.monitoring.functions.collect import collect_results
from watchkeeper.monitoring.functions.incoming import parse_run
from watchkeeper.monitoring.functions.manifest import PREFIX_COMPLIANCE
from watchkeeper.monitoring.functions.runtime import log
from watchkeeper.monitoring.functions.store import CSV, HTML, JSON, Store
from watchkeeper.reports import to_csv, to_html, to_json


@runtime.entry("compliance-report")
def handler(event: object, context: Any) -> dict[str, Any]:
    """Collects and writes; gives the keys and the totals."""
    parse_run(event)
    now = datetime.now(UTC)
    report = collect_results(
        runtime.client("config"),
        runtime.deployed_rules(),
        account=runtime.invocation(context).account,
        region=runtime.invocation(context).region,
        environment=runtime.environment("ENVIRONMENT_SUFFIX"),
        at=now,
    )
    store = Store(runtime.client("s3"), runtime.environment("REPORT_BUCKET"))
    stem = report_stem(now)
    # JSON last: whoever finds it finds the other two as well.
    store.put(f"{stem}.html", to_html.compliance_report(report), HTML)
    store.put(f"{stem}.csv", to_csv.results(report), CSV)
    store.put(f"{stem}.json", to_json.dumps(to_json.compliance_report(report)), JSON)
    summary: dict[str, Any] = {
        "key": f"{stem}.json",
        "keys": [f"{stem}.{suffix}" for suffix in ("json", "html", "csv")],
        "score": report.totals.score,
        "results": len(report.results),
        "rules_not_evaluated": {rule.rule.name: rule.reason for rule in report.not_evaluated},
    }
    log("compliance report written", "INFO", **summary)
    return summary


def report_stem(at: datetime) -> str:
    """``reports/compliance/2026/11/23/compliance-20261123T073000Z``: keys sort by time."""
    return f"{PREFIX_COMPLIANCE}{at:%Y/%m/%d}/compliance-{at:%Y%m%dT%H%M%SZ}"
