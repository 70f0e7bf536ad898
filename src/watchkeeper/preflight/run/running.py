"""Running the checks over a graph: each apart, so that one that crashes is reported and the others go on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from traceback import extract_tb
from typing import Any

from watchkeeper.model import Finding
from watchkeeper.preflight.check import ERROR, SEVERITIES, UNSURE, Check, CheckError, NotChecked, Report
from watchkeeper.preflight.inputs.wording import in_own_words, made_up_names
from watchkeeper.preflight.meaning.values import DEPTH, texts
from watchkeeper.preflight.options import Options
from watchkeeper.preflight.registry import selected
from watchkeeper.preflight.run import suppress
from watchkeeper.pulumi.graph import Graph, Resource, Secret

SHORTEST_SECRET = 4


def run(graph: Graph, options: Options | None = None) -> Report:
    """Every selected check over the graph. Never raises on what the graph holds; a crash is in ``Report.errors``.

    What is found in a variant of the graph alone says what has to be so for it.
    """
    options = options or Options()
    given = (*options.suppressions, *suppress.in_comments(graph, options))
    options = replace(options, suppressions=tuple(map(suppress.named, given)))
    chosen = selected(options)
    looked = _over(graph, options, chosen)
    for variant in graph.variants:
        looked.add(_over(variant, options, chosen), variant.assumption)
    standing, accepted, unused = suppress.apply(_hide_secrets(graph, _sorted(looked.findings)), options)
    whole = not graph.unread and options.program_error is None
    unsure = {item.check for item in looked.not_checked} | {item.check for item in looked.errors}
    certain = {check.id for check in chosen if whole} - unsure
    return Report(
        findings=tuple(standing),
        not_checked=tuple(dict.fromkeys(looked.not_checked)),
        errors=tuple(dict.fromkeys(looked.errors)),
        checks_run=tuple(check.id for check in chosen),
        resources=max(sum(map(_is_known, each)) for each in (graph, *graph.variants)),
        source=graph.source,
        guessed=graph.guessed,
        unread=graph.unread,
        suppressed=tuple(accepted),
        unused=tuple(item for item in unused if item.check in certain),
        root=options.root,
    )


def _is_known(resource: Resource) -> bool:
    """Whether it is of a type that some check may know: what others make is not counted as looked at."""
    return resource.custom and resource.type.startswith("aws:")


@dataclass
class _Looked:
    """What the checks say of one graph."""

    findings: list[Finding] = field(default_factory=list)
    not_checked: list[NotChecked] = field(default_factory=list)
    errors: list[CheckError] = field(default_factory=list)

    def add(self, other: _Looked, assumption: str) -> None:
        """What another graph says beyond this one's, under an assumption."""
        found = {_about(item) for item in self.findings}
        where = f" (where {assumption})"
        self.findings += [
            replace(item, message=item.message + where) for item in other.findings if _about(item) not in found
        ]
        missing = {(item.check, item.resource) for item in self.not_checked}
        self.not_checked += [
            replace(item, reason=item.reason + where)
            for item in other.not_checked
            if (item.check, item.resource) not in missing
        ]
        self.errors += other.errors


def _about(finding: Finding) -> tuple[str, str, str]:
    return finding.check, finding.resource, finding.property_path


def _over(graph: Graph, options: Options, chosen: Sequence[Check]) -> _Looked:
    # With the checks: whoever reads a target needs none of it before there is a graph.
    from watchkeeper.preflight.meaning.views import Views

    views = Views(graph, options)
    names = made_up_names(graph)
    looked = _Looked()
    for check in chosen:
        results, error = _look(check, views)
        if check.needs_all and options.program_error is not None:
            results = [_not_so_far(item) if isinstance(item, Finding) else item for item in results]
        found = [item for item in results if isinstance(item, Finding)]
        looked.findings += [_as_written(graph, in_own_words(graph, names, item, check.fix)) for item in found]
        looked.not_checked += [item for item in results if isinstance(item, NotChecked)]
        looked.errors += [error] if error else []
    return looked


def _as_written(graph: Graph, finding: Finding) -> Finding:
    """The finding; unsure where a macro makes something else of the template first."""
    if not graph.rewritten_by or finding.severity != ERROR:
        return finding
    said = f"{finding.message} That is so as it is written; {graph.rewritten_by} may make something else of it."
    return replace(finding, severity=UNSURE, message=said)


def _not_so_far(finding: Finding) -> NotChecked:
    reason = "the program stopped; what it misses may only not have been made yet"
    return NotChecked(finding.check, finding.resource, reason, finding.type)


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
