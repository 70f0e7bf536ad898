"""What a reader gives: the graph, and why the program stopped if it did."""

from __future__ import annotations

from dataclasses import dataclass, field

from watchkeeper.engine.program import ProgramError
from watchkeeper.graph import Graph


class TargetError(Exception):
    """A target that cannot be read at all: what it is, why, and what can be given instead."""


@dataclass(frozen=True, slots=True)
class Target:
    """A target, read."""

    graph: Graph
    error: ProgramError | None = None
    root: str = ""
    """The folder that relative asset and source paths start at."""
    log: tuple[str, ...] = field(default=())
