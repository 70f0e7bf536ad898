"""What there is to say of the checks themselves: ``preflight --list`` and ``preflight --explain``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from watchkeeper.cli.errors import CommandError, Exit
from watchkeeper.cli.output import document, out, safe, table

if TYPE_CHECKING:
    from watchkeeper.preflight import Check


DIFFERENCE = {"-": "red", "+": "green"}


def show_list(chosen: Sequence[Check], as_json: bool) -> None:
    """The checks as a table, or as JSON with all that there is to say of them."""
    if as_json:
        document([_document(check) for check in chosen])
        return
    rows = [(check.id, check.severity, check.title) for check in chosen]
    table("", ("check", "severity", "what it says"), rows)


def show(name: str, as_json: bool) -> None:
    """One check, explained. Raises CommandError when there is none of that name."""
    from watchkeeper.aws.suggest import nearest
    from watchkeeper.preflight import checks

    check = checks().get(name)
    if check is None:
        near = nearest(name, checks())
        hint = f"Did you mean {near}?" if near else "See: watchkeeper preflight --list"
        raise CommandError(f'No check is named "{name}".', hint=hint, code=Exit.USAGE)
    if as_json:
        document(_document(check))
        return
    out.print(safe(f"{check.id}: {check.title}", "bold"))
    for title, text in (
        ("", f"Severity: {check.severity}. Tags: {', '.join(check.tags)}."),
        ("", check.explanation),
        ("What AWS does", check.aws_does),
        ("What to write", check.fix),
        ("Example", _example(check)),
        ("Accepting it", f"# watchkeeper: ignore[{check.id}] why it is fine here until 2027-01-01"),
        ("Source", check.source),
    ):
        if not text:
            continue
        out.print()
        if title:
            out.print(safe(title, "bold"))
        for line in text.splitlines():
            out.print(safe(line, DIFFERENCE.get(line[:1], "") if title == "Example" else ""))


def _example(check: Check) -> str:
    from watchkeeper.preflight.examples import examples

    found = examples().get(check.id)
    return found.text if found else ""


def _document(check: Check) -> dict[str, Any]:
    return {
        "check": check.id,
        "severity": check.severity,
        "title": check.title,
        "tags": list(check.tags),
        "explanation": check.explanation,
        "aws_does": check.aws_does,
        "fix": check.fix,
        "example": _example(check),
        "source": check.source,
    }
