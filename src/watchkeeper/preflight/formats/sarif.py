"""The report as SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from watchkeeper.model import Finding
from watchkeeper.preflight.check import Report
from watchkeeper.preflight.registry import checks
from watchkeeper.preflight.suppress import fingerprint

LEVELS = {"error": "error", "warning": "warning", "unsure": "note"}
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(report: Report) -> str:
    """The SARIF log as text."""
    return json.dumps(document(report), indent=2, ensure_ascii=False) + "\n"


def document(report: Report) -> dict[str, Any]:
    """The SARIF log as plain JSON values: one run, a rule for each check, crashes as notifications."""
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "watchkeeper preflight", "rules": _rules()}},
                "results": [_result(item, suppressed=False) for item in report.findings]
                + [_result(item, suppressed=True) for item in report.suppressed],
                "invocations": [
                    {
                        "executionSuccessful": not report.errors,
                        "toolExecutionNotifications": [
                            {"level": "error", "message": {"text": f"{item.check} crashed: {item.error}"}}
                            for item in report.errors
                        ]
                        + [
                            {"level": "note", "message": {"text": f"{item.check} {item.resource}: {item.reason}"}}
                            for item in report.not_checked
                        ],
                    }
                ],
            }
        ],
    }


def _rules() -> list[dict[str, Any]]:
    return [
        {
            "id": check.id,
            "shortDescription": {"text": check.title},
            "fullDescription": {"text": check.explanation},
            "help": {"text": f"{check.fix} {check.aws_does}"},
            "helpUri": check.source,
            "defaultConfiguration": {"level": LEVELS[check.severity]},
            "properties": {"tags": list(check.tags)},
        }
        for check in checks().values()
    ]


def _result(item: Finding, *, suppressed: bool) -> dict[str, Any]:
    location: dict[str, Any] = {
        "logicalLocations": [{"name": item.resource, "fullyQualifiedName": str(item.data.get("urn") or item.resource)}]
    }
    if item.position is not None:
        location["physicalLocation"] = {
            "artifactLocation": {"uri": _uri(item.position.file)},
            "region": {"startLine": max(1, item.position.line)},
        }
    return {
        "ruleId": item.check,
        "level": LEVELS[item.severity],
        "message": {"text": f"{item.message} {item.fix}".strip()},
        "locations": [location],
        "partialFingerprints": {"watchkeeper/v1": fingerprint(item)},
        **({"suppressions": [{"kind": "external"}]} if suppressed else {}),
    }


def _uri(file: str) -> str:
    path = Path(file)
    return path.as_uri() if path.is_absolute() else path.as_posix()
