"""Conformance packs as the store keeps them, and how compliant their rules are."""

from __future__ import annotations

from typing import Any

from watchkeeper.awsconfig.compliance import rule_counts, verdict
from watchkeeper.awsconfig.context import Call

KIND = "pack"


def pack_compliance(call: Call) -> dict[str, dict[str, str]]:
    """Pack name to its rules with their compliance, for the caller's account and region."""
    counts = rule_counts(call, None)
    return {name: rule_verdicts(body, counts) for name, body in call.entities(KIND)}


def rule_verdicts(body: dict[str, Any], counts: dict[str, tuple[int, int]]) -> dict[str, str]:
    """The compliance of each rule of a pack."""
    return {rule: verdict(*counts.get(rule, (0, 0))) for rule in sorted(body["rules"])}


def overall(verdicts: dict[str, str]) -> str:
    """A pack's compliance: NON_COMPLIANT if one of its rules is."""
    kinds = set(verdicts.values())
    return next((kind for kind in ("NON_COMPLIANT", "COMPLIANT") if kind in kinds), "INSUFFICIENT_DATA")


def score(body: dict[str, Any], counts: dict[str, tuple[int, int]]) -> str:
    """Per cent of the rule and resource combinations that are compliant, as AWS writes it.

    https://docs.aws.amazon.com/config/latest/developerguide/compliance-score.html
    """
    held = [counts.get(rule, (0, 0)) for rule in body["rules"]]
    compliant, everything = sum(c for c, _ in held), sum(c + v for c, v in held)
    if not everything:
        return "INSUFFICIENT_DATA"
    return f"{100 * compliant / everything:.2f}".rstrip("0").rstrip(".")
