"""Running the checks over a graph: each apart, so that one that crashes is reported and the others go on."""

from __future__ import annotations

import re
from dataclasses import replace
from traceback import extract_tb
from typing import Any

from watchkeeper.graph import Graph, Secret
from watchkeeper.model import Finding
from watchkeeper.preflight import suppress
from watchkeeper.preflight.check import SEVERITIES, Check, CheckError, NotChecked, Options, Report
from watchkeeper.preflight.registry import selected
from watchkeeper.preflight.values import DEPTH, texts
from watchkeeper.preflight.wording import in_own_words

SHORTEST_SECRET = 4


def run(graph: Graph, options: Options | None = None) -> Report:
    """Every selected check over the graph. Never raises on what the graph holds; a crash is in ``Report.errors``."""
    # With the checks: whoever reads a target needs none of it before there is a graph.
    from watchkeeper.preflight.views import Views

    options = options or Options()
    beside = suppress.in_comments(graph, options)
    options = replace(options, suppressions=(*options.suppressions, *beside))
    views = Views(graph, options)
    found: list[Finding] = []
    not_checked: list[NotChecked] = []
    errors: list[CheckError] = []
    chosen = selected(options)
    for check in chosen:
        results, error = _look(check, views)
        found += [in_own_words(graph, item, check.fix) for item in results if isinstance(item, Finding)]
        not_checked += [item for item in results if isinstance(item, NotChecked)]
        errors += [error] if error else []
    standing, accepted, unused = suppress.apply(_hide_secrets(graph, _sorted(found)), options)
    whole = not graph.unread and options.program_error is None
    unsure = {item.check for item in not_checked} | {item.check for item in errors}
    certain = {check.id for check in chosen if whole} - unsure
    return Report(
        findings=tuple(standing),
        not_checked=tuple(dict.fromkeys(not_checked)),
        errors=tuple(errors),
        checks_run=tuple(check.id for check in chosen),
        resources=sum(resource.custom for resource in graph),
        source=graph.source,
        guessed=graph.guessed,
        unread=graph.unread,
        suppressed=tuple(accepted),
        unused=tuple(item for item in unused if item.check in certain),
        root=options.root,
    )


def _look(check: Check, views: Any) -> tuple[list[Any], CheckError | None]:
    results: list[Any] = []
    try:
        results.extend(check.look(views))
    except Exception as error:  # noqa: BLE001 - whatever a check raises is our error, and is reported as one
        where = extract_tb(error.__traceback__)[-1]
        place = f"{where.filename.rpartition('/')[2]}:{where.lineno}"
        return results, CheckError(check.id, f"{type(error).__name__}: {error} ({place})")
    return results, None


def _sorted(findings: list[Finding]) -> list[Finding]:
    return sorted(
        findings, key=lambda item: (item.resource, item.type, SEVERITIES.index(item.severity), item.check, item.message)
    )


def _hide_secrets(graph: Graph, findings: list[Finding]) -> list[Finding]:
    secrets = {value for resource in graph for value in _secret_texts(resource.inputs) if len(value) >= SHORTEST_SECRET}
    if not secrets:
        return findings
    pattern = re.compile("|".join(re.escape(value) for value in sorted(secrets, key=len, reverse=True)))
    return [
        replace(item, message=pattern.sub("<secret>", item.message), fix=pattern.sub("<secret>", item.fix))
        for item in findings
    ]


def _secret_texts(value: Any, depth: int = 0) -> list[str]:
    if depth > DEPTH:
        return []
    if isinstance(value, Secret):
        return [found for _, found in texts(value.value)]
    if isinstance(value, dict):
        return [found for item in value.values() for found in _secret_texts(item, depth + 1)]
    if isinstance(value, list | tuple):
        return [found for item in value for found in _secret_texts(item, depth + 1)]
    return []
