"""The report as SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.

With what GitHub's code scanning asks for beyond it, such as a place in a file for every result:
https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from watchkeeper.model import Finding, SourcePosition
from watchkeeper.preflight.check import Check, Report, fingerprint
from watchkeeper.preflight.registry import checks

LEVELS = {"error": "error", "warning": "warning", "unsure": "note"}
PROBLEMS = {"error": "error", "warning": "warning", "unsure": "recommendation"}
"""GitHub's words for the same."""
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
REPOSITORY = "%SRCROOT%"
"""What relative paths start at, by the name that code hosts know it by."""
ACCEPTED = {True: "inSource", False: "external"}
HOMEPAGE = "https://github.com/watchkeeper/watchkeeper"


def render(report: Report) -> str:
    """The SARIF log as text."""
    return json.dumps(document(report), indent=2, ensure_ascii=False) + "\n"


def document(report: Report) -> dict[str, Any]:
    """The SARIF log as plain JSON values: one run, a rule for each check, crashes as notifications."""
    indices = {check: index for index, check in enumerate(checks())}
    findings = [*report.findings, *report.suppressed]
    driver = {
        "name": "watchkeeper preflight",
        "semanticVersion": version("watchkeeper"),
        "informationUri": HOMEPAGE,
        "rules": [_rule(check) for check in checks().values()],
    }
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "results": [_result(item, indices, report.place) for item in findings],
                "invocations": [
                    {"executionSuccessful": report.exit_code != 3, "toolExecutionNotifications": _notifications(report)}
                ],
            }
        ],
    }


def _notifications(report: Report) -> list[dict[str, Any]]:
    """What is no result: crashes, and what was not looked at."""
    told = [("error", f"{item.check} crashed: {item.error}") for item in report.errors]
    told += [("warning", f"not read: {sentence}") for sentence in report.unread]
    told += [("note", f"{item.check} {item.resource or 'the program'}: {item.reason}") for item in report.not_checked]
    return [{"level": level, "message": {"text": _message(text)}} for level, text in told]


def _rule(check: Check) -> dict[str, Any]:
    return {
        "id": check.id,
        "name": check.id,
        "shortDescription": {"text": check.title},
        "fullDescription": {"text": check.explanation},
        "help": {"text": f"{check.fix} {check.aws_does}"},
        "helpUri": check.source,
        "defaultConfiguration": {"level": LEVELS[check.severity]},
        "properties": {"tags": list(check.tags), "problem.severity": PROBLEMS[check.severity]},
    }


def _result(item: Finding, indices: Mapping[str, int], target: SourcePosition | None) -> dict[str, Any]:
    reason = item.data.get("accepted_because")
    kind = ACCEPTED[bool(item.data.get("accepted_in_source"))]
    mark = fingerprint(item)
    return {
        "ruleId": item.check,
        "ruleIndex": indices[item.check],
        "level": LEVELS[item.severity],
        "message": {"text": _message(f"{item.message} {item.fix}".strip())},
        "locations": [_location(item, item.position or target)],
        # The first is the one that GitHub follows an alert by; ours holds where lines move.
        "partialFingerprints": {"primaryLocationLineHash": f"{mark}:1", "watchkeeper/v1": mark},
        **({"suppressions": [{"kind": kind, "justification": str(reason)}]} if reason is not None else {}),
    }


def _location(item: Finding, place: SourcePosition | None) -> dict[str, Any]:
    """The finding's place, or else the target's: GitHub refuses a file in which a result has none."""
    name = item.resource or "program"
    logical = [{"name": name, "fullyQualifiedName": str(item.data.get("urn") or name), "kind": "resource"}]
    if place is None:
        return {"logicalLocations": logical}
    region = {"startLine": max(1, place.line), **({"startColumn": place.column} if place.column > 0 else {})}
    return {
        "physicalLocation": {"artifactLocation": _artifact(place.file), "region": region},
        "logicalLocations": logical,
    }


def _artifact(file: str) -> dict[str, str]:
    path = Path(file)
    uri = quote(path.as_posix(), errors="replace")
    return {"uri": f"file://{uri}"} if path.is_absolute() else {"uri": uri, "uriBaseId": REPOSITORY}


def _message(text: str) -> str:
    """Text in which nothing is a link: section 3.11.6 of the standard."""
    return text.replace("](", "]\\(") if "](" in text else text
