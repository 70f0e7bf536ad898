"""What a reader gives: the graph, and why the program stopped if it did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from watchkeeper.preflight.options import Suppression
from watchkeeper.pulumi.engine.program import MissingValue, ProgramError
from watchkeeper.pulumi.graph import Graph


class TargetError(Exception):
    """A target that cannot be read at all: what it is, why, and what can be given instead."""


@dataclass(frozen=True, slots=True)
class Target:
    """A target, read."""

    graph: Graph
    error: ProgramError | None = None
    root: str = ""
    """The folder that relative asset and source paths start at."""
    file: str = ""
    """The target as a file: itself, or a project's Pulumi.yaml. What has no place of its own is shown there."""
    config: Mapping[str, str] = field(default_factory=dict)
    """The stack's configuration, where the target tells it."""
    suppressions: tuple[Suppression, ...] = ()
    """What the target itself accepts (a template's Metadata)."""
    missing: tuple[MissingValue, ...] = ()
    """Required configuration values without which the program went on."""
    log: tuple[str, ...] = field(default=())
