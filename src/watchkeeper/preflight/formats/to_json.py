"""The report as JSON, after ``preflight.schema.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

from watchkeeper.model import Finding
from watchkeeper.preflight.check import SEVERITIES, Report, fingerprint
from watchkeeper.pulumi.graph import Secret, Unknown


def schema() -> Any:
    """The JSON Schema that :func:`document` follows."""
    return json.loads(resources.files(__package__).joinpath("preflight.schema.json").read_text(encoding="utf-8"))


def render(report: Report) -> str:
    """The document as text."""
    return json.dumps(document(report), indent=2, ensure_ascii=False) + "\n"


def document(report: Report) -> dict[str, Any]:
    """The report as plain JSON values."""
    return {
        "version": 1,
        "source": report.source,
        "summary": {
            **{severity: sum(item.severity == severity for item in report.findings) for severity in SEVERITIES},
            "not_checked": len(report.not_checked),
            "suppressed": len(report.suppressed),
            "errors": len(report.errors),
            "checks_run": len(report.checks_run),
            "resources": report.resources,
        },
        "findings": [finding(item) for item in report.findings],
        "not_checked": [
            {"check": item.check, "resource": item.resource, "type": item.type, "reason": item.reason}
            for item in report.not_checked
        ],
        "errors": [{"check": item.check, "error": item.error} for item in report.errors],
        "suppressed": [finding(item) for item in report.suppressed],
        "unused_suppressions": [
            {"check": item.check, "resource": item.resource, "where": item.where, "reason": item.reason}
            for item in report.unused
        ],
        "checks_run": list(report.checks_run),
        "guessed": list(report.guessed),
        "unread": list(report.unread),
    }


def finding(item: Finding) -> dict[str, Any]:
    """One finding as plain JSON values."""
    place = item.position
    return {
        "check": item.check,
        "severity": item.severity,
        "resource": item.resource,
        "type": item.type,
        "message": item.message,
        "fix": item.fix,
        "aws_does": item.aws_does,
        "property": item.property_path,
        "fingerprint": fingerprint(item),
        "position": {"file": place.file, "line": place.line, "column": place.column} if place else None,
        "data": _plain(item.data),
    }


def _plain(value: Any, depth: int = 0) -> Any:
    if depth > 20:
        return None
    if isinstance(value, Mapping):
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, Unknown | Secret):
        return repr(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)
