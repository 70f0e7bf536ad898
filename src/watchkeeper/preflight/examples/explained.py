"""A check with its example, as JSON: what ``preflight --list`` and ``preflight --explain`` print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from watchkeeper.preflight.check import Check
from watchkeeper.preflight.examples import examples


def example_of(check: Check) -> str:
    """The check's mistake and its correction, as a difference; empty where there is none."""
    found = examples().get(check.id)
    return found.text if found else ""


def documents_of(checks: Sequence[Check]) -> dict[str, Any]:
    """All that there is to say of several: ``schemas/preflight-list.schema.json``."""
    return {"checks": [document_of(check) for check in checks]}


def document_of(check: Check) -> dict[str, Any]:
    """All that there is to say of a check: ``schemas/preflight-explain.schema.json``."""
    return {
        "check": check.id,
        "severity": check.severity,
        "title": check.title,
        "tags": list(check.tags),
        "explanation": check.explanation,
        "aws_does": check.aws_does,
        "fix": check.fix,
        "example": example_of(check),
        "source": check.source,
    }
