"""The table of operations for the documentation: what the embedded AWS Config does and what it doesn't."""

from __future__ import annotations

from dataclasses import dataclass

from watchkeeper.awsconfig.api_model import operations
from watchkeeper.awsconfig.registry import OPERATIONS, UNSUPPORTED


@dataclass(frozen=True, slots=True)
class Support:
    """Whether an operation is supported, and what differs from AWS or why it isn't."""

    operation: str
    supported: bool
    note: str


def support() -> tuple[Support, ...]:
    """Every operation of the API, by name."""
    return tuple(_support(name) for name in operations())


def as_markdown() -> str:
    """The table as Markdown."""
    rows = [f"| `{each.operation}` | {'yes' if each.supported else 'no'} | {each.note} |" for each in support()]
    return "\n".join(["| operation | supported | note |", "|---|---|---|", *rows]) + "\n"


def _support(name: str) -> Support:
    if name in OPERATIONS:
        return Support(name, True, OPERATIONS[name].note)
    return Support(name, False, UNSUPPORTED[name])
